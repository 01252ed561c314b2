"""Sealing under the next number only when nobody has used it: a database from a backup does not know what it did since.

An epoch that is sealed under a number which the chain has given away can never be anchored, and what it holds would be
stuck in it. So before every sealing the published files and the chain are asked; while no node answers nothing is sealed,
since it could not be sent either: the next epoch rather grows.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from web3 import Web3

from anchor_worker.providers import Pool, Provider, ask_all
from anchor_worker.sealing import EpochSealer
from registry.adapters.rpc import WrongChain, read_data, request
from registry.domain.canonical import JsonValue
from registry.domain.errors import Conflict, Unavailable
from registry.domain.log_name import LogName
from registry.store_ports import Store

_WORD_SIZE: Final = 32


class NumberCheck(Protocol):
    """Somebody who may know an epoch that the database does not."""

    def check(self, number: int) -> None:
        """Raise Conflict when the number of the next epoch is taken, Unavailable when nobody can tell."""
        ...


class NumberedSealer:
    """Seals once everybody who is asked says that the number is free."""

    def __init__(self, sealer: EpochSealer, *, store: Store, checks: Sequence[NumberCheck]) -> None:
        """Take who seals, and who is asked before it does."""
        self._sealer = sealer
        self._store = store
        self._checks = tuple(checks)

    def build_ahead(self) -> int:
        """Build batches; they have no number. Raises Conflict, Unavailable."""
        return self._sealer.build_ahead()

    def seal_if_due(self) -> int | None:
        """Seal what waits if it is time, and return the epoch. Raises Conflict as the checks, Unavailable."""
        if not self._sealer.is_time():
            return None
        self._check()
        return self._sealer.seal_if_due()

    def seal(self) -> int | None:
        """Seal what waits and return the epoch. Raises Conflict as the checks, Unavailable."""
        self._check()
        return self._sealer.seal()

    def _check(self) -> None:
        with self._store.read() as unit:
            newest = unit.epochs.newest()
        number = 1 if newest is None else newest.number + 1
        for each in self._checks:
            each.check(number)


class PublishedNumbers:
    """Knows the epochs of the published folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it may not be there yet."""
        self._folder = folder

    def check(self, number: int) -> None:
        """Raise Conflict `database-behind-published-files`."""
        if (self._folder / "epochs" / str(number)).is_dir():
            raise Conflict(
                "database-behind-published-files",
                f"epoch {number} is published and not in the database: start the service, which takes it over",
            )


class ChainNumbers:
    """Knows the epochs of the log on chain, by the newest blocks of the nodes."""

    def __init__(self, pool: Pool, log: LogName) -> None:
        """Take the nodes and the log."""
        self._pool = pool
        self._log = log

    def check(self, number: int) -> None:
        """Raise Conflict `database-behind-chain`, Unavailable when no node can tell."""
        epochs = self._epochs()
        if epochs >= number:
            raise Conflict(
                "database-behind-chain",
                f"the chain has {epochs} epochs and the database {number - 1}: put the published files in place and "
                "start the service, or restore a newer backup",
            )

    def _epochs(self) -> int:
        try:
            present = self._pool.survey()
        except WrongChain as error:
            raise Unavailable(error.code, error.message) from error
        answers = [answer for _, answer in ask_all(present, self._ask)]
        told = sorted(answer for answer in answers if isinstance(answer, int))
        if not told:
            raise next(answer for answer in answers if isinstance(answer, Unavailable))
        # A node that is behind knows fewer; of three or more one may lie, and would keep everything waiting.
        return told[-2] if len(told) > 2 else told[-1]

    def _ask(self, provider: Provider) -> int:
        calldata = Web3.keccak(text="latestEpoch(uint256)")[:4] + self._log.number.to_bytes(_WORD_SIZE, "big")
        call: JsonValue = {"to": self._log.contract, "data": "0x" + calldata.hex()}
        answer = read_data(request(provider.web3, "eth_call", [call, "latest"]), where="epochs")
        if len(answer) != _WORD_SIZE:
            raise Unavailable("rpc-answer", "the node has no contract of ours")
        return int.from_bytes(answer, "big")
