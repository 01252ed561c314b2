"""Signers in another process: both forms, everything they may do wrong, and what is shown of their URL."""

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
import trustme
from eth_account import Account
from eth_account.signers.local import LocalAccount

from registry.adapters.remote_signer import RestSigner, RpcSigner, SignerTls, open_remote_signer
from registry.adapters.transactions import sign_transaction
from registry.domain.errors import CredrootError, Malformed, ProofMismatch, Refused, Unavailable
from tests.adapters.test_transactions import TRANSACTION
from tests.signer_server import (
    ALTERATIONS,
    MISBEHAVIOURS,
    SIGN_ROUTE,
    SignerServer,
    misbehaviours,
    other_account,
    public_key_of,
    reply,
    run_signer,
    signature_of,
)

ACCOUNT: Final[LocalAccount] = Account.from_key("0x" + "01" * 32)
NO_TLS: Final = SignerTls()
DEADLINE_SECONDS: Final = 0.5
FORMS: Final = ("rpc", "rest")


def opened(signer: SignerServer, form: str, *, deadline_seconds: float = 10.0) -> RpcSigner | RestSigner:
    url = signer.url if form == "rpc" else signer.key_url
    return open_remote_signer(url, address=ACCOUNT.address, tls=NO_TLS, deadline_seconds=deadline_seconds)


@pytest.mark.parametrize("form", FORMS)
def test_a_signer_signs_what_is_asked_for(form: str) -> None:
    with run_signer(ACCOUNT, chain_id=TRANSACTION.chain_id) as server:
        signer = opened(server, form)
        signer.check()
        signed = sign_transaction(signer, TRANSACTION)

    assert Account.recover_transaction(signed.raw) == ACCOUNT.address
    assert signer.address == ACCOUNT.address.lower()


@pytest.mark.parametrize("field", ALTERATIONS)
def test_a_signer_that_changes_a_field_is_found_out(field: str) -> None:
    with run_signer(ACCOUNT, chain_id=TRANSACTION.chain_id) as server:
        server.alter = ALTERATIONS[field]

        with pytest.raises(ProofMismatch) as caught:
            sign_transaction(opened(server, "rpc"), TRANSACTION)

    assert caught.value.code == "signed-otherwise"


def test_a_signer_of_another_chain_is_found_out() -> None:
    with run_signer(ACCOUNT, chain_id=1) as server, pytest.raises(ProofMismatch, match="chainId"):
        sign_transaction(opened(server, "rpc"), TRANSACTION)


@pytest.mark.parametrize("form", FORMS)
def test_a_signer_with_another_key_is_refused_at_the_start_and_at_every_signature(form: str) -> None:
    with run_signer(other_account(), chain_id=TRANSACTION.chain_id) as server:
        signer = opened(server, form)

        with pytest.raises(Refused, match="signer"):
            signer.check()
        with pytest.raises((Refused, ProofMismatch)):
            sign_transaction(signer, TRANSACTION)


def test_a_route_whose_signer_signs_with_another_key_is_refused() -> None:
    with run_signer(ACCOUNT, chain_id=TRANSACTION.chain_id) as server:
        signer = opened(server, "rest")
        server.instead = lambda handler: reply(handler, signature_of(other_account(), b"\x11" * 32))

        with pytest.raises(Refused, match="another key"):
            sign_transaction(signer, TRANSACTION)


def test_a_route_without_the_key_is_refused() -> None:
    with run_signer(other_account(), chain_id=TRANSACTION.chain_id) as server:
        url = f"{server.url}{SIGN_ROUTE}0x{public_key_of(ACCOUNT)}"
        signer = open_remote_signer(url, address=ACCOUNT.address, tls=NO_TLS)
        signer.check()

        with pytest.raises(Refused, match="no such key"):
            signer.sign(TRANSACTION)


@pytest.mark.parametrize("kind", MISBEHAVIOURS)
@pytest.mark.parametrize("form", FORMS)
def test_a_signer_that_does_not_answer_is_unavailable_and_its_url_is_not_shown(form: str, kind: str) -> None:
    with run_signer(ACCOUNT, chain_id=TRANSACTION.chain_id, secret="user:hidden") as server:
        server.instead = misbehaviours(server)[kind]
        signer = opened(server, form, deadline_seconds=DEADLINE_SECONDS)

        with pytest.raises(Unavailable) as caught:
            sign_transaction(signer, TRANSACTION)

        assert len(server.asked) == 1
    assert "hidden" not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"


@pytest.mark.parametrize("form", FORMS)
def test_hex_that_is_no_transaction_is_not_believed(form: str) -> None:
    with run_signer(ACCOUNT, chain_id=TRANSACTION.chain_id) as server:
        server.instead = lambda handler: reply(
            handler, '{"jsonrpc":"2.0","id":1,"result":"0x02c0"}' if form == "rpc" else "0x02c0"
        )

        with pytest.raises((Malformed, Unavailable)):
            sign_transaction(opened(server, form), TRANSACTION)


def test_a_signer_that_lists_no_accounts_is_unavailable() -> None:
    with run_signer(ACCOUNT, chain_id=TRANSACTION.chain_id) as server:
        server.instead = lambda handler: reply(handler, '{"jsonrpc":"2.0","id":1,"result":{}}')

        with pytest.raises(Unavailable, match="accounts"):
            opened(server, "rpc").check()


def test_a_signer_that_is_down_is_unavailable() -> None:
    signer = open_remote_signer("http://127.0.0.1:9", address=ACCOUNT.address, tls=NO_TLS)

    with pytest.raises(Unavailable, match="could not be asked"):
        signer.check()


@pytest.mark.parametrize(
    "url", ["", "ftp://host", "host:9000", f"http://host{SIGN_ROUTE}", f"http://host{SIGN_ROUTE}0x1234", "http://[::1"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Malformed):
        open_remote_signer(url, address=ACCOUNT.address, tls=NO_TLS)


def test_a_signer_that_asks_for_a_client_certificate_is_shown_one(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    tls = _tls_files(authority, tmp_path / "ours")
    unknown = replace(_tls_files(stranger, tmp_path / "strange"), ca_file=tls.ca_file)
    results: list[str] = []

    with run_signer(ACCOUNT, chain_id=TRANSACTION.chain_id, tls=context) as server:
        for files in (tls, SignerTls(ca_file=tls.ca_file), unknown, SignerTls()):
            signer = open_remote_signer(server.url, address=ACCOUNT.address, tls=files)
            try:
                sign_transaction(signer, TRANSACTION)
                results.append("signed")
            except CredrootError as error:
                results.append(error.code)

    assert results == ["signed", *["signer-transport"] * 3]


def _tls_files(authority: trustme.CA, folder: Path) -> SignerTls:
    folder.mkdir()
    issued = authority.issue_cert("worker")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    return SignerTls(
        ca_file=folder / "ca.pem",
        certificate_file=folder / "certificate.pem",
        certificate_key_file=folder / "key.pem",
    )
