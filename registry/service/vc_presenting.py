"""Verifying presentations as VCALM 1.0 asks for it: the holder's proof, and every credential inside.

    verified = well-formed, the proof holds for `authentication` with the verifier's challenge and domain, by a key of
               the holder, and every credential is verified

That subject and holder are one person is the caller's to decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue, parse_object
from registry.domain.check import Check, CheckId, Finding, Reason, Result, failed
from registry.domain.data_integrity import AUTHENTICATION, MAX_PROOFS
from registry.domain.did_document import DidDocument, parse_did_document
from registry.domain.errors import CredrootError, Malformed
from registry.domain.key_lookup import keys_at_hand
from registry.domain.proof_checking import Expected, ProofsResult, verify_proofs
from registry.domain.form_problem import FormProblem
from registry.ports import DidResolver
from registry.service.vc_checking import CheckedCredential, CredentialChecker, Wanted

MAX_CREDENTIALS: Final = 32
"""In one presentation: a wallet shows a handful, and each costs a verification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPresentation:
    """What became of a presentation."""

    document: JsonObject
    form: Finding | None
    """What is wrong with its form; None: nothing."""
    proofs: ProofsResult | None
    """None for a presentation that never had a proof."""
    credentials: tuple[CheckedCredential, ...]

    @property
    def problems(self) -> tuple[Check, ...]:
        """What keeps the presentation itself from being verified."""
        signature = None if self.proofs is None else self.proofs.finding
        findings = ((CheckId.FORM, self.form), (CheckId.SIGNATURE, signature))
        return tuple(
            finding.of(check)
            for check, finding in findings
            if finding is not None and finding.result is not Result.PASS
        )

    @property
    def verified(self) -> bool:
        """Nothing keeps it, or a credential in it, from being verified."""
        return not self.problems and all(credential.verified for credential in self.credentials)

    @property
    def malformed(self) -> bool:
        """It is no presentation at all, or has no proof where it should."""
        broken = self.proofs is not None and self.proofs.finding.reason in {Reason.NO_PROOF, Reason.MALFORMED_PROOF}
        return self.form is not None or broken


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationChecker:
    """Verifies presentations."""

    credentials: CredentialChecker
    did_resolver: DidResolver

    def check(self, document: JsonObject, wanted: Wanted, *, proved: bool) -> CheckedPresentation:
        """Judge a presentation; one that is not `proved` must have no proof, and only its credentials count.

        Raises Malformed `too-many-credentials`, and `proof-unexpected` for a proof that nobody would look at.
        """
        inside = list(_credentials(document))
        if len(inside) > MAX_CREDENTIALS:
            message = f"expected at most {MAX_CREDENTIALS}, got {len(inside)}"
            raise Malformed("too-many-credentials", message, where="verifiableCredential")
        if not proved and "proof" in document:
            raise Malformed("proof-unexpected", "expected it as verifiablePresentation: it has a proof", where="proof")
        return CheckedPresentation(
            document=document,
            form=_form(document, inside),
            proofs=self._check_proofs(document, wanted) if proved else None,
            credentials=tuple(
                # Challenge and domain are the presentation's: its credentials were signed long before.
                self.credentials.check(credential, Wanted(checks=wanted.checks))
                for credential in inside
                if isinstance(credential, dict)
            ),
        )

    def _check_proofs(self, document: JsonObject, wanted: Wanted) -> ProofsResult:
        resources = self.credentials.resources
        now = resources.clock.now()
        expected = Expected(
            purpose=AUTHENTICATION,
            moment=now,
            now=now,
            challenge=wanted.challenge,
            domains=() if wanted.domain is None else (wanted.domain,),
        )
        return verify_proofs(
            document,
            expected=expected,
            controller=holder_id(document),
            keys=keys_at_hand(tuple(self._did_documents(document)), purpose=AUTHENTICATION),
            canonical_nquads=resources.json_ld.canonical_nquads,
        )

    def _did_documents(self, document: JsonObject) -> Iterator[DidDocument]:
        """Fetch the documents of the keys that the proofs name; what cannot be had leaves its proofs unknown."""
        proofs = document.get("proof")
        objects = [proof for proof in (proofs if isinstance(proofs, list) else [proofs]) if isinstance(proof, dict)]
        methods = [proof.get("verificationMethod") for proof in objects[:MAX_PROOFS]]
        dids = dict.fromkeys(method.partition("#")[0] for method in methods if isinstance(method, str))
        for did in dids:
            if not did.startswith("did:web:"):
                continue
            try:
                yield parse_did_document(parse_object(self.did_resolver.resolve(did).content))
            except CredrootError:
                continue


def check_presentation(document: JsonObject) -> Iterator[FormProblem]:
    """Tell what is wrong with the form of a presentation."""
    types = document.get("type")
    if "VerifiablePresentation" not in (types if isinstance(types, list) else [types]):
        message = "expected VerifiablePresentation among the types"
        yield FormProblem(code="malformed-type", where="type", message=message)


def holder_id(document: JsonObject) -> str | None:
    """Return the identifier of a presentation's holder, if it has one."""
    holder = document.get("holder")
    identifier = holder.get("id") if isinstance(holder, dict) else holder
    return identifier if isinstance(identifier, str) else None


def _form(document: JsonObject, inside: list[JsonValue]) -> Finding | None:
    for problem in check_presentation(document):
        return failed(Reason.NOT_A_CREDENTIAL, f"The document is no presentation: {problem.where}: {problem.message}.")
    if not all(isinstance(credential, dict) for credential in inside):
        return failed(Reason.NOT_A_CREDENTIAL, "The document is no presentation: expected credentials as objects.")
    return None


def _credentials(document: JsonObject) -> Iterator[JsonValue]:
    value = document.get("verifiableCredential", [])
    yield from value if isinstance(value, list) else [value]
