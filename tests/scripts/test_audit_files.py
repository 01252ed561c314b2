"""What may happen to published files on their way: each is found by its code, and nothing else is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize, parse_object
from registry.domain.hashing import sha256
from tests.audit_case import AuditCase, entry, with_file


def flip(file: Path, at: int) -> None:
    """Change one bit of a file."""
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(bytes(data))


def did_file(case: AuditCase) -> Path:
    """Return the published DID document of the issuer of did:web."""
    return case.published / "issuers" / f"{sha256(case.world.web_issuer.content).hex()}.json"


@pytest.mark.parametrize("at", [0, 31, 40, 64, 100, 127], ids=str)
def test_a_changed_byte_of_a_batch_is_found(case: AuditCase, at: int) -> None:
    case.publish()
    flip(case.epoch(1) / "batch-0.bin", at)

    done = case.audit()

    assert (done.exit_code, done.found) == (1, {"batch-root-differs": 1})
    assert done.json["findings"][0]["place"] == "epochs/1/batch-0.bin"


def test_a_changed_byte_of_a_list_is_found(case: AuditCase) -> None:
    case.publish()
    flip(case.epoch(2) / "revocation-0.bin", 9_000)

    done = case.audit()

    assert (done.exit_code, done.found) == (1, {"list-file-differs": 1})


def test_a_list_and_its_hash_changed_together_are_found(case: AuditCase) -> None:
    case.publish()
    file = case.epoch(2) / "revocation-0.bin"
    flip(file, 9_000)
    case.edit_manifest(2, lambda manifest: first(manifest, "lists").update(sha256=sha256(file.read_bytes()).hex()))

    done = case.audit()

    assert (done.exit_code, done.found) == (1, {"list-root-differs": 1})


def first(manifest: JsonObject, name: str) -> JsonObject:
    """Return the first item of a list of a manifest."""
    items = manifest[name]
    assert isinstance(items, list)
    assert isinstance(items[0], dict)
    return items[0]


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ("root", "root-differs"),
        ("credentialsRoot", "credentials-root-differs"),
        ("statusRoot", "status-root-differs"),
        ("revocationRoot", "revocation-root-differs"),
        ("suspensionRoot", "suspension-root-differs"),
    ],
)
def test_one_changed_root_of_a_manifest_is_one_finding(case: AuditCase, member: str, code: str) -> None:
    case.publish()
    case.edit_manifest(2, lambda manifest: manifest.update({member: "ab" * 32}))

    done = case.audit()

    assert (done.exit_code, done.found) == (1, {code: 1})


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("transaction", "0x" + "ab" * 32),
        ("blockNumber", 1),
        ("blockHash", "0x" + "ab" * 32),
        ("blockTime", "2026-01-01T00:00:00Z"),
        ("epoch", 1),
        ("log", "eip155:1/0x5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f/1"),
    ],
)
def test_an_anchor_that_is_not_the_chain_s_is_found(case: AuditCase, member: str, value: JsonValue) -> None:
    case.publish()
    case.edit_manifest(2, lambda manifest: changed_anchor(manifest, member, value))

    done = case.audit()

    assert (done.exit_code, done.found) == (1, {"anchor-differs": 1})
    finding = done.json["findings"][0]
    assert (finding["place"], finding["found"]) == (f"epochs/2/manifest.json anchor.{member}", str(value))


def changed_anchor(manifest: JsonObject, member: str, value: JsonValue) -> None:
    """Change a member of a manifest's anchor."""
    anchor = manifest["anchor"]
    assert isinstance(anchor, dict)
    anchor[member] = value


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest: first(manifest, "batches").update(entries="../../../log.json"),
        lambda manifest: first(manifest, "batches").update(entries="/etc/hostname"),
        lambda manifest: first(manifest, "lists").update(file="../../../secret.bin"),
        lambda manifest: first(manifest, "lists").update(file="../2/../1/revocation-0.bin"),
        lambda manifest: first(manifest, "lists").update(file="../9/revocation-0.bin"),
        lambda manifest: manifest.update(epoch=1),
        lambda manifest: manifest.update(further=1),
    ],
    ids=["batch up", "batch absolute", "list up", "list round about", "list of later", "other epoch", "member"],
)
def test_a_manifest_that_leads_elsewhere_is_refused(case: AuditCase, edit: Callable[[JsonObject], None]) -> None:
    case.publish()
    case.edit_manifest(2, edit)

    done = case.audit()

    assert (done.exit_code, done.found) == (1, {"manifest-malformed": 1})


@pytest.mark.parametrize("name", ["batch-0.bin", "manifest.json"])
def test_a_link_out_of_the_folder_is_refused(case: AuditCase, name: str) -> None:
    case.publish()
    file, outside = case.epoch(2) / name, case.folder / "outside"
    file.rename(outside)
    file.symlink_to(outside)

    done = case.audit()

    assert (done.exit_code, done.found) == (1, {"file-outside": 1})


def test_an_epoch_that_is_a_link_out_of_the_folder_is_refused(case: AuditCase) -> None:
    case.publish()
    case.epoch(1).rename(case.folder / "outside")
    case.epoch(1).symlink_to(case.folder / "outside", target_is_directory=True)

    assert case.audit().found == {"file-outside": 1}


def test_a_link_inside_the_folder_is_a_file(case: AuditCase) -> None:
    case.publish()
    file = case.epoch(2) / "batch-0.bin"
    file.rename(file.with_name("kept"))
    file.symlink_to("kept")

    assert case.audit().exit_code == 0


def test_files_of_the_wrong_size_are_found(case: AuditCase) -> None:
    case.publish()
    grow(case.epoch(1) / "batch-0.bin", 64)
    grow(case.epoch(2) / "revocation-0.bin", 1)
    grow(did_file(case), 300_000)
    grow(case.published / "log.json", 5_000)

    done = case.audit()

    assert done.exit_code == 1
    assert {finding["place"]: finding["code"] for finding in done.json["findings"]} == {
        "log.json": "file-size",
        "epochs/1/batch-0.bin": "count-differs",
        "epochs/2/revocation-0.bin": "file-size",
        f"issuers/{did_file(case).name}": "file-size",
    }


def test_a_manifest_of_endless_size_is_not_read(case: AuditCase) -> None:
    case.publish()
    # Sparse: it takes no room, and reading it would take 5 GB.
    with (case.epoch(1) / "manifest.json").open("r+b") as stream:
        stream.truncate(5 * 2**30)

    assert case.audit().found == {"file-size": 1}


def grow(file: Path, size: int) -> None:
    """Make a file longer."""
    file.write_bytes(file.read_bytes() + bytes(size))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("epochs/1/batch-0.bin", "batch-missing"),
        ("epochs/2/revocation-0.bin", "list-missing"),
        ("log.json", "log-file-missing"),
    ],
)
def test_an_absent_file_is_found(case: AuditCase, name: str, code: str) -> None:
    case.publish()
    (case.published / name).unlink()

    done = case.audit()

    assert (done.exit_code, done.found) == (1, {code: 1})


def test_an_absent_did_document_is_found(case: AuditCase) -> None:
    case.publish()
    did_file(case).unlink()

    assert case.audit().found == {"did-document-missing": 1}


def test_a_changed_did_document_is_found(case: AuditCase) -> None:
    case.publish()
    flip(did_file(case), 10)

    assert case.audit().found == {"did-document-differs": 1}


@pytest.mark.parametrize("spell", [lambda content: b" " + content, lambda content: content[:-1]], ids=["space", "cut"])
def test_a_did_document_that_is_not_canonical_json_is_found(case: AuditCase, spell: Callable[[bytes], bytes]) -> None:
    content = spell(case.world.web_issuer.content)
    # The header commits to the odd bytes, so that nothing but their spelling is wrong.
    sealed = case.batch(entry("one", 70), issuer=case.world.web_issuer)
    header = replace(sealed.header, did_document=sha256(content))
    case.add_epoch(with_file(replace(sealed, header=header), header.leaf() + sealed.data[32:]))
    case.publish()
    (case.published / "issuers" / f"{sha256(content).hex()}.json").write_bytes(content)

    assert case.audit().found == {"did-document-malformed": 1}


def test_a_log_file_of_another_log_is_found(case: AuditCase) -> None:
    case.publish()
    file = case.published / "log.json"
    document = parse_object(file.read_bytes())
    file.write_bytes(canonicalize({**document, "log": f"{case.world.log}000"}))

    assert case.audit().found == {"log-file-foreign": 1}


def test_a_log_file_that_cannot_be_read_as_one_is_found(case: AuditCase) -> None:
    case.publish()
    (case.published / "log.json").write_bytes(b"{}")

    assert case.audit().found == {"log-file-malformed": 1}
