"""`credroot verify --profile vc --fetch-status`: the issuer's status list from a real https host, or an honest doubt."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from registry.cli.main import main
from registry.domain.canonical import JsonObject
from tests.adapters.did_hosts import DidHost, ca_file, did_host
from tests.epochs import Issuer, make_key_issuer, make_web_issuer
from tests.status_case import foreign_entry, list_document, sign_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Another registry on this machine, and a verifier's folder."""

    host: DidHost
    folder: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.host.port}/lists/3"

    def publish(self, issuer: Issuer, *, value: bool = False, at: datetime | None = None, **members: str) -> None:
        """Serve a list in which entry 7 says whether."""
        moment = datetime.now(UTC).replace(microsecond=0) if at is None else at
        document = list_document(self.url, purpose="revocation", index=7, value=value, issuer=issuer, at=moment)
        content = sign_list({**document, **members}, issuer=issuer, at=moment)
        self.host.serve("/lists/3", content, headers={"Content-Type": "application/vc", "Cache-Control": "max-age=60"})

    def check(self, issuer: Issuer, *options: str, entry: JsonObject | None = None) -> dict[str, Any]:
        """Verify a credential of the issuer and return the word and the check of revocation."""
        status = foreign_entry(statusListCredential=self.url) if entry is None else entry
        document: JsonObject = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "issuer": issuer.did,
            "credentialSubject": {"id": "urn:example:1", "name": "Ada"},
            "credentialStatus": status,
        }
        file = self.folder / "credential.json"
        file.write_bytes(sign_list(document, issuer=issuer, at=datetime.now(UTC).replace(microsecond=0)))
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            main(["verify", str(file), "--profile", "vc", "--ca-file", str(self.folder / "ca.pem"), "--json", *options])
        assert err.getvalue() == ""
        verdict: dict[str, Any] = json.loads(out.getvalue())
        revocation = verdict["checks"][8]
        return {"word": verdict["verdict"], "result": revocation["result"], "code": revocation["code"]}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    certificates = trustme.CA()
    ca_file(certificates, tmp_path)
    with did_host(certificates) as host:
        yield Elsewhere(host=host, folder=tmp_path)


def test_a_list_is_fetched_only_when_asked_for(elsewhere: Elsewhere) -> None:
    issuer = make_key_issuer("elsewhere")
    elsewhere.publish(issuer)

    silent = elsewhere.check(issuer)
    asked_before = list(elsewhere.host.requests)
    fetched = elsewhere.check(issuer, "--fetch-status")

    assert silent == {"word": "indeterminate", "result": "unknown", "code": "status-missing"}
    assert asked_before == []
    assert fetched == {"word": "valid", "result": "pass", "code": "not-revoked"}
    assert [path for path, _ in elsewhere.host.requests] == ["/lists/3"]


def test_a_fetched_list_revokes(elsewhere: Elsewhere) -> None:
    issuer = make_key_issuer("elsewhere")
    elsewhere.publish(issuer, value=True)

    assert elsewhere.check(issuer, "--fetch-status") == {"word": "revoked", "result": "fail", "code": "revoked"}


def test_a_fetched_list_counts_as_known_now_however_long_nothing_has_changed(elsewhere: Elsewhere) -> None:
    issuer = make_key_issuer("elsewhere")
    elsewhere.publish(issuer, at=datetime.now(UTC).replace(microsecond=0) - timedelta(days=400))

    assert elsewhere.check(issuer, "--fetch-status")["word"] == "valid"


def test_the_lists_of_a_did_web_issuer_are_checked_with_its_document(elsewhere: Elsewhere) -> None:
    issuer = make_web_issuer(f"{elsewhere.host.did}:physics", "web", logs=[])
    elsewhere.host.serve("/physics/did.json", issuer.content)
    elsewhere.publish(issuer)

    resolved = elsewhere.check(issuer, "--fetch-status", "--resolve-did")
    unresolved = elsewhere.check(issuer, "--fetch-status")

    assert resolved == {"word": "valid", "result": "pass", "code": "not-revoked"}
    assert unresolved == {"word": "indeterminate", "result": "unknown", "code": "status-list-unsigned"}


def test_what_is_wrong_with_a_fetched_list_is_told_and_is_never_a_pass(elsewhere: Elsewhere) -> None:
    issuer, stranger = make_key_issuer("elsewhere"), make_key_issuer("stranger")
    codes = []

    elsewhere.publish(stranger)
    codes.append(elsewhere.check(issuer, "--fetch-status")["code"])
    elsewhere.publish(issuer, id="https://localhost/lists/4")
    codes.append(elsewhere.check(issuer, "--fetch-status")["code"])
    elsewhere.publish(issuer, validUntil="2020-01-01T00:00:00Z", validFrom="2019-01-01T00:00:00Z")
    codes.append(elsewhere.check(issuer, "--fetch-status")["code"])
    elsewhere.host.serve("/lists/3", b"<html>")
    codes.append(elsewhere.check(issuer, "--fetch-status")["code"])
    elsewhere.host.serve("/lists/3", b"", status=503)
    codes.append(elsewhere.check(issuer, "--fetch-status")["code"])
    inside = foreign_entry(statusListCredential="https://169.254.169.254/lists/3")
    codes.append(elsewhere.check(issuer, "--fetch-status", entry=inside)["code"])
    plain = foreign_entry(statusListCredential=elsewhere.url.replace("https", "http"))
    codes.append(elsewhere.check(issuer, "--fetch-status", entry=plain)["code"])

    assert codes == [
        "status-list-unusable",
        "status-list-unusable",
        "status-stale",
        "status-list-unusable",
        "status-unreachable",
        "status-unreachable",
        "status-unreachable",
    ]


def test_a_changed_list_is_unsigned(elsewhere: Elsewhere) -> None:
    issuer = make_key_issuer("elsewhere")
    moment = datetime.now(UTC).replace(microsecond=0)
    said, meant = (
        list_document(elsewhere.url, purpose="revocation", index=7, value=value, issuer=issuer, at=moment)
        for value in (True, False)
    )
    signed = json.loads(sign_list(said, issuer=issuer, at=moment))
    elsewhere.host.serve("/lists/3", json.dumps({**signed, "credentialSubject": meant["credentialSubject"]}).encode())

    assert elsewhere.check(issuer, "--fetch-status") == {
        "word": "indeterminate",
        "result": "unknown",
        "code": "status-list-unsigned",
    }
