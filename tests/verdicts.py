"""Verifying in tests: a verifier over a memory chain, and evidence changed one part at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eth_utils.crypto import keccak

from registry.chain_ports import ChainReader, PublishedSource
from registry.domain.canonical import canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Unavailable
from registry.domain.evidence import Policy
from registry.domain.receipt import Receipt
from registry.domain.verdict import Verdict
from registry.ports import ResolvedDid
from registry.service.verifying import Verifier
from registry.wiring.verifying import published_contract
from tests.epochs import NOW, Issuer, json_ld


@dataclass(slots=True, kw_only=True)
class FixedClock:
    """A clock that a test sets."""

    moment: datetime = NOW

    def now(self) -> datetime:
        """Return the moment."""
        return self.moment


@dataclass(slots=True, kw_only=True)
class KnownDids:
    """A resolver that knows some issuers; the others cannot be reached."""

    documents: Mapping[str, bytes] = field(default_factory=dict)

    def resolve(self, did: str) -> ResolvedDid:
        """Return a document, or raise as the real resolver does when a host is down."""
        if did not in self.documents:
            raise Unavailable("did-unreachable", f"no answer for {did}")
        return ResolvedDid(did=did, content=self.documents[did], source="test")


def make_verifier(
    *,
    chain: ChainReader | None,
    issuers: Sequence[Issuer] = (),
    published: PublishedSource | None = None,
    now: datetime = NOW,
) -> Verifier:
    """Return a verifier that resolves the given issuers."""
    return Verifier(
        clock=FixedClock(moment=now),
        json_ld=json_ld(),
        did_resolver=KnownDids(documents={issuer.did: issuer.content for issuer in issuers}),
        chain=chain,
        published=published,
        keccak=keccak,
    )


def default_policy() -> Policy:
    """Return the policy of a verifier who says nothing."""
    return Policy(published_contract=published_contract())


def receipt_bytes(receipt: Receipt) -> bytes:
    """Write a receipt as a file."""
    return canonicalize(receipt.to_json())


def outcome(verdict: Verdict, check: CheckId) -> tuple[Result, Reason]:
    """Return what came of a check, and why."""
    found = verdict.check(check)
    return found.result, found.reason


def not_passed(verdict: Verdict) -> dict[str, str]:
    """Return the reasons of the checks that did not pass, for messages of failing tests."""
    return {str(check.id): f"{check.result} {check.reason}" for check in verdict.checks if check.result != "pass"}
