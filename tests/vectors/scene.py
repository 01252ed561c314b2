"""The two logs that the vectors are of: an honest one of five epochs, and one kept by rogues. The same every time.

log 1   epoch 1   batches of 1, 65 and 2
        epoch 2   batches of 3, 64 and 5; one credential revoked, two suspended
        epoch 3   status only: a suspension lifted, the highest slot of all revoked
        epoch 4   repeats the root of epoch 3
        epoch 5   a batch of 2; revocations in many lists
log 2   epoch 1   what rogue.py says
        epoch 2   a chunk of the status tree that is also the leaf of a credential
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.receipt import Anchor
from registry.domain.slot import LIST_SIZE, SLOT_LIMIT, Purpose
from tests.epochs import NOW, Issued, Issuer, World, make_key_issuer, make_web_issuer
from tests.memory_chain import MemoryChain, memory_chain

CONTRACT: Final = "0x" + "7c" * 20
"""Not the address of any build: the vectors do not change with the compiler."""
SOURCE: Final = "made for this project by tests/vectors/generate.py"

HIGHEST_LIST: Final = 2**20 - 1
ARTS_LIST: Final = HIGHEST_LIST - 1
MIDDLE_LIST: Final = 2**19


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The honest log, and what the vectors need of it."""

    chain: MemoryChain
    world: World
    named: dict[str, Issued]
    """Credentials that vectors speak of, by what they are."""

    @property
    def log(self) -> LogName:
        """The honest log."""
        return self.world.log

    @property
    def physics(self) -> Issuer:
        """A did:web issuer; none of its credentials can be suspended."""
        return self.world.issuers[1]

    @property
    def arts(self) -> Issuer:
        """A did:web issuer, whose credentials can be suspended."""
        return self.world.issuers[2]


class LogOf:
    """One log of the chain, to anchor in."""

    def __init__(self, chain: MemoryChain, log: LogName) -> None:
        self._chain = chain
        self.log = log

    def anchor(self, root: Digest) -> Anchor:
        """Anchor a root as the log's next epoch."""
        return self._chain.anchor_in(self.log, root)


def build_scene() -> Scene:
    """Build the honest log."""
    chain = memory_chain(contract=CONTRACT)
    issuers = (
        make_key_issuer("vectors: key"),
        make_web_issuer("did:web:physics.example", "vectors: physics", logs=[chain.log]),
        make_web_issuer("did:web:arts.example", "vectors: arts", logs=[chain.log]),
    )
    world = World(chain=chain, issuers=issuers)
    scene = Scene(chain=chain, world=world, named={})
    _first_epoch(scene)
    _second_epoch(scene)
    _status_epochs(scene)
    _last_epoch(scene)
    return scene


def _first_epoch(scene: Scene) -> None:
    world, named = scene.world, scene.named
    named["batch of one, highest slot"] = world.issue(
        "Ὑπατία", issuer=world.key_issuer, slot=SLOT_LIMIT - 1, suspendable=True
    )
    physics = _issue(world, scene.physics, [_spread(number) for number in range(65)])
    named |= {"first of 65": physics[0], "of list 1": physics[1], "of list 2": physics[2]}
    named["slot 0"] = world.issue("Слава", issuer=scene.arts, slot=ARTS_LIST * LIST_SIZE, suspendable=True)
    named["expired"] = world.issue(
        "Nour",
        issuer=scene.arts,
        slot=ARTS_LIST * LIST_SIZE + 255,
        suspendable=True,
        valid_until=NOW - timedelta(days=1),
    )
    world.seal()
    entries = sorted(physics, key=lambda item: item.leaf)
    named |= {"lowest leaf of 65": entries[0], "highest leaf of 65": entries[-1]}


def _second_epoch(scene: Scene) -> None:
    world, named = scene.world, scene.named
    key = _issue(world, world.key_issuer, [HIGHEST_LIST * LIST_SIZE + index for index in (0, 256, 65_535)])
    physics = _issue(world, scene.physics, [_spread(number) + 7 for number in range(64)])
    arts_slots = [ARTS_LIST * LIST_SIZE + index for index in (1, 256, 70_000, 131_071)]
    arts = _issue(world, scene.arts, [*arts_slots, MIDDLE_LIST * LIST_SIZE + 4_096], suspendable=True)
    named |= {f"of three, {number}": issued for number, issued in enumerate(key)}
    named |= {f"of five, {number}": issued for number, issued in enumerate(arts)}
    named |= {"first of 64": physics[0], "last of 64": physics[-1]}
    for other in physics[9:40:3]:
        world.mark(other, Purpose.REVOCATION)
    world.mark(named["first of 65"], Purpose.REVOCATION)
    named["revoked"] = named["first of 65"]
    world.mark(arts[0], Purpose.SUSPENSION)
    world.mark(arts[1], Purpose.SUSPENSION)
    named["suspended"], named["suspension lifted"] = arts[0], arts[1]
    world.seal()


def _status_epochs(scene: Scene) -> None:
    world, named = scene.world, scene.named
    world.mark(named["suspension lifted"], Purpose.SUSPENSION, value=False)
    world.mark(named["batch of one, highest slot"], Purpose.REVOCATION)
    world.seal()
    # Nothing changed: the root is that of epoch 3.
    world.seal()


def _last_epoch(scene: Scene) -> None:
    world, named = scene.world, scene.named
    named["last epoch"] = world.issue(
        "José", issuer=scene.arts, slot=MIDDLE_LIST * LIST_SIZE + 131_071, suspendable=True
    )
    named["not in force yet"] = world.issue(
        "김", issuer=scene.arts, slot=MIDDLE_LIST * LIST_SIZE, suspendable=True, valid_from=NOW + timedelta(days=1)
    )
    for number in (1, 2):
        world.mark(named[f"of list {number}"], Purpose.REVOCATION)
    world.mark(named["of five, 3"], Purpose.REVOCATION)
    world.mark(named["of five, 4"], Purpose.REVOCATION)
    scene.chain.next_time = NOW - timedelta(minutes=30)
    world.seal()


def _issue(world: World, issuer: Issuer, slots: Sequence[int], *, suspendable: bool = False) -> list[Issued]:
    return [
        world.issue(f"Person {number}", issuer=issuer, slot=slot, suspendable=suspendable)
        for number, slot in enumerate(slots)
    ]


def _spread(number: int) -> int:
    """Spread slots over the three lists of an issuer, and over their chunks."""
    return number % 3 * LIST_SIZE + (number * 40_503 + 11) % (LIST_SIZE // 2)
