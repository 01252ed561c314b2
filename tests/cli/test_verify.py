"""`credroot verify` as a program against a real chain, with neither service nor database: words, exit codes, output."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from registry.adapters.baking_png import bake_png
from registry.adapters.baking_svg import bake_svg
from registry.cli.main import main
from registry.devchain.accounts import development_accounts
from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.receipt import Receipt
from registry.domain.slot import Purpose
from tests.adapters.did_hosts import ca_file, did_host
from tests.devchain_process import run_devchain
from tests.epochs import Issued, World, build_world, make_key_issuer, make_web_issuer, sign
from tests.node_chain import node_chain
from tests.paths import REPO_ROOT
from tests.presented_case import PICTURE_SVG, attached_pdf, make_png, make_zip

TIMEOUT_SECONDS: Final = 120.0
# A verification takes two; a machine that runs other test processes too may need many times that.


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A verifier's desk: files, a chain's URL, and the command."""

    folder: Path
    url: str
    log: str
    issuer: str

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def arguments(self, name: str, *options: str, receipt: bool = True, rpc: bool = True) -> list[str]:
        arguments = ["verify", self.file(f"{name}.json"), *options]
        if receipt:
            arguments += ["--receipt", self.file(f"{name}.receipt.json")]
        if rpc:
            arguments += ["--rpc", self.url]
        return arguments

    def verdict(self, name: str, *options: str, receipt: bool = True, rpc: bool = True) -> dict[str, Any]:
        """Run the program in this process, which imports web3 once, and return the verdict it prints."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*self.arguments(name, *options, receipt=receipt, rpc=rpc), "--json"])
        written: dict[str, Any] = json.loads(out.getvalue())
        assert err.getvalue() == ""
        assert code == written["exitCode"]
        return written

    def write(self, name: str, document: JsonObject, receipt: Receipt | JsonObject | None) -> None:
        (self.folder / f"{name}.json").write_bytes(canonicalize(document))
        if receipt is not None:
            content = receipt.to_json() if isinstance(receipt, Receipt) else receipt
            (self.folder / f"{name}.receipt.json").write_bytes(canonicalize(content))


def run_credroot(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "registry.cli.main", *arguments],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    certificates = trustme.CA()
    ca_file(certificates, folder)
    with did_host(certificates) as host, run_devchain() as process:
        accounts = development_accounts()
        chain = node_chain(process.url, accounts[0], chain_id=process.chain_id)
        web = make_web_issuer(f"{host.did}:issuers:physics", "web", logs=[chain.log])
        host.serve("/issuers/physics/did.json", web.content)
        (folder / "did.json").write_bytes(web.content)
        world = build_world(chain, issuers=[make_key_issuer("key"), web])
        found = Desk(folder=folder, url=process.url, log=str(chain.log), issuer=web.did)
        thief = build_world(node_chain(process.url, accounts[1], chain_id=process.chain_id), issuers=[web])
        fill(found, world, thief)
        yield found


def fill(desk: Desk, world: World, thief: World) -> None:
    """Write one file for each case, its receipt where it has one, and the published files."""
    day = timedelta(days=1)
    now = datetime.now(UTC)
    issued: dict[str, Issued] = {
        "valid": world.issue("valid"),
        "web": world.issue("web", issuer=world.web_issuer),
        "revoked": world.issue("revoked"),
        "suspended": world.issue("suspended", suspendable=True),
        "expired": world.issue("expired", valid_until=now - day),
        "future": world.issue("future", valid_from=now + day),
    }
    world.seal()
    old = world.receipt(issued["revoked"])
    world.mark(issued["revoked"], Purpose.REVOCATION)
    world.mark(issued["suspended"], Purpose.SUSPENSION)
    world.seal()
    for name, item in issued.items():
        desk.write(name, item.document, world.receipt(item))
    desk.write("waiting", world.issue("waiting").document, None)
    valid = issued["valid"]
    subject: JsonObject = {"id": "urn:example:1", "name": "Mallory"}
    desk.write("tampered", {**valid.document, "credentialSubject": subject}, world.receipt(valid))
    forged = sign(issued["web"].document, issuer=make_key_issuer("thief"), method=world.web_issuer.method)
    desk.write("wrong-issuer", forged, world.receipt(issued["web"]))
    stolen = thief.issue("stolen", issuer=world.web_issuer)
    # The thief puts the revoked credential into a log of his own, where no bit was ever set.
    thief.waiting.append(replace(issued["revoked"], issuer=world.web_issuer))
    thief.seal()
    desk.write("stolen-key", stolen.document, thief.receipt(stolen))
    own = thief.receipt(issued["revoked"]).to_json()
    desk.write("un-revocation", issued["revoked"].document, {**own, "status": list(own["status"])})  # type: ignore[arg-type]  # a list of proofs
    desk.write("old-receipt", issued["revoked"].document, old)
    world.publish(desk.folder / "published")


@pytest.mark.parametrize(
    ("name", "word", "code"),
    [
        ("valid", "valid", 0),
        ("revoked", "revoked", 1),
        ("suspended", "suspended", 1),
        ("expired", "expired", 1),
        ("future", "not-yet-valid", 1),
        ("tampered", "invalid", 1),
        ("un-revocation", "invalid", 1),
        ("web", "indeterminate", 3),
    ],
)
def test_a_receipt_and_a_chain_are_enough_for_a_verdict(desk: Desk, name: str, word: str, code: int) -> None:
    finished = run_credroot(*desk.arguments(name), "--json")

    verdict = json.loads(finished.stdout)
    assert (verdict["verdict"], verdict["exitCode"], finished.returncode) == (word, code, code), verdict
    assert finished.stderr == ""


def test_a_did_web_issuer_is_judged_by_trust_in_its_log_or_by_its_document(desk: Desk) -> None:
    trusting = desk.verdict("web", "--trust-log", desk.log)
    resolving = desk.verdict("web", "--resolve-did", "--ca-file", desk.file("ca.pem"))
    holding = desk.verdict("web", "--did-document", desk.file("did.json"))

    assert [verdict["verdict"] for verdict in (trusting, resolving, holding)] == ["valid"] * 3
    assert code_of(trusting, "issuer") == "key-listed-by-log"
    assert code_of(resolving, "issuer") == "key-listed"


def test_a_stolen_key_with_a_log_of_the_thiefs_own_is_invalid_only_by_the_issuers_word(desk: Desk) -> None:
    resolving = desk.verdict("stolen-key", "--resolve-did", "--ca-file", desk.file("ca.pem"))
    trusting = desk.verdict("stolen-key", "--trust-log", desk.log)

    assert (resolving["verdict"], code_of(resolving, "issuer")) == ("invalid", "log-not-named")
    assert (trusting["verdict"], code_of(trusting, "issuer")) == ("indeterminate", "log-not-trusted")


def test_a_document_signed_by_somebody_else_is_invalid(desk: Desk) -> None:
    verdict = desk.verdict("wrong-issuer", "--did-document", desk.file("did.json"))

    assert (verdict["verdict"], code_of(verdict, "signature")) == ("invalid", "signature-mismatch")


def test_published_files_make_up_for_a_missing_receipt(desk: Desk) -> None:
    published = ("--published", desk.file("published"))

    valid = desk.verdict("valid", *published, receipt=False)
    revoked = desk.verdict("revoked", *published, receipt=False)
    waiting = desk.verdict("waiting", *published, receipt=False)

    assert [verdict["verdict"] for verdict in (valid, revoked, waiting)] == ["valid", "revoked", "not-yet-anchored"]


def test_without_a_receipt_nothing_is_decided(desk: Desk) -> None:
    assert desk.verdict("valid", receipt=False)["verdict"] == "indeterminate"


def test_an_old_receipt_of_a_revoked_credential_is_caught_by_published_files(desk: Desk) -> None:
    verdict = desk.verdict("old-receipt", "--published", desk.file("published"), "--max-status-age", "0")
    alone = desk.verdict("old-receipt", "--max-status-age", "0")

    assert verdict["verdict"] == "revoked"
    assert (alone["verdict"], code_of(alone, "revocation")) == ("indeterminate", "status-stale")


def test_a_policy_makes_an_issuer_untrusted(desk: Desk) -> None:
    policy = desk.folder / "policy.json"
    policy.write_text(json.dumps([desk.issuer]), encoding="utf-8")

    verdict = desk.verdict("valid", "--recognise", str(policy))

    assert (verdict["verdict"], verdict["exitCode"]) == ("untrusted", 2)


def test_the_verdict_of_a_date_is_read_at_the_last_block_before_it(desk: Desk) -> None:
    anchored = json.loads((desk.folder / "revoked.receipt.json").read_bytes())["anchor"]

    verdict = desk.verdict("old-receipt", "--at", anchored["blockTime"])

    assert verdict["block"]["number"] < anchored["blockNumber"]
    assert verdict["verdict"] == "not-yet-anchored"


def test_several_nodes_must_agree_and_the_block_is_named_by_its_hash(desk: Desk) -> None:
    verdict = desk.verdict("valid", "--rpc", desk.url)

    assert verdict["verdict"] == "valid"
    assert len(verdict["block"]["hash"]) == 66
    assert verdict["block"]["final"] is True


def test_the_profile_vc_says_that_anchoring_was_not_asked(desk: Desk) -> None:
    verdict = desk.verdict("valid", "--profile", "vc")

    assert verdict["profile"] == "vc"
    assert code_of(verdict, "anchor") == "profile-vc"
    assert any("not asked" in note for note in verdict["notes"])


def test_people_read_the_word_first_and_every_check_on_a_line(desk: Desk) -> None:
    finished = run_credroot(*desk.arguments("revoked"))

    lines = finished.stdout.splitlines()
    assert lines[0].startswith("REVOKED")
    assert [line.split()[1] for line in lines[2:14]] == [
        "form",
        "signature",
        "issuer",
        "leaf",
        "inclusion",
        "anchor",
        "finality",
        "validity",
        "revocation",
        "suspension",
        "log",
        "recognition",
    ]
    assert "FAIL" in lines[10]
    assert any("Not whether the holder has the skill." in line for line in lines)
    assert finished.returncode == 1


def test_words_of_a_document_do_not_steer_the_terminal(desk: Desk, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.json"
    hostile.write_bytes(canonicalize({"id": "urn:x:\u001b[2J\u202e", "type": []}))

    finished = run_credroot("verify", str(hostile))

    assert "\u001b" not in finished.stdout
    assert "\u202e" not in finished.stdout
    assert finished.returncode == 1


def test_without_a_chain_nothing_is_valid_and_nothing_is_forged(desk: Desk) -> None:
    verdict = desk.verdict("valid", rpc=False)

    assert (verdict["verdict"], code_of(verdict, "anchor")) == ("indeterminate", "no-rpc")


def test_with_the_chain_stopped_the_exit_code_is_3(desk: Desk) -> None:
    with run_devchain() as process:
        url = process.url

    for name in ("valid", "revoked", "web"):
        verdict = desk.verdict(name, "--rpc", url, "--trust-log", desk.log, rpc=False)

        assert (verdict["verdict"], code_of(verdict, "anchor")) == ("indeterminate", "chain-unreachable")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--max-status-age", "-1"],
        ["--max-status-age", "soon"],
        ["--contract", "0x12"],
        ["--trust-log", "eip155:01/0x/1"],
        ["--at", "yesterday"],
        ["--profile", "other"],
        ["--did-document", "x", "--resolve-did"],
        ["--no-such-option"],
        ["--recognise", "no-such-file"],
        ["--receipt", "no-such-file"],
        ["--published", "http://example.org/"],
        ["--resolve-did", "--ca-file", "no-such-file"],
    ],
)
def test_wrong_usage_is_64_with_one_clear_error(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "credential.json"
    if arguments:
        file.write_bytes(b"{}")

    code = run_here("verify", str(file), *arguments)

    out, err = capsys.readouterr()
    assert code == 64
    assert out == ""
    assert "error:" in err or err.count("\n") == 1


def test_a_pdf_and_a_bundle_verify_by_themselves_and_pictures_with_published_files(desk: Desk) -> None:
    credential, receipt = ((desk.folder / f"valid{suffix}").read_bytes() for suffix in (".json", ".receipt.json"))
    attached = {"credential.json": credential, "receipt.json": receipt}
    files = {
        "pdf": attached_pdf(attached),
        "zip": make_zip({**attached, "badge.png": bake_png(make_png(), credential)}),
        "png": bake_png(make_png(), credential),
        "svg": bake_svg(PICTURE_SVG, credential),
    }
    for name, content in files.items():
        (desk.folder / f"{name}.json").write_bytes(content)

    alone = [desk.verdict(name, receipt=False)["verdict"] for name in files]
    published = [desk.verdict(name, "--published", desk.file("published"), receipt=False)["verdict"] for name in files]

    assert alone == ["valid", "valid", "indeterminate", "indeterminate"]
    assert published == ["valid"] * 4


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["valid", "expired", "web"], 1),
        (["valid", "web"], 3),
        (["valid"], 0),
    ],
)
def test_of_many_the_worst_is_the_exit_code(
    desk: Desk, names: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    members = {
        f"{name}/{name}{suffix}": (desk.folder / f"{name}{suffix}").read_bytes()
        for name in names
        for suffix in (".json", ".receipt.json")
    }
    (desk.folder / "many.json").write_bytes(make_zip(members))

    assert main(desk.arguments("many", receipt=False)) == code
    assert capsys.readouterr().out.startswith("VALID")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "large.json"
    file.write_bytes(b" " * 17_000_000)

    assert run_here("verify", str(file)) == 64
    assert "at most" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["verify", "--help"], 0), ([], 64), (["no"], 64)])
def test_the_program_explains_itself(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(*arguments) == code

    out, err = capsys.readouterr()
    assert "usage: credroot" in out + err


def run_here(*arguments: str) -> int:
    """Run the program in this process, for what needs no chain."""
    try:
        return main(arguments)
    except SystemExit as end:
        return int(str(end.code))


def code_of(verdict: dict[str, Any], check: str) -> str:
    return next(str(item["code"]) for item in verdict["checks"] if item["id"] == check)
