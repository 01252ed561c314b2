"""Receipts, checked with hashlib alone, and what is built on them: archives and verdicts."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.domain.canonical import canonicalize
from registry.domain.errors import NotFound
from registry.domain.evidence import Policy
from registry.service.checking import OwnWord, verify_here
from registry.service.export import write_archive
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.service.upload_issuing import run
from registry.service.uploads import start
from registry.service.verifying import VerifyRequest
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord, UploadRecord
from tests.registry_world import MAX_UPLOAD_BYTES, World, opened_world

CSV = b"recipient_email,recipient_name,issued_on,grade\r\na@b.org,A,2026-05-29,A\r\nc@d.org,C,2026-05-29,B\r\n"


# -- a checker of its own: hashlib, and the words of the protocol -----------------------------------------------------


def h(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def fold(start: bytes, path: list[dict[str, str]]) -> bytes:
    for step in path:
        ((side, sibling),) = step.items()
        start = h(bytes.fromhex(sibling) + start) if side == "left" else h(start + bytes.fromhex(sibling))
    return start


def zeros(level: int) -> bytes:
    root = bytes(32)
    for _ in range(level):
        root = h(root + root)
    return root


def check_receipt(document: bytes, receipt: Any) -> list[int]:  # noqa: ANN401  # JSON of any shape
    """Check a receipt against a credential's bytes (protocol sections 1 to 5); return the status bits it proves."""
    secured = json.loads(document)
    entries = secured["credentialStatus"]
    entries = entries if isinstance(entries, list) else [entries]
    *_, number = entries[0]["statusListCredential"].split("/")
    slot = int(number) * 131_072 + int(entries[0]["statusListIndex"])
    word, header_word = slot.to_bytes(32, "big"), b"\0\0\0\xff" + bytes(28)
    status_root = receipt["path"][-1]["right"]
    header = receipt["batch"]["header"]
    within = 1 + header["count"].bit_length()
    assert receipt["leaf"] == h(document).hex()
    assert receipt["slot"] == slot
    assert receipt["path"][0] == {"right": word.hex()}
    assert fold(h(document), receipt["path"]).hex() == receipt["root"]
    assert receipt["batch"]["path"][0] == {"right": header_word.hex()}
    assert all("right" in step for step in receipt["batch"]["path"][:within])
    assert fold(h(canonicalize(header)), receipt["batch"]["path"]).hex() == receipt["root"]
    shared = len(receipt["batch"]["path"]) - within
    assert shared >= 1
    assert receipt["path"][-shared:] == receipt["batch"]["path"][-shared:]
    batch_root = fold(h(document), receipt["path"][:-shared])
    assert batch_root == fold(h(canonicalize(header)), receipt["batch"]["path"][:within])
    assert header["issuer"] == secured["issuer"]["id"]
    assert header["didDocument"] == h(canonicalize(receipt["issuer"])).hex()
    assert [proof["purpose"] for proof in receipt["status"]] == [entry["statusPurpose"] for entry in entries]
    return [check_status(proof, slot, status_root, receipt["root"]) for proof in receipt["status"]]


def check_status(proof: Any, slot: int, status_root: str, root: str) -> int:  # noqa: ANN401  # JSON of any shape
    node, index, given = bytes.fromhex(proof["chunk"]), slot >> 8, iter(proof["siblings"])
    for level in range(29):
        sibling = bytes.fromhex(next(given)) if proof["siblingMap"] >> level & 1 else zeros(level)
        node = h(sibling + node) if index >> level & 1 else h(node + sibling)
    other = bytes.fromhex(proof["otherRoot"])
    both = h(node + other) if proof["purpose"] == "revocation" else h(other + node)
    assert next(given, None) is None
    assert h(bytes.fromhex(proof["credentialsRoot"]) + both).hex() == proof["root"]
    if proof["root"] == root:
        assert both.hex() == status_root
    bit = slot & 255
    return bytes.fromhex(proof["chunk"])[bit // 8] >> (7 - bit % 8) & 1


# -- tests ------------------------------------------------------------------------------------------------------------


def receipt_of(world: World, credential: CredentialRecord) -> Any:  # noqa: ANN401  # JSON of any shape
    return world.container.receipts.of_leaf(credential.leaf).to_json()


def change(world: World, issuer: IssuerRecord, credential: CredentialRecord, action: StatusAction) -> None:
    with world.store.write() as unit:
        request = StatusRequest(action=action, reason=Reason.OTHER)
        change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)


def uploaded(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> UploadRecord:
    record = world.upload(issuer, achievement, CSV)
    with world.store.write() as unit:
        start(world.resources, unit, record, caller=world.admin)
    run(world.resources, record, max_bytes=MAX_UPLOAD_BYTES, stopping=lambda: False)
    return world.get_upload(record)


def judged_here(world: World, document: bytes) -> str:
    own = OwnWord(
        store=world.store,
        clock=world.clock,
        receipts=world.container.receipts,
        status_lists=world.container.status_lists,
    )
    policy = Policy(published_contract=world.container.published_contract)
    request = VerifyRequest(credential=document, policy=policy, resolve_did=True)
    return str(verify_here(request, verifier=world.container.verifier, own=own).word)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_receipt_holds_with_hashlib_alone(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, count: int
) -> None:
    issued = [world.issue(issuer, achievement, f"p{n}@example.org") for n in range(count)]
    other = world.add_issuer("other")
    world.issue(other, world.add_achievement(other))
    world.anchor()

    bits = [check_receipt(credential.document, receipt_of(world, credential)) for credential in issued]

    assert bits == [[0, 0]] * count


def test_the_status_proof_is_of_the_newest_final_epoch(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    revoked, suspended = world.issue(issuer, achievement, "a@b.org"), world.issue(issuer, achievement, "c@d.org")
    world.anchor()
    change(world, issuer, revoked, StatusAction.REVOKE)
    change(world, issuer, suspended, StatusAction.SUSPEND)
    world.anchor()
    world.issue(issuer, achievement, "e@f.org")
    world.seal()

    receipts = [receipt_of(world, credential) for credential in (revoked, suspended)]

    assert [check_receipt(*pair) for pair in zip((revoked.document, suspended.document), receipts, strict=True)] == [
        [1, 0],
        [0, 1],
    ]
    assert [receipt["anchor"]["epoch"] for receipt in receipts] == [1, 1]
    assert {proof["epoch"] for receipt in receipts for proof in receipt["status"]} == {2}


def test_a_credential_that_cannot_be_suspended_has_one_status_proof(world: World, issuer: IssuerRecord) -> None:
    credential = world.issue(issuer, world.add_achievement(issuer, suspension=False))
    world.anchor()

    assert check_receipt(credential.document, receipt_of(world, credential)) == [0]


def test_there_is_no_receipt_before_an_epoch_is_final(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential = world.issue(issuer, achievement)

    codes = []
    for act in (lambda: None, world.seal):
        act()
        with pytest.raises(NotFound) as refused:
            receipt_of(world, credential)
        codes.append(refused.value.code)

    assert codes == ["not-yet-anchored", "not-yet-anchored"]


def test_a_leaf_of_somebody_else_has_no_receipt(world: World) -> None:
    with pytest.raises(NotFound) as refused:
        world.container.receipts.of_leaf(h(b"x"))  # type: ignore[arg-type]  # a digest of the checker's own

    assert refused.value.code == "receipt-not-found"


def test_few_trees_are_kept(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = []
    for number in range(10):
        issued.append(world.issue(issuer, achievement, f"p{number}@example.org"))
        world.anchor()

    for credential in (*issued, *issued):
        assert check_receipt(credential.document, receipt_of(world, credential)) == [0, 0]


def test_an_archive_holds_every_credential_and_the_receipts_there_are(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = uploaded(world, issuer, achievement)

    def archive() -> tuple[int, zipfile.ZipFile]:
        file = io.BytesIO()
        with world.store.read() as unit:
            return write_archive(file, unit, world.container.receipts, record), zipfile.ZipFile(file)

    waiting, early = archive()
    world.anchor()
    none_waiting, full = archive()

    names = sorted(f"{item.document_id}.json" for item in world.issued(record))
    assert (waiting, sorted(early.namelist())) == (2, [f"credentials/{name}" for name in names])
    assert (none_waiting, sorted(full.namelist())) == (
        0,
        [f"{folder}/{name}" for folder in ("credentials", "receipts") for name in names],
    )
    for name in names:
        check_receipt(full.read(f"credentials/{name}"), json.loads(full.read(f"receipts/{name}")))


def test_the_registry_s_own_word_is_evidence_like_any_other(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential = world.issue(issuer, achievement)

    def verdict() -> str:
        return judged_here(world, credential.document)

    waiting = verdict()
    world.clock.advance(minutes=1)
    world.anchor()
    anchored = verdict()
    change(world, issuer, credential, StatusAction.REVOKE)
    world.clock.advance(seconds=1)

    assert [waiting, anchored, verdict()] == ["not-yet-anchored", "valid", "revoked"]


def test_a_credential_that_names_a_list_nobody_opened_is_judged_all_the_same(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential = world.issue(issuer, achievement)
    number = credential.slot // 131_072
    forged = credential.document.replace(f"/{number}#".encode(), b"/77#").replace(f'/{number}"'.encode(), b'/77"')

    assert forged != credential.document
    assert judged_here(world, forged) == "invalid"


def test_a_registry_without_a_log_knows_nothing_of_its_own(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, tmp_path_factory: pytest.TempPathFactory
) -> None:
    credential = world.issue(issuer, achievement)
    folder = tmp_path_factory.mktemp("empty")
    url = f"sqlite:///{folder / 'registry.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()

    with opened_world(url, folder, initialised=False) as stranger:
        assert judged_here(stranger, credential.document) == "indeterminate"
