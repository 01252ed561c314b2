"""What must be refused for the proof of inclusion: leaf, slot, path, header, anchor."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from registry.domain.check import CheckId, Reason, Result
from registry.domain.hashing import hash_pair
from registry.domain.slot import slot_word
from registry.domain.verdict import Word
from tests.vectors.rogue import Rogue, chunk_receipt, hidden_receipt
from tests.vectors.scene import Scene
from tests.vectors.vector import Json, Vector, changed, flip

BASE: Final = "of five, 2"
HEADER_COUNT: Final = 5
INSIDE: Final = 1 + HEADER_COUNT.bit_length()
"""Steps of the header's path inside a batch of five."""


def bad_inclusions(scene: Scene, rogue: Rogue) -> Iterator[Vector]:
    """Yield every receipt whose proof of inclusion must be refused."""
    base = scene.world.receipt(scene.named[BASE]).to_json()
    for table, reason in (
        (PATH_FORMS, Reason.PATH_MALFORMED),
        (PATH_VALUES, Reason.PATH_LEADS_ELSEWHERE),
        (HEADER_FORMS, Reason.HEADER_MALFORMED),
        (HEADER_VALUES, Reason.HEADER_NOT_TIED),
    ):
        for name, (told, change) in table.items():
            receipt = changed(base)
            change(receipt)
            yield _vector(scene, name, told, receipt, reason=reason)
    yield from _leaves_and_slots(scene, base)
    yield from _foreign_headers(scene, base)
    yield from _documents_and_logs(scene, base)
    yield from _anchored_forgeries(rogue)


Change = Callable[[Json], object]


def _set_step(number: int, value: Any) -> Change:  # noqa: ANN401 - any JSON
    return lambda receipt: receipt["path"].__setitem__(number, value)


def _set_header_step(number: int, value: Any) -> Change:  # noqa: ANN401 - any JSON
    return lambda receipt: receipt["batch"]["path"].__setitem__(number, value)


def _set_path(value: Any) -> Change:  # noqa: ANN401 - any JSON
    return lambda receipt: receipt.__setitem__("path", value)


def _set_header(**members: Any) -> Change:  # noqa: ANN401 - any JSON
    return lambda receipt: receipt["batch"]["header"].update(members)


def _flip_step(number: int, *, place: Callable[[Json], Any]) -> Change:
    def change(receipt: Json) -> None:
        ((side, sibling),) = place(receipt)[number].items()
        place(receipt)[number] = {side: flip(sibling, 17)}

    return change


def _swap_step(number: int, *, place: Callable[[Json], Any]) -> Change:
    def change(receipt: Json) -> None:
        ((side, sibling),) = place(receipt)[number].items()
        place(receipt)[number] = {"left" if side == "right" else "right": sibling}

    return change


def _path(receipt: Json) -> Any:  # noqa: ANN401 - any JSON
    return receipt["path"]


def _header_path(receipt: Json) -> Any:  # noqa: ANN401 - any JSON
    return receipt["batch"]["path"]


WORD: Final = slot_word(1_048_574 * 131_072 + 70_000).hex()
ONES: Final = "11" * 32

PATH_FORMS: Final[dict[str, tuple[str, Change]]] = {
    "path-empty": ("no step", _set_path([])),
    "path-of-one-step": ("the slot word only", _set_path([{"right": WORD}])),
    "path-of-two-steps": ("slot word and one node", _set_path([{"right": WORD}, {"right": ONES}])),
    "path-of-65-steps": ("65 steps", _set_path([{"right": WORD}, *[{"right": ONES}] * 64])),
    "path-object": ("an object instead of a list", _set_path({"right": WORD})),
    "path-null": ("null instead of a list", _set_path(None)),
    "step-two-members": ("a step with both sides", _set_step(2, {"left": ONES, "right": ONES})),
    "step-no-member": ("a step with no side", _set_step(2, {})),
    "step-unknown-side": ("a step with the side up", _set_step(2, {"up": ONES})),
    "step-text": ("a step that is a string", _set_step(2, f"right:{ONES}")),
    "step-upper-case": ("a step in upper-case hex", _set_step(2, {"right": "AB" * 32})),
    "step-0x": ("a step with 0x", _set_step(2, {"right": "0x" + "11" * 32})),
    "step-63-digits": ("a step of 63 digits", _set_step(2, {"right": "1" * 63})),
    "step-66-digits": ("a step of 66 digits", _set_step(2, {"right": "1" * 66})),
    "step-number": ("a step that is a number", _set_step(2, {"right": 1})),
    "slot-word-left": ("the slot word on the left", _swap_step(0, place=_path)),
    "slot-word-of-neighbour": ("the word of the next slot", _set_step(0, {"right": WORD[:-1] + "1"})),
    "slot-word-kind-1": ("the slot word with leaf kind 1", _set_step(0, {"right": "00000001" + WORD[8:]})),
    "slot-word-header": ("the header word as the first step", _set_step(0, {"right": "000000ff" + "00" * 28})),
    "second-slot-word": ("a slot word as the second step", _set_step(1, {"left": WORD})),
    "second-slot-word-kind-7f": ("a word of leaf kind 7f later", _set_step(3, {"right": "0000007f" + "00" * 27 + "01"})),
    "second-slot-word-header": ("the header word later", _set_step(3, {"right": "000000ff" + "00" * 28})),
    "second-slot-word-highest": ("the word of the highest slot later", _set_step(3, {"right": "00" * 27 + "1fffffffff"})),
    "path-last-step-missing": ("the status root left out: the step before it is a left one", lambda receipt: receipt["path"].pop()),
    "status-root-left": ("the status root on the left", _swap_step(-1, place=_path)),
}  # fmt: skip

PATH_VALUES: Final[dict[str, tuple[str, Change]]] = {
    **{f"path-side-{n}": (f"the side of step {n}", _swap_step(n, place=_path)) for n in (1, 2, 3, 4)},
    **{f"path-bit-{n}": (f"one bit of step {n}", _flip_step(n, place=_path)) for n in (1, 2, 3, 4, -1)},
    "path-step-missing": ("an inner step left out", lambda receipt: receipt["path"].pop(2)),
    "path-step-twice": ("an inner step twice", lambda receipt: receipt["path"].insert(2, receipt["path"][2])),
    "path-step-appended": ("a step after the status root", lambda receipt: receipt["path"].append({"right": ONES})),
    "path-steps-exchanged": ("two steps in the other order", lambda receipt: receipt["path"].insert(2, receipt["path"].pop(3))),
    "step-almost-a-word": ("a later node with byte 27 = 0x20: no slot word by a hair", _set_step(2, {"right": "00" * 27 + "20" + "00" * 4})),
}  # fmt: skip

HEADER_FORMS: Final[dict[str, tuple[str, Change]]] = {
    "header-extra-member": ("an unknown member", _set_header(note="x")),
    "header-member-missing": ("no id", lambda receipt: receipt["batch"]["header"].pop("id")),
    "header-type": ("another type", _set_header(type="CredrootReceipt")),
    "header-version": ("version 2", _set_header(version=2)),
    "header-version-text": ('version "1"', _set_header(version="1")),
    "header-count-zero": ("a count of 0", _set_header(count=0)),
    "header-count-beyond": ("a count of 65,537", _set_header(count=65_537)),
    "header-count-text": ('the count as "5"', _set_header(count="5")),
    "header-count-double": ("the count as 5.5", _set_header(count=5.5)),
    "header-count-true": ("the count as true", _set_header(count=True)),
    "header-count-swallows-path": ("a count so large that no step above the batch is left", _set_header(count=65_536)),
    "header-log-upper-case": ("the log's contract in upper case", _set_header(log="eip155:31337/0x" + "7C" * 20 + "/1")),
    "header-sealed-offset": ("the time of sealing with an offset", _set_header(sealed="2026-11-01T00:00:00+00:00")),
    "header-sealed-fraction": ("the time of sealing with a fraction", _set_header(sealed="2026-11-01T00:00:00.0Z")),
    "header-sealed-no-day": ("30 February", _set_header(sealed="2026-02-30T00:00:00Z")),
    "header-did-document-upper-case": ("the DID document's hash in upper case", _set_header(didDocument="AB" * 32)),
    "header-id-empty": ("an empty id", _set_header(id="")),
    "header-null": ("no header", lambda receipt: receipt["batch"].__setitem__("header", None)),
    "batch-null": ("no batch", lambda receipt: receipt.__setitem__("batch", None)),
    "batch-extra-member": ("an unknown member beside header and path", lambda receipt: receipt["batch"].update(note="x")),
    "header-path-empty": ("no step in the header's path", lambda receipt: receipt["batch"].__setitem__("path", [])),
    "header-path-slot-word": ("a slot word in place of the header word", _set_header_step(0, {"right": WORD})),
    "header-path-left-inside": ("a left step inside the batch", _swap_step(1, place=_header_path)),
    "header-path-second-word": ("a slot word later in the header's path", _set_header_step(1, {"right": WORD})),
    "header-path-status-root-left": ("the status root on the left", _swap_step(-1, place=_header_path)),
    "header-path-step-missing": ("its last step left out: the step before it is a left one", lambda receipt: receipt["batch"]["path"].pop()),
    "header-path-two-members": ("a step with both sides", _set_header_step(1, {"left": ONES, "right": ONES})),
}  # fmt: skip

HEADER_VALUES: Final[dict[str, tuple[str, Change]]] = {
    "header-count-other": ("a count of 4: as many steps, another header", _set_header(count=4)),
    "header-count-shorter": ("a count of 3: one step fewer inside the batch", _set_header(count=3)),
    "header-id-other": ("another id", _set_header(id="batch-3")),
    "header-sealed-other": ("sealed a second later", _set_header(sealed="2026-11-01T00:00:01Z")),
    "header-issuer-other": ("another issuer's name in it", _set_header(issuer="did:web:physics.example")),
    "header-log-other": ("another log's name in it", _set_header(log="eip155:31337/0x" + "7c" * 20 + "/2")),
    "header-did-document-other": ("another DID document's hash", _set_header(didDocument=ONES)),
    "header-path-bit-inside": ("one bit of a step inside the batch", _flip_step(1, place=_header_path)),
    "header-path-bit-above": ("one bit of a step above the batch", _flip_step(INSIDE, place=_header_path)),
    "header-path-step-appended": ("a step too many", lambda receipt: receipt["batch"]["path"].append({"right": ONES})),
}  # fmt: skip


def _leaves_and_slots(scene: Scene, base: Json) -> Iterator[Vector]:
    receipt = changed(base)
    receipt["slot"] += 1
    yield _vector(scene, "slot-of-neighbour", "the receipt names the next slot", receipt, reason=Reason.SLOT_DIFFERS)
    receipt = changed(base)
    receipt["leaf"] = flip(receipt["leaf"])
    yield _vector(
        scene, "leaf-bit", "one bit of the receipt's leaf", receipt, check=CheckId.LEAF, reason=Reason.LEAF_DIFFERS
    )
    for kind in (1, 255):
        receipt = {**changed(base), "leafKind": kind}
        yield _vector(
            scene,
            f"leaf-kind-{kind}",
            f"a leaf of kind {kind}",
            receipt,
            check=CheckId.LEAF,
            reason=Reason.LEAF_KIND_DIFFERS,
        )
    receipt = changed(base)
    word = receipt["path"].pop(0)["right"]
    receipt["leaf"] = hash_pair(bytes.fromhex(receipt["leaf"]), bytes.fromhex(word)).hex()
    yield _vector(
        scene,
        "inner-node-as-leaf",
        "the parent of leaf and slot word in the leaf's place: a true path of a bare Merkle tree",
        receipt,
        check=CheckId.LEAF,
        reason=Reason.LEAF_DIFFERS,
        also={CheckId.INCLUSION: (Result.FAIL, Reason.PATH_MALFORMED)},
    )
    other = scene.world.receipt(scene.named["of five, 3"]).to_json()
    yield _vector(
        scene,
        "receipt-of-another",
        "the whole receipt of another credential of the batch",
        other,
        check=CheckId.LEAF,
        reason=Reason.LEAF_DIFFERS,
        also={
            CheckId.INCLUSION: (Result.FAIL, Reason.SLOT_DIFFERS),
            CheckId.REVOCATION: (Result.UNKNOWN, Reason.STATUS_FOREIGN),
        },
    )


def _foreign_headers(scene: Scene, base: Json) -> Iterator[Vector]:
    for name, told, owner in (
        ("header-of-another-batch", "the header of another issuer's batch in the same epoch", "of three, 0"),
        ("header-of-another-epoch", "the header of the same issuer's batch in another epoch", "last epoch"),
    ):
        other = scene.world.receipt(scene.named[owner]).to_json()
        receipt = {**changed(base), "batch": other["batch"]}
        yield _vector(scene, name, told, receipt, reason=Reason.HEADER_NOT_TIED)


def _documents_and_logs(scene: Scene, base: Json) -> Iterator[Vector]:
    receipt = {**changed(base), "issuer": scene.physics.document}
    yield _vector(
        scene, "did-document-of-another", "another issuer's DID document", receipt, reason=Reason.DID_DOCUMENT_DIFFERS
    )
    receipt = changed(base)
    receipt["issuer"]["alsoKnownAs"] = ["https://arts.example"]
    yield _vector(scene, "did-document-changed", "a member more in it", receipt, reason=Reason.DID_DOCUMENT_DIFFERS)
    receipt = changed(base)
    receipt["root"] = flip(receipt["root"], 255)
    differs = {CheckId.ANCHOR: (Result.FAIL, Reason.ROOT_DIFFERS)}
    told = "one bit of the receipt's root"
    yield _vector(scene, "root-bit", told, receipt, reason=Reason.PATH_LEADS_ELSEWHERE, also=differs)
    receipt = changed(base)
    receipt["anchor"]["log"] = receipt["anchor"]["log"][:-1] + "2"
    yield _vector(scene, "anchor-other-log", "the anchor names another log", receipt, reason=Reason.LOG_DIFFERS)
    receipt = changed(base)
    receipt["anchor"]["epoch"] = 1
    yield _vector(
        scene,
        "anchor-other-epoch",
        "the anchor names an epoch with another root",
        receipt,
        check=CheckId.ANCHOR,
        reason=Reason.ROOT_DIFFERS,
    )
    receipt = changed(base)
    receipt["anchor"]["epoch"] = 6
    yield _vector(
        scene,
        "anchor-epoch-not-reached",
        "the anchor names an epoch that the chain does not have",
        receipt,
        check=CheckId.ANCHOR,
        result=Result.UNKNOWN,
        reason=Reason.EPOCH_NOT_REACHED,
        word=Word.NOT_YET_ANCHORED,
        also={
            CheckId.REVOCATION: (Result.UNKNOWN, Reason.STATUS_STALE),
            CheckId.SUSPENSION: (Result.UNKNOWN, Reason.STATUS_STALE),
        },
    )


def _anchored_forgeries(rogue: Rogue) -> Iterator[Vector]:
    """Everything here is anchored: nothing but the rule named keeps it from being valid."""
    undone = rogue.receipt("revoked").to_json()
    table = (
        ("hidden-subtree", "the path leads through an entry whose leaf is the root of entries no auditor sees",
         "hidden", hidden_receipt(rogue).to_json(), Reason.PATH_MALFORMED),
        ("status-chunk-as-leaf", "the path leads through the status tree: a zero chunk passes for the word of slot 0",
         "chunk", chunk_receipt(rogue).to_json(), Reason.PATH_MALFORMED),
        ("batch-of-another-issuer", "sealed in another issuer's batch",
         "of another issuer", rogue.receipt("of another issuer").to_json(), Reason.ISSUER_DIFFERS),
        ("batch-of-another-log", "sealed under a header that names another log",
         "log of the header", rogue.receipt("log of the header").to_json(), Reason.LOG_DIFFERS),
    )  # fmt: skip
    for name, told, document, receipt, reason in table:
        yield _rogue_vector(rogue, name, told, document, receipt, check=CheckId.INCLUSION, reason=reason)
    yield _rogue_vector(
        rogue,
        "stolen-key",
        "signed with the issuer's real key, sealed in the thief's own log, which the issuer's DID document does not name",
        "thief",
        rogue.receipt("thief").to_json(),
        check=CheckId.ISSUER,
        reason=Reason.LOG_NOT_NAMED,
    )
    yield _rogue_vector(
        rogue,
        "un-revocation",
        "revoked in its own log; the receipt is from another log, in which nothing is revoked",
        "revoked",
        undone,
        check=CheckId.INCLUSION,
        reason=Reason.LOG_DIFFERS,
        also={
            CheckId.ANCHOR: (Result.FAIL, Reason.ROOT_DIFFERS),
            CheckId.REVOCATION: (Result.UNKNOWN, Reason.STATUS_FOREIGN),
        },
    )
    relabelled = changed(undone)
    for part in (relabelled["anchor"], relabelled["batch"]["header"], relabelled["status"][0]):
        part["log"] = part["log"][:-1] + "1"
    yield _rogue_vector(
        rogue,
        "un-revocation-relabelled",
        "the same, and the receipt says that it is of the credential's own log",
        "revoked",
        relabelled,
        check=CheckId.ANCHOR,
        reason=Reason.ROOT_DIFFERS,
        also={
            CheckId.INCLUSION: (Result.FAIL, Reason.HEADER_NOT_TIED),
            CheckId.REVOCATION: (Result.UNKNOWN, Reason.STATUS_UNANCHORED),
        },
    )


def _rogue_vector(
    rogue: Rogue,
    name: str,
    told: str,
    document: str,
    receipt: Json,
    *,
    check: CheckId,
    reason: Reason,
    also: Any = None,  # noqa: ANN401 - a table of outcomes
) -> Vector:
    return Vector(
        name=name,
        description=told,
        document=rogue.documents[document].document,
        receipt=receipt,
        word=Word.INVALID,
        check=check,
        result=Result.FAIL,
        reason=reason,
        also=also or {},
    )


def _vector(
    scene: Scene,
    name: str,
    told: str,
    receipt: Json,
    *,
    check: CheckId = CheckId.INCLUSION,
    result: Result = Result.FAIL,
    reason: Reason,
    word: Word = Word.INVALID,
    also: Any = None,  # noqa: ANN401 - a table of outcomes
) -> Vector:
    return Vector(
        name=name,
        description=told,
        document=scene.named[BASE].document,
        receipt=receipt,
        word=word,
        check=check,
        result=result,
        reason=reason,
        also=also or {},
    )
