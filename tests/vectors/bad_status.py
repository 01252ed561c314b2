"""What must be refused for the proofs of status, and receipts that cannot be read at all."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from registry.domain.canonical import JsonObject
from registry.domain.check import CheckId, Reason, Result
from registry.domain.slot import Purpose
from registry.domain.status import DEPTH, ZERO_ROOTS
from registry.domain.verdict import Word
from tests.vectors.scene import Scene
from tests.vectors.vector import Json, Vector, changed, compact, flip

BASE: Final = "of five, 2"
Outcome = dict[CheckId, tuple[Result, Reason]]
Change = Callable[[Json], object]


def bad_statuses(scene: Scene) -> Iterator[Vector]:
    """Yield every receipt whose status must not count."""
    base = scene.world.receipt(scene.named[BASE]).to_json()
    for name, (told, change) in _MALFORMED.items():
        receipt = changed(base)
        change(receipt)
        # A list with one unreadable proof says nothing of either purpose.
        yield _vector(scene, name, told, receipt, Reason.STATUS_MALFORMED, both=True)
    for name, (told, change) in _FOREIGN.items():
        receipt = changed(base)
        change(receipt)
        yield _vector(scene, name, told, receipt, Reason.STATUS_FOREIGN)
    for name, (told, change) in _UNANCHORED.items():
        receipt = changed(base)
        change(receipt)
        yield _vector(scene, name, told, receipt, Reason.STATUS_UNANCHORED)
    yield from _missing(scene, base)
    yield from _other_proofs(scene, base)
    yield from _replays(scene)


def bad_receipts(scene: Scene) -> Iterator[Vector]:
    """Yield every receipt that cannot be read."""
    base = scene.world.receipt(scene.named[BASE]).to_json()
    text = compact(base)
    for name, (told, change) in _UNREADABLE.items():
        receipt = changed(base)
        change(receipt)
        yield _unreadable(scene, name, told, receipt)
    spellings = {
        "duplicate-name": ("a member stands twice, with one value", text.replace("{", '{"version":1,', 1)),
        "array": ("the receipt inside an array", f"[{text}]"),
        "not-json": ("cut off in the middle", text[:1_000]),
        "version-double": ("version 1.0", text.replace('"version":1,', '"version":1.0,', 1)),
        "slot-exponent": ("the slot with an exponent", text.replace('"leafKind":0', '"leafKind":0e0', 1)),
    }
    for name, (told, spelling) in spellings.items():
        yield _unreadable(scene, name, told, spelling)


def _first(receipt: Json) -> Any:  # noqa: ANN401 - any JSON
    return receipt["status"][0]


def _set(**members: Any) -> Change:  # noqa: ANN401 - any JSON
    return lambda receipt: _first(receipt).update(members)


def _set_status(value: Any) -> Change:  # noqa: ANN401 - any JSON
    return lambda receipt: receipt.__setitem__("status", value)


def _list_zero(receipt: Json) -> None:
    """Spell out the lowest sibling that the map says is zero."""
    proof = _first(receipt)
    level = next(level for level in range(DEPTH) if not proof["siblingMap"] >> level & 1)
    listed = (proof["siblingMap"] & (1 << level) - 1).bit_count()
    proof["siblingMap"] |= 1 << level
    proof["siblings"].insert(listed, ZERO_ROOTS[level].hex())


def _flip_member(name: str) -> Change:
    return lambda receipt: _first(receipt).__setitem__(name, flip(_first(receipt)[name], 100))


def _move_sibling(receipt: Json) -> None:
    proof = _first(receipt)
    low = proof["siblingMap"] & -proof["siblingMap"]
    proof["siblingMap"] += low if not proof["siblingMap"] & low << 1 else -(low >> 1)


def _set_anchor(**members: Any) -> Change:  # noqa: ANN401 - any JSON
    return lambda receipt: receipt["anchor"].update(members)


def _set_receipt(**members: Any) -> Change:  # noqa: ANN401 - any JSON
    return lambda receipt: receipt.update(members)


_MALFORMED: Final[dict[str, tuple[str, Change]]] = {
    "status-chunk-short": ("a chunk of 31 bytes", _set(chunk="00" * 31)),
    "status-chunk-upper-case": ("a chunk in upper case", _set(chunk="AA" * 32)),
    "status-other-root-upper-case": ("the other root in upper case", _set(otherRoot="AA" * 32)),
    "status-credentials-root-null": ("no credentials root", _set(credentialsRoot=None)),
    "status-map-bit-29": ("a map with bit 29", lambda receipt: _set(siblingMap=_first(receipt)["siblingMap"] | 1 << 29)(receipt)),
    "status-map-negative": ("a negative map", _set(siblingMap=-1)),
    "status-map-text": ("the map as a string", _set(siblingMap="1")),
    "status-map-half": ("a map of 0.5", _set(siblingMap=0.5)),
    "status-sibling-missing": ("a sibling fewer than bits", lambda receipt: _first(receipt)["siblings"].pop()),
    "status-sibling-left-over": ("a sibling more than bits", lambda receipt: _first(receipt)["siblings"].append("11" * 32)),
    "status-30-siblings": ("thirty siblings", _set(siblings=["11" * 32] * 30, siblingMap=2**29 - 1)),
    "status-zero-sibling-listed": ("a sibling equal to its zero constant, spelled out", _list_zero),
    "status-epoch-zero": ("epoch 0", _set(epoch=0)),
    "status-epoch-text": ('epoch "5"', _set(epoch="5")),
    "status-purpose-upper-case": ("purpose Revocation", _set(purpose="Revocation")),
    "status-purpose-message": ("purpose message", _set(purpose="message")),
    "status-unknown-member": ("an unknown member", _set(bit=0)),
    "status-member-missing": ("no root", lambda receipt: _first(receipt).pop("root")),
    "status-log-leading-zero": ("the log's number with a zero before it", _set(log="eip155:31337/0x" + "7c" * 20 + "/01")),
    "status-null": ("null instead of a list", _set_status(None)),
    "status-of-numbers": ("a list of numbers", _set_status([1])),
    "status-suspension-first": ("suspension before revocation", lambda receipt: receipt["status"].reverse()),
    "status-three-proofs": ("a third proof", lambda receipt: receipt["status"].append(receipt["status"][1])),
    "status-revocation-twice": ("two proofs of revocation", lambda receipt: receipt["status"].__setitem__(1, receipt["status"][0])),
    "status-suspension-alone": ("no proof of revocation", lambda receipt: receipt["status"].pop(0)),
}  # fmt: skip

_FOREIGN: Final[dict[str, tuple[str, Change]]] = {
    "status-chunk-bit": ("one bit of the chunk", _flip_member("chunk")),
    "status-root-bit": ("one bit of the stated root", _flip_member("root")),
    "status-other-root-bit": ("one bit of the other purpose's root", _flip_member("otherRoot")),
    "status-credentials-root-bit": ("one bit of the credentials root", _flip_member("credentialsRoot")),
    "status-sibling-bit": ("one bit of a sibling", lambda receipt: _first(receipt)["siblings"].__setitem__(0, flip(_first(receipt)["siblings"][0]))),
    "status-siblings-exchanged": ("two siblings in the other order", lambda receipt: _first(receipt)["siblings"].reverse()),
    "status-sibling-moved": ("a sibling one level away", _move_sibling),
    "status-other-log": ("the proof says it is of another log", _set(log="eip155:31337/0x" + "7c" * 20 + "/2")),
}  # fmt: skip

_UNANCHORED: Final[dict[str, tuple[str, Change]]] = {
    "status-epoch-relabelled": ("a proof of epoch 5 called one of epoch 4", _set(epoch=4)),
    "status-epoch-not-reached": ("a proof of epoch 5 called one of epoch 6", _set(epoch=6)),
}

_UNREADABLE: Final[dict[str, tuple[str, Change]]] = {
    "unknown-member": ("an unknown member", _set_receipt(note="x")),
    "member-missing": ("no slot", lambda receipt: receipt.pop("slot")),
    "type": ("another type", _set_receipt(type="Receipt")),
    "version-2": ("version 2", _set_receipt(version=2)),
    "version-text": ('version "1"', _set_receipt(version="1")),
    "version-true": ("version true", _set_receipt(version=True)),
    "leaf-upper-case": ("the leaf in upper case", _set_receipt(leaf="AB" * 32)),
    "leaf-0x": ("the leaf with 0x", _set_receipt(leaf="0x" + "ab" * 32)),
    "leaf-kind-256": ("leaf kind 256", _set_receipt(leafKind=256)),
    "slot-2-37": ("slot 2^37", _set_receipt(slot=2**37)),
    "slot-negative": ("slot -1", _set_receipt(slot=-1)),
    "slot-text": ("the slot as a string", _set_receipt(slot="70000")),
    "root-short": ("a root of 31 bytes", _set_receipt(root="ab" * 31)),
    "issuer-text": ("the issuer's DID instead of its document", _set_receipt(issuer="did:web:registry.example")),
    "anchor-null": ("no anchor", _set_receipt(anchor=None)),
    "anchor-unknown-member": ("an unknown member in the anchor", _set_anchor(note="x")),
    "anchor-epoch-zero": ("epoch 0", _set_anchor(epoch=0)),
    "anchor-transaction-without-0x": ("a transaction hash without 0x", _set_anchor(transaction="ab" * 32)),
    "anchor-block-hash-upper-case": ("a block hash in upper case", _set_anchor(blockHash="0x" + "AB" * 32)),
    "anchor-block-number-text": ("the block number as a string", _set_anchor(blockNumber="3")),
    "anchor-block-time-offset": ("the block's time with an offset", _set_anchor(blockTime="2026-11-21T10:02:00+00:00")),
    "anchor-log-other-spelling": ("the log's contract in upper case", _set_anchor(log="eip155:31337/0x" + "7C" * 20 + "/1")),
}  # fmt: skip


def _missing(scene: Scene, base: Json) -> Iterator[Vector]:
    receipt = {**changed(base), "status": []}
    yield _vector(scene, "status-empty", "no proof at all", receipt, Reason.STATUS_MISSING, both=True)
    receipt = changed(base)
    receipt["status"].pop()
    missing = (Result.UNKNOWN, Reason.STATUS_MISSING)
    yield _unknown(
        scene, BASE, "status-suspension-missing", "two entries, one proof", receipt, {CheckId.SUSPENSION: missing}
    )


def _other_proofs(scene: Scene, base: Json) -> Iterator[Vector]:
    world, slot = scene.world, scene.named[BASE].slot
    receipt = changed(base)
    receipt["status"][0] = world.prove(scene.named["of five, 3"].slot, Purpose.REVOCATION, epoch=5).to_json()
    yield _vector(scene, "status-of-another", "the proof of another slot of the list", receipt, Reason.STATUS_FOREIGN)
    receipt = changed(base)
    receipt["status"][0] = world.prove(slot, Purpose.SUSPENSION, epoch=5).to_json()
    told = "the suspension proof in the revocation proof's place"
    yield _vector(scene, "status-suspension-for-revocation", told, receipt, Reason.STATUS_MALFORMED, both=True)
    receipt = changed(receipt)
    receipt["status"][0]["purpose"] = "revocation"
    told = "the suspension proof, called revocation"
    yield _vector(scene, "status-suspension-relabelled", told, receipt, Reason.STATUS_FOREIGN)
    issued = scene.named["revoked"]
    receipt = changed(world.receipt(issued).to_json())
    chunk = bytearray.fromhex(receipt["status"][0]["chunk"])
    chunk[issued.slot % 256 // 8] &= ~(0x80 >> issued.slot % 8)
    receipt["status"][0]["chunk"] = chunk.hex()
    foreign = (Result.UNKNOWN, Reason.STATUS_FOREIGN)
    told = "a revoked credential's bit cleared in the chunk"
    yield _unknown(scene, "revoked", "status-bit-cleared", told, receipt, {CheckId.REVOCATION: foreign})


def _replays(scene: Scene) -> Iterator[Vector]:
    """True proofs of epochs that are not current, or before the credential's own."""
    stale = (Result.UNKNOWN, Reason.STATUS_STALE)
    both = {CheckId.REVOCATION: stale, CheckId.SUSPENSION: stale}
    table: tuple[tuple[str, str, str, int, Outcome], ...] = (
        ("status-replayed", "a true proof of epoch 3; epoch 4 is two hours old", BASE, 3, both),
        ("revocation-replayed", "revoked in epoch 2, with a true proof of epoch 1", "revoked", 1, {CheckId.REVOCATION: stale}),
        ("suspension-replayed", "suspended in epoch 2, with a true proof of epoch 1", "slot 0", 1, both),
        ("status-before-the-credential", "a true and current proof of epoch 4; the credential is in epoch 5", "last epoch", 4, both),
    )  # fmt: skip
    for name, told, owner, epoch, also in table:
        issued = scene.named[owner]
        receipt = scene.world.receipt(issued, status_epoch=epoch).to_json()
        yield _unknown(scene, owner, name, told, receipt, also)


def _vector(scene: Scene, name: str, told: str, receipt: Json, reason: Reason, *, both: bool = False) -> Vector:
    checks = (CheckId.REVOCATION, CheckId.SUSPENSION) if both else (CheckId.REVOCATION,)
    return _unknown(scene, BASE, name, told, receipt, dict.fromkeys(checks, (Result.UNKNOWN, reason)))


def _unknown(  # noqa: PLR0917 - a table row
    scene: Scene, owner: str, name: str, told: str, receipt: JsonObject, outcome: Outcome
) -> Vector:
    (check, (result, reason)), *others = outcome.items()
    return Vector(
        name=name,
        description=told,
        document=scene.named[owner].document,
        receipt=receipt,
        word=Word.INDETERMINATE,
        check=check,
        result=result,
        reason=reason,
        also=dict(others),
    )


def _unreadable(scene: Scene, name: str, told: str, receipt: JsonObject | str) -> Vector:
    outcome = (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)
    return Vector(
        name=f"receipt-{name}",
        description=told,
        document=scene.named[BASE].document,
        receipt=receipt,
        word=Word.INDETERMINATE,
        check=CheckId.LEAF,
        result=outcome[0],
        reason=outcome[1],
        also=dict.fromkeys(
            (CheckId.INCLUSION, CheckId.ANCHOR, CheckId.FINALITY, CheckId.REVOCATION, CheckId.SUSPENSION), outcome
        ),
    )
