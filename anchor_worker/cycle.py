"""One round of the worker: publish what is final, seal what is due, and move the open anchor as far as it goes.

Of several workers one leads; the others seal what is due, and take over when the leader is gone. Sealing is locked and
needs no leader. Publishing would do no harm either, but to write and compare the same files twice is of no use.

    load -> observe -> step -> store -> act        again, until the machine says to wait

Starting up is the first round: recovering from a crash and running are the same thing. Whatever fails in the outside
world ends the round, not the worker; the next round begins with what is stored.
"""

from typing import Final

import structlog

from anchor_worker.machine import Action, Broadcast, Distrust, Phase, Sign, State, Wait, step, with_attempt
from anchor_worker.ports import (
    AnchorStore,
    FinalWatch,
    Leadership,
    LightCapturer,
    NotLeader,
    Observer,
    Publisher,
    Sealer,
    Sender,
    StoredAnchor,
)
from anchor_worker.purse_watch import PurseWatch
from registry.domain.errors import Conflict, Refused, Unavailable

MAX_STEPS: Final = 16
"""From sealed to final are four steps; with replacements a few more. The rest is for the next round."""

log = structlog.get_logger(__name__)


class Worker:
    """Takes one anchor after the other from sealed to final."""

    def __init__(
        self,
        *,
        leadership: Leadership,
        anchors: AnchorStore,
        watch: FinalWatch,
        observer: Observer,
        sender: Sender,
        sealer: Sealer,
        publisher: Publisher,
        light: LightCapturer,
    ) -> None:
        """Take everything that reaches outside."""
        self._leadership = leadership
        self._standing_by_for: str | None = None
        self._anchors = anchors
        self._watch = watch
        self._observer = observer
        self._sender = sender
        self._sealer = sealer
        self._publisher = publisher
        self._light = light
        self._purse_watch = PurseWatch()

    def lead(self) -> None:
        """Become the leader, or go on being it. Raises NotLeader, Unavailable."""
        self._leadership.acquire()

    @property
    def lease_token(self) -> int | None:
        """The fencing token while this worker leads."""
        return self._leadership.token

    @property
    def quorum_disagreements(self) -> int:
        """How often nodes told different stories of what cannot be taken back."""
        return self._observer.disagreements

    def run_once(self) -> None:
        """Do one round; what the outside world fails to do is noted and left for the next one."""
        # A full disk must not keep a signed transaction from being sent, nor a node that is down an epoch from sealing.
        leaders_parts = (self._publish, self._seal_if_due, self._move_anchors, self._publish, self._capture_light)
        for part in leaders_parts if self._leads() else (self._seal_if_due,):
            try:
                part()
            except Unavailable as error:
                log.warning("round_cut_short", code=error.code, reason=error.message)
            except Conflict as error:
                # Another worker was faster, or the store refuses: nothing was done, everything is as it is stored.
                log.warning("round_gave_way", code=error.code, reason=error.message)
            except Refused as error:
                # The signer signed something else, or a rule of ours was broken: nothing of it was stored or sent.
                log.error("round_refused", code=error.code, reason=error.message)  # noqa: TRY400  # no traceback

    def seal(self) -> int | None:
        """Seal what waits, due or not, and return the epoch; None when there is nothing to anchor.

        Raises Conflict, Unavailable.
        """
        number = self._sealer.seal()
        if number is None:
            log.info("nothing_to_seal")
        else:
            log.info("epoch_sealed", epoch=number)
        return number

    def _leads(self) -> bool:
        try:
            self.lead()
        except NotLeader as other:
            # Once, not in every round.
            if other.holder != self._standing_by_for:
                self._standing_by_for = other.holder
                log.info("standing_by", holder=other.holder, until=other.until.isoformat())
            return False
        except Unavailable as error:
            log.warning("round_cut_short", code=error.code, reason=error.message)
            return False
        self._standing_by_for = None
        return True

    def _seal_if_due(self) -> None:
        built = self._sealer.build_ahead()
        if built:
            log.info("batches_built", batches=built)
        number = self._sealer.seal_if_due()
        if number is not None:
            log.info("epoch_sealed", epoch=number)

    def _publish(self) -> None:
        for epoch in self._publisher.publish():
            log.info("epoch_published", epoch=epoch)

    def _capture_light(self) -> None:
        # Last: nothing else waits for a proof.
        epoch = self._light.capture()
        if epoch is not None:
            log.info("light_part_captured", epoch=epoch)

    def _move_anchors(self) -> None:
        obstacle = self._watch.obstacle()
        sent: set[str] = set()
        for _ in range(MAX_STEPS):
            stored = self._anchors.open_anchor()
            if stored is None:
                return
            denied = None if obstacle is None else Distrust(obstacle=obstacle)
            observation = denied or self._observer.observe(stored.state)
            state, action = step(stored.state, observation)
            self._purse_watch.look(observation, action)
            if state != stored.state:
                _log_change(stored.state, state)
                stored = self._anchors.save(stored, state)
            if isinstance(action, Wait) and state.phase is not Phase.FINAL:
                return
            if isinstance(action, Broadcast):
                if action.transaction in sent:
                    # The node had its chance; saying it again at once would say nothing new.
                    return
                sent.add(action.transaction)
            self._act(stored, action)

    def _act(self, stored: StoredAnchor, action: Action) -> None:
        match action:
            case Sign():
                signed = self._sender.sign(stored.state, action)
                self._anchors.add_attempt(stored, with_attempt(stored.state, signed.attempt), signed)
                log.info(
                    "anchor_signed",
                    epoch=stored.state.epoch,
                    transaction=signed.attempt.transaction,
                    nonce=action.nonce,
                    max_fee_wei=action.fees.max_fee_wei,
                    tip_wei=action.fees.tip_wei,
                )
            case Broadcast():
                self._broadcast(stored.state, action)
            case Wait():
                return

    def _broadcast(self, state: State, action: Broadcast) -> None:
        # The stored bytes, never freshly signed ones. A crash from here on sends them once more.
        raw = self._anchors.begin_sending(action.transaction)
        reply = self._sender.send(raw)
        log.info(
            "anchor_sent",
            epoch=state.epoch,
            transaction=action.transaction,
            refusal=reply.refusal,
            detail=reply.detail or None,
        )
        # Fenced here, the reply is lost as one that never came: whoever leads now asks the chain.
        self._anchors.record_reply(action.transaction, reply)


def _log_change(before: State, after: State) -> None:
    obstacle, place = after.obstacle, after.place
    write = log.error if obstacle is not None else log.info
    write(
        "anchor_moved",
        epoch=after.epoch,
        root=after.root.hex(),
        before=before.phase,
        after=after.phase,
        reason=None if obstacle is None else obstacle.reason,
        detail=None if obstacle is None else obstacle.detail,
        transaction=None if place is None else place.transaction,
        block_number=None if place is None else place.block_number,
        block_hash=None if place is None else place.block_hash,
    )
