"""Verifying credentials as VCALM 1.0 asks for it: one word, `verified`, and the reasons (profile `vc`).

    verified = form, signature, issuer and validity pass, and status neither fails nor is unknown

"Could not check" is never `verified`. Who asks for the checks of proofs alone is told of a status that could not be
checked as a warning; a revoked credential is refused whatever is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import Check, CheckId, Reason, Result
from registry.domain.errors import NotFound
from registry.domain.evidence import KnownContract, Policy, Profile
from registry.domain.one_or_many import as_items, objects_of
from registry.domain.verdict import Verdict
from registry.service.checking import OwnWord, verify_here
from registry.service.list_addresses import own_list
from registry.service.resources import Resources
from registry.service.served_lists import StatusListCopy
from registry.service.verifying import Verifier, VerifyRequest

MAX_LISTS: Final = 8
"""Own lists looked at for one credential; one has two entries at most. Each costs a look into the database."""
STATUS_CHECKS: Final = frozenset({"credentialStatus", "status", "revocation"})
"""Words by which a caller asks for the check of the status; `checks` without any of them asks for the rest."""

_STATUS: Final = frozenset({CheckId.REVOCATION, CheckId.SUSPENSION})
_MALFORMED: Final = frozenset({Reason.NO_PROOF, Reason.MALFORMED_PROOF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a verifier asks for."""

    checks: frozenset[str] = frozenset()
    """Names of checks; none for all."""
    challenge: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCredential:
    """What became of one credential."""

    document: JsonObject
    verdict: Verdict
    problems: tuple[Check, ...]
    """The checks that keep it from being verified, in their order."""
    warnings: tuple[Check, ...]
    """What could not be checked and was not asked for."""

    @property
    def verified(self) -> bool:
        """Nothing keeps it from being verified."""
        return not self.problems

    @property
    def malformed(self) -> bool:
        """It is no credential with a proof at all: there was nothing to verify."""
        form, signature = self.verdict.check(CheckId.FORM), self.verdict.check(CheckId.SIGNATURE)
        return form.result is Result.FAIL or (signature.result is Result.FAIL and signature.reason in _MALFORMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialChecker:
    """Verifies credentials with what this server knows: its own lists, its own receipts."""

    resources: Resources
    verifier: Verifier
    own: OwnWord
    published_contract: KnownContract

    def check(self, document: JsonObject, wanted: Wanted) -> CheckedCredential:
        """Judge a credential."""
        lenient = _STATUS if wanted.checks and STATUS_CHECKS.isdisjoint(wanted.checks) else frozenset()
        request = VerifyRequest(
            credential=canonicalize(document),
            policy=Policy(published_contract=self.published_contract, profile=Profile.VC),
            resolve_did=True,
            fetch_status=not lenient,
            status_lists=tuple(self._own_lists(document)),
        )
        verdict = verify_here(request, verifier=self.verifier, own=self.own)
        broken = [check for check in verdict.checks if check.result in {Result.FAIL, Result.UNKNOWN}]
        warnings = tuple(check for check in broken if check.result is Result.UNKNOWN and check.id in lenient)
        return CheckedCredential(
            document=document,
            verdict=verdict,
            problems=(*(check for check in broken if check not in warnings), *_unasked(document, wanted)),
            warnings=warnings,
        )

    def _own_lists(self, document: JsonObject) -> Iterator[StatusListCopy]:
        """Return the lists that the credential names by their short addresses here: nobody needs to fetch them."""
        for url in sorted(_list_urls(document.get("credentialStatus")))[:MAX_LISTS]:
            found = own_list(self.resources, url)
            if found is None:
                continue
            # Read now: that nothing has changed for a year makes it no older.
            now = self.resources.clock.now()
            try:
                content = self.own.status_lists.serve(*found).content
            except NotFound:
                continue
            yield StatusListCopy(content=content, fetched_at=now)


def _unasked(document: JsonObject, wanted: Wanted) -> Iterator[Check]:
    """Tell which of the verifier's own words a proof lacks: they are signed, so it is enough to compare them."""
    objects = objects_of(document.get("proof"))
    if wanted.challenge is not None and any(proof.get("challenge") != wanted.challenge for proof in objects):
        yield _differs(Reason.CHALLENGE_DIFFERS, "A proof does not answer the challenge that was made.")
    if wanted.domain is not None and any(wanted.domain not in as_items(proof.get("domain")) for proof in objects):
        yield _differs(Reason.DOMAIN_DIFFERS, "A proof was made for another domain.")


def _differs(reason: Reason, sentence: str) -> Check:
    return Check(id=CheckId.SIGNATURE, result=Result.FAIL, reason=reason, sentence=sentence)


def _list_urls(value: JsonValue) -> set[str]:
    urls = (entry.get("statusListCredential") for entry in objects_of(value))
    return {url for url in urls if isinstance(url, str)}
