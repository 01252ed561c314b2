"""Nodes, mirrors, hosts and lists that lie: at worst they leave a verdict open, they never make one."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry.adapters.anchor_log import AnchorLogReader
from registry.adapters.did_resolver import WebDidResolver
from registry.adapters.published import open_published
from registry.cli.main import main
from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Unavailable
from registry.domain.evidence import Profile
from registry.domain.manifest import LogFile, Manifest
from registry.domain.slot import LIST_SIZE, Purpose, status_list_url
from registry.domain.verdict import Verdict, Word
from registry.service.served_lists import StatusListCopy
from registry.service.verifying import VerifyRequest
from tests.attacks.odd_node import answering
from tests.epochs import NOW, STATUS_URL, WEB_ISSUER, build_world, make_key_issuer, make_web_issuer
from tests.memory_chain import memory_chain
from tests.plain_case import Case
from tests.status_case import list_document, sign_list
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 200_000,
        '{"jsonrpc": "2.0", "id": ID, "result": ' + "[" * 200_000 + "]" * 200_000 + "}",
        '{"jsonrpc": "2.0", "id": ID, "result": null}',
        '{"jsonrpc": "2.0", "id": ID, "result": []}',
        '{"jsonrpc": "2.0", "id": ID, "result": {}}',
        '{"jsonrpc": "2.0", "id": ID, "result": "0x"}',
        '{"jsonrpc": "2.0", "id": ID, "result": 1e400}',
        '{"jsonrpc": "2.0", "id": ID, "error": {"code": 1, "message": "\\ud800\\u001b[2J"}}',
        '{"jsonrpc": "2.0", "id": ID, "error": {"code": 1, "message": "' + "x" * 3_000_000 + '"}}',
        "\ufeff{}",
        "",
    ],
    ids=lambda answer: answer[-40:],
)
def test_a_node_that_answers_nonsense_leaves_the_chain_unread(answer: str) -> None:
    case = Case()
    with answering(answer) as url:
        verdict = make_verifier(chain=AnchorLogReader([url])).verify(
            VerifyRequest(
                credential=case.issued.content,
                receipt=receipt_bytes(case.world.receipt(case.issued)),
                policy=default_policy(),
            )
        )

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.CHAIN_UNREACHABLE)
    # What a node says can be written down: it is no longer than a page, and is Unicode.
    assert len(json.dumps(verdict.to_json(), ensure_ascii=False).encode()) < 20_000


def _changed(folder: Path, **members: JsonValue) -> None:
    file = folder / "epochs" / "1" / "manifest.json"
    manifest = json.loads(file.read_bytes())
    for name, value in members.items():
        manifest[name] = value
    file.write_bytes(canonicalize(manifest))


def _with_anchor(folder: Path, **members: JsonValue) -> None:
    manifest = json.loads((folder / "epochs" / "1" / "manifest.json").read_bytes())
    _changed(folder, anchor={**manifest["anchor"], **members})


def _verify_from(folder: Path, case: Case) -> Verdict:
    return make_verifier(chain=case.chain, published=open_published(str(folder))).verify(
        VerifyRequest(credential=case.issued.content, policy=default_policy())
    )


@pytest.mark.parametrize("member", ["root", "statusRoot"])
def test_a_mirror_with_other_roots_does_not_make_a_genuine_credential_look_forged(tmp_path: Path, member: str) -> None:
    case = Case()
    folder = case.world.publish(tmp_path)
    _changed(folder, **{member: "ab" * 32})

    verdict = _verify_from(folder, case)

    assert verdict.word is Word.INDETERMINATE, not_passed(verdict)
    assert outcome(verdict, CheckId.INCLUSION) == (Result.UNKNOWN, Reason.NO_RECEIPT)
    assert any("not what the log anchored" in note for note in verdict.notes)


def _leave_out_the_batch(folder: Path) -> None:
    _changed(folder, batches=[])


def _leave_out_the_entry(folder: Path) -> None:
    file = folder / "epochs" / "1" / "batch-0.bin"
    content = bytearray(file.read_bytes())
    content[64:96] = bytes(32)
    file.write_bytes(content)


def _make_up_an_epoch_without_it(folder: Path) -> None:
    empty = build_world(memory_chain())
    empty.issue("Somebody else")
    empty.seal()
    empty.publish(folder)


@pytest.mark.parametrize("lie", [_leave_out_the_batch, _leave_out_the_entry, _make_up_an_epoch_without_it])
def test_a_mirror_that_leaves_a_credential_out_does_not_make_it_pending(
    tmp_path: Path, lie: Callable[[Path], None]
) -> None:
    case = Case()
    folder = case.world.publish(tmp_path)
    lie(folder)

    verdict = _verify_from(folder, case)

    assert verdict.word is Word.INDETERMINATE


@pytest.mark.parametrize(
    "members",
    [{"epoch": 2}, {"log": f"eip155:31337/0x{'ab' * 20}/1"}, {"log": f"eip155:31337/0x{'ab' * 20}/9"}],
    ids=["epoch", "contract", "number"],
)
def test_a_mirror_that_names_another_anchor_is_not_used(tmp_path: Path, members: JsonObject) -> None:
    case = Case()
    folder = case.world.publish(tmp_path)
    _with_anchor(folder, **members)

    assert _verify_from(folder, case).word is Word.INDETERMINATE


def test_a_mirror_with_another_transaction_changes_nothing(tmp_path: Path) -> None:
    case = Case()
    folder = case.world.publish(tmp_path)
    _with_anchor(folder, transaction="0x" + "00" * 32, blockNumber=0)

    assert _verify_from(folder, case).word is Word.VALID


def test_a_mirror_of_endless_epochs_is_read_a_hundred_epochs_beyond_the_chain() -> None:
    case = Case()
    published = case.world.epochs[0].manifest
    asked: list[int] = []

    class Source:
        def log_file(self) -> LogFile:
            return LogFile(log=case.world.log, deploy_block=0)

        def manifest(self, epoch: int) -> Manifest:
            asked.append(epoch)
            return replace(published, epoch=epoch, batches=(), lists=())

    make_verifier(chain=case.chain, published=Source()).verify(  # type: ignore[arg-type]  # the two methods asked for
        VerifyRequest(credential=case.issued.content, policy=default_policy())
    )

    assert max(asked) <= 101


def test_a_host_name_that_no_name_server_can_hold_is_unavailable() -> None:
    with pytest.raises(Unavailable) as caught:
        WebDidResolver().resolve("did:web:" + "a" * 64 + ".example")

    assert caught.value.code == "did-host-unknown"


@pytest.mark.parametrize(
    "options",
    [
        ["--rpc", "http://["],
        ["--rpc", "http://node.example:99999"],
        ["--published", "https://["],
        ["--published", "https://mirror.example:99999"],
        ["--published", "ftp://mirror.example"],
    ],
    ids=lambda options: options[1],
)
def test_an_address_that_is_none_is_wrong_usage(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "credential.json"
    file.write_bytes(Case().issued.content)

    code = main(["verify", str(file), *options])

    assert code == 64
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("ending", ["revoked", "expires"])
@pytest.mark.parametrize("value", [True, False])
def test_a_list_signed_with_an_ended_key_says_nothing_of_now(ending: str, value: bool) -> None:
    chain = memory_chain()
    web = make_web_issuer(WEB_ISSUER, "web", logs=[chain.log])
    world = build_world(chain, issuers=[make_key_issuer("key"), web])
    issued = world.issue("Ada", issuer=web)
    world.seal()
    chain.mine(NOW)
    end = NOW - timedelta(minutes=30)
    ended = make_web_issuer(
        WEB_ISSUER,
        "web",
        logs=[chain.log],
        revoked=end if ending == "revoked" else None,
        expires=end if ending == "expires" else None,
    )
    number, index = divmod(issued.slot, LIST_SIZE)
    url = status_list_url(STATUS_URL, log=world.log, purpose=Purpose.REVOCATION, number=number)
    served = list_document(url, purpose="revocation", index=index, value=value, issuer=web, at=NOW)

    verdict = make_verifier(chain=chain, issuers=[ended]).verify(
        VerifyRequest(
            credential=issued.content,
            receipt=receipt_bytes(world.receipt(issued)),
            policy=default_policy(),
            resolve_did=True,
            status_lists=(StatusListCopy(content=sign_list(served, issuer=web, at=NOW)),),
        )
    )

    assert verdict.word is Word.VALID, not_passed(verdict)


def test_a_thief_of_an_ended_key_cannot_say_not_revoked_where_the_list_is_all_there_is() -> None:
    chain = memory_chain()
    ended = make_web_issuer(WEB_ISSUER, "web", logs=[], revoked=NOW + timedelta(minutes=1))
    gone = make_web_issuer(WEB_ISSUER, "web", logs=[], revoked=NOW - timedelta(minutes=1))
    url = "https://elsewhere.example/lists/3"
    document: JsonObject = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": WEB_ISSUER,
        "credentialSubject": {"id": "urn:example:1", "name": "Ada"},
        "credentialStatus": {
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "7",
            "statusListCredential": url,
        },
    }
    served = list_document(url, purpose="revocation", index=7, value=False, issuer=ended, at=NOW)
    request = VerifyRequest(
        credential=sign_list(document, issuer=ended, at=NOW),
        policy=replace(default_policy(), profile=Profile.VC),
        resolve_did=True,
        status_lists=(StatusListCopy(content=sign_list(served, issuer=ended, at=NOW)),),
    )

    good = make_verifier(chain=chain, issuers=[ended]).verify(request)
    stolen = make_verifier(chain=chain, issuers=[gone]).verify(request)

    assert good.word is Word.VALID, not_passed(good)
    assert outcome(stolen, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_LIST_UNSIGNED)
