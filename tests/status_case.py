"""Credentials whose status is to be judged: one of a log, one of another registry, and signed status lists."""

import base64
import gzip
from dataclasses import replace
from datetime import datetime

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.evidence import ChainEvidence, Evidence, Profile
from registry.domain.slot import LIST_SIZE, Purpose, status_list_url
from registry.domain.status_tree import EMPTY_LIST, write_bit
from registry.domain.verdict import Verdict, judge
from registry.service.served_lists import StatusListCopy
from registry.service.signing import secure
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, STATUS_URL, Issued, Issuer, World, build_world, json_ld, make_key_issuer
from tests.memory_chain import MemoryChain, memory_chain
from tests.verdicts import default_policy, make_verifier, receipt_bytes


class Case:
    """A suspendable credential of a did:key issuer in epoch 1 of a log."""

    def __init__(self) -> None:
        self.chain: MemoryChain = memory_chain()
        self.world: World = build_world(self.chain)
        self.issued: Issued = self.world.issue("Ada", suspendable=True)
        self.world.seal()

    def mark(self, purpose: Purpose, *, value: bool = True, at: datetime | None = None) -> None:
        self.world.mark(self.issued, purpose, value=value)
        self.seal(at=at)

    def seal(self, *, at: datetime | None = None) -> None:
        self.chain.next_time = at
        self.world.seal()

    def evidence(
        self, *, status_epoch: int | None = None, lists: tuple[StatusListCopy, ...] = (), now: datetime = NOW
    ) -> Evidence:
        return make_verifier(chain=self.chain, now=now).gather(
            VerifyRequest(
                credential=self.issued.content,
                receipt=receipt_bytes(self.world.receipt(self.issued, status_epoch=status_epoch)),
                policy=default_policy(),
                status_lists=lists,
            )
        )

    def verify(self, *, status_epoch: int | None = None, lists: tuple[StatusListCopy, ...] = ()) -> Verdict:
        if self.chain.blocks[-1].time < NOW:
            self.chain.mine(NOW)
        return judge(self.evidence(status_epoch=status_epoch, lists=lists))

    def served(
        self,
        purpose: Purpose,
        *,
        value: bool,
        at: datetime = NOW,
        signer: Issuer | None = None,
        fetched_at: datetime | None = None,
        members: JsonObject | None = None,
    ) -> StatusListCopy:
        """Sign the list that the credential names, with one bit set or not."""
        number, index = divmod(self.issued.slot, LIST_SIZE)
        url = status_list_url(STATUS_URL, log=self.world.log, purpose=purpose, number=number)
        document = list_document(url, purpose=purpose, index=index, value=value, issuer=self.issued.issuer, at=at)
        by = self.issued.issuer if signer is None else signer
        return StatusListCopy(
            content=sign_list({**document, **(members or {})}, issuer=by, at=at), fetched_at=fetched_at
        )


def list_document(
    url: str, *, purpose: str, index: int, value: bool, issuer: Issuer, at: datetime, **subject: JsonValue
) -> JsonObject:
    bits = write_bit(EMPTY_LIST, index, value=value)
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.did,
        "validFrom": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encode(bits),
            **subject,
        },
    }


def encode(bits: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(gzip.compress(bits, mtime=0)).decode().rstrip("=")


def sign_list(document: JsonObject, *, issuer: Issuer, at: datetime) -> bytes:
    return canonicalize(
        secure(document, signer=issuer.signer, json_ld=json_ld(), created=at, verification_method=issuer.method)
    )


def changed_view(evidence: Evidence, **members: object) -> Evidence:
    assert isinstance(evidence.chain, ChainEvidence)
    return replace(evidence, chain=replace(evidence.chain, **members))  # type: ignore[arg-type]  # any member


class Foreign:
    """A credential of another registry, judged by the profile vc."""

    def __init__(self, status: JsonValue) -> None:
        self.issuer = make_key_issuer("foreign")
        self.url = "https://elsewhere.example/lists/3"
        document: JsonObject = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "issuer": self.issuer.did,
            "credentialSubject": {"id": "urn:example:1", "name": "Ada"},
        }
        if status is not None:
            document["credentialStatus"] = status
        self.content = sign_list(document, issuer=self.issuer, at=NOW)

    def verify(self, *lists: StatusListCopy) -> Verdict:
        return make_verifier(chain=None).verify(
            VerifyRequest(
                credential=self.content,
                policy=replace(default_policy(), profile=Profile.VC),
                status_lists=lists,
            )
        )

    def served(self, purpose: str, *, value: bool, at: datetime = NOW) -> StatusListCopy:
        document = list_document(self.url, purpose=purpose, index=7, value=value, issuer=self.issuer, at=at)
        return StatusListCopy(content=sign_list(document, issuer=self.issuer, at=at))


def foreign_entry(purpose: str = "revocation", **members: JsonValue) -> JsonObject:
    return {
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": "7",
        "statusListCredential": "https://elsewhere.example/lists/3",
        **members,
    }
