"""What holds: a receipt for every place in a batch, and every word that a verdict can come to about it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from registry.domain.canonical import JsonObject
from registry.domain.check import CheckId, Reason, Result
from registry.domain.verdict import Word
from tests.vectors.rogue import Rogue
from tests.vectors.scene import Scene
from tests.vectors.vector import Vector

VALID: Final = (Word.VALID, CheckId.REVOCATION, Result.PASS, Reason.NOT_REVOKED)
REVOKED: Final = (Word.REVOKED, CheckId.REVOCATION, Result.FAIL, Reason.REVOKED)

CASES: Final = (
    ("batch-of-one", "the only credential of its batch, in the highest slot; revoked in epoch 3",
     "batch of one, highest slot", REVOKED),
    ("batch-of-two-lowest-slot", "slot 0 of its list, in a batch of two; its suspension came in another slot", "slot 0", VALID),
    ("batch-of-three", "in a batch of three, first", "of three, 0", VALID),
    ("batch-of-three-second", "in a batch of three, second", "of three, 1", VALID),
    ("batch-of-three-third", "in a batch of three, third", "of three, 2", VALID),
    ("batch-of-five", "in a batch of five", "of five, 2", VALID),
    ("batch-of-five-last-index", "index 131071, revoked in epoch 5", "of five, 3", REVOKED),
    ("batch-of-64", "in a batch of 64", "last of 64", VALID),
    ("batch-of-65-lowest-leaf", "the first entry after the header", "lowest leaf of 65", None),
    ("batch-of-65-highest-leaf", "the last entry, whose nodes move up", "highest leaf of 65", None),
    ("revoked", "revoked in epoch 2, proved in epoch 5", "revoked", REVOKED),
    ("revoked-in-a-middle-list", "revoked in a list in the middle of the tree", "of five, 4", REVOKED),
    ("suspended", "suspended in epoch 2 and still", "suspended",
     (Word.SUSPENDED, CheckId.SUSPENSION, Result.FAIL, Reason.SUSPENDED)),
    ("suspension-lifted", "suspended in epoch 2, lifted in epoch 3", "suspension lifted",
     (Word.VALID, CheckId.SUSPENSION, Result.PASS, Reason.NOT_SUSPENDED)),
    ("newest-epoch", "sealed and proved in the newest epoch", "last epoch", VALID),
    ("expired", "its last day was yesterday", "expired",
     (Word.EXPIRED, CheckId.VALIDITY, Result.FAIL, Reason.EXPIRED)),
    ("not-in-force-yet", "its first day is tomorrow", "not in force yet",
     (Word.NOT_YET_VALID, CheckId.VALIDITY, Result.FAIL, Reason.NOT_YET_VALID)),
)  # fmt: skip


def good_vectors(scene: Scene, rogue: Rogue) -> Iterator[Vector]:
    """Yield every receipt that holds."""
    for name, told, owner, expected in CASES:
        issued = scene.named[owner]
        outcome = _of_65(scene, owner) if expected is None else expected
        yield _vector(name, told, issued.document, scene.world.receipt(issued).to_json(), outcome)
    current = scene.world.receipt(scene.named["of five, 2"], status_epoch=4)
    told = "its status is of epoch 4, superseded half an hour before the block read"
    yield _vector("status-one-epoch-behind", told, scene.named["of five, 2"].document, current.to_json(), VALID)
    old = scene.world.receipt(scene.named["revoked"], status_epoch=2)
    told = "revoked; its status is of epoch 2: a proved revocation does not age"
    yield _vector("revoked-long-ago", told, scene.named["revoked"].document, old.to_json(), REVOKED)
    both = scene.world.receipt(scene.named["suspended"])
    lifted = replace(both, status=(both.status[0], scene.world.status(scene.named["suspended"], epoch=4)[1]))
    told = "suspended; the two proofs are of two epochs, both current"
    document = scene.named["suspended"].document
    suspended = (Word.SUSPENDED, CheckId.SUSPENSION, Result.FAIL, Reason.SUSPENDED)
    yield _vector("suspended-in-another-epoch", told, document, lifted.to_json(), suspended)
    genuine = rogue.documents["genuine"].document
    told = "in the second log, whose issuer's DID document names it"
    yield _vector("second-log", told, genuine, rogue.receipt("genuine").to_json(), VALID)


def _of_65(scene: Scene, owner: str) -> tuple[Word, CheckId, Result, Reason]:
    """Whoever has the lowest or highest leaf may be one of those that are revoked."""
    revoked = ("revoked", "of list 1", "of list 2")
    return REVOKED if any(scene.named[owner] is scene.named[name] for name in revoked) else VALID


def _vector(
    name: str, told: str, document: JsonObject, receipt: JsonObject, expected: tuple[Word, CheckId, Result, Reason]
) -> Vector:
    word, check, result, reason = expected
    return Vector(
        name=name,
        description=told,
        document=document,
        receipt=receipt,
        word=word,
        check=check,
        result=result,
        reason=reason,
    )
