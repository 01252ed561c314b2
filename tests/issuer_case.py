"""A world with one credential of a did:web issuer, and the ways in which its issuer may be known."""

from dataclasses import replace
from datetime import datetime

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.did import PublishedKey, issuer_document
from registry.domain.evidence import Policy
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.receipt import Anchor
from registry.domain.verdict import Verdict
from registry.service.verifying import VerifyRequest
from tests.epochs import (
    NOW,
    WEB_ISSUER,
    Issued,
    Issuer,
    World,
    build_world,
    make_key_issuer,
    make_signer,
    make_web_issuer,
)
from tests.memory_chain import MemoryChain, memory_chain
from tests.verdicts import default_policy, make_verifier


class Case:
    """A world with one credential of the did:web issuer, and ways to look at it."""

    def __init__(self, *, issuer: Issuer | None = None) -> None:
        self.chain: MemoryChain = memory_chain()
        web = make_web_issuer(WEB_ISSUER, "web", logs=[self.chain.log]) if issuer is None else issuer
        self.world: World = build_world(self.chain, issuers=[make_key_issuer("key"), web])
        self.issued: Issued = self.world.issue("Ada", issuer=web)
        self.world.seal()
        self.chain.mine(NOW)

    def verify(
        self,
        *,
        policy: Policy | None = None,
        resolved: JsonObject | None = None,
        given: JsonObject | None = None,
        receipt: JsonObject | None = None,
        document: JsonObject | None = None,
        with_receipt: bool = True,
    ) -> Verdict:
        known = [] if resolved is None else [replace(self.world.web_issuer, document=resolved)]
        wanted = self.world.receipt(self.issued).to_json() if receipt is None else receipt
        return make_verifier(chain=self.chain, issuers=known).verify(
            VerifyRequest(
                credential=self.issued.content if document is None else canonicalize(document),
                receipt=canonicalize(wanted) if with_receipt else None,
                policy=default_policy() if policy is None else policy,
                did_document=None if given is None else canonicalize(given),
                resolve_did=resolved is not None,
            )
        )

    @property
    def trusting(self) -> Policy:
        return replace(default_policy(), trusted_logs=frozenset({self.chain.log}))


def document_with(*, seed: str = "web", fragment: str = "key-1", logs: list[LogName], **ends: datetime) -> JsonObject:
    key = PublishedKey(
        fragment=fragment,
        public_key=make_signer(seed).public_key,
        revoked=ends.get("revoked"),
        expires=ends.get("expires"),
    )
    return issuer_document(WEB_ISSUER, keys=[key], logs=logs)


class AnchorIn:
    """Anchors in a log of one's own on somebody's chain."""

    def __init__(self, chain: MemoryChain, log: LogName) -> None:
        self._chain = chain
        self.log = log

    def anchor(self, root: Digest) -> Anchor:
        return self._chain.anchor_in(self.log, root)
