"""Telling the operator about money, before it is missing: once for each change, not in every round."""

import structlog

from anchor_worker.machine import Action, Distrust, Observation, Sign
from anchor_worker.obstacles import Reason
from anchor_worker.offers import anchors_affordable

log = structlog.get_logger(__name__)


class PurseWatch:
    """Knows what it told last."""

    def __init__(self) -> None:
        self._held: Reason | None = None
        self._is_low = False

    def look(self, observation: Observation | Distrust, action: Action) -> None:
        """Tell when the balance falls below the operator's floor, and when a bound keeps the fees from rising."""
        if isinstance(observation, Distrust):
            return
        if isinstance(action, Sign):
            self._look_at_balance(observation, action)
            self._held = None
            return
        held = action.held
        if held is not None and held.reason is not self._held:
            log.warning("anchor_fees_held", reason=held.reason, detail=held.detail)
        self._held = None if held is None else held.reason

    def _look_at_balance(self, observation: Observation, action: Sign) -> None:
        affordable = anchors_affordable(observation.balance_wei, observation.market, observation.limits, gas=action.gas)
        floor = observation.spending.floor_anchors
        if affordable < floor and not self._is_low:
            log.warning("balance_low", anchors=affordable, floor=floor, balance_wei=observation.balance_wei)
        self._is_low = affordable < floor
