"""Verifying presentations as VCALM 1.0 asks for it: the holder's proof, and every credential inside.

    verified = well-formed, the proof holds for `authentication` with the verifier's challenge and domain, by a key of
               the holder, and every credential is verified

That subject and holder are one person is the caller's to decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.check import Check, CheckId, Finding, Reason, Result, failed, unknown
from registry.domain.data_integrity import AUTHENTICATION, MAX_PROOFS
from registry.domain.did_document import DidDocument, parse_did_document
from registry.domain.errors import CredrootError, Malformed
from registry.domain.key_lookup import keys_at_hand
from registry.domain.one_or_many import objects_of
from registry.domain.presentation_form import (
    ENVELOPED_PRESENTATION,
    check_presentation,
    holder_id,
    is_enveloped,
    presented_credentials,
)
from registry.domain.proof_checking import Expected, ProofsResult, verify_proofs
from registry.ports import DidResolver
from registry.service.vc_checking import CheckedCredential, CredentialChecker, Wanted

MAX_TIME: Final = timedelta(seconds=30)
"""For the credentials of one presentation. Each may name a dozen hosts that are slow to answer, and a hundred of them would
hold a thread for hours on a stranger's word. A healthy one takes milliseconds."""


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
        return (self.form is not None and self.form.result is Result.FAIL) or broken


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationChecker:
    """Verifies presentations."""

    credentials: CredentialChecker
    did_resolver: DidResolver

    def check(self, document: JsonObject, wanted: Wanted, *, proved: bool) -> CheckedPresentation:
        """Judge a presentation; one that is not `proved` must have no proof, and only its credentials count.

        Raises Malformed `proof-unexpected` for a proof that nobody would look at.
        """
        if not proved and "proof" in document:
            raise Malformed("proof-unexpected", "expected it as verifiablePresentation: it has a proof", where="proof")
        form = _form(document)
        presented = presented_credentials(document) if form is None else ()
        until = self.credentials.resources.clock.now() + MAX_TIME
        proofs = self._check_proofs(document, wanted) if proved else None
        credentials = self._check_credentials(presented, wanted, until=until)
        if len(credentials) < len(presented):
            sentence = f"There was time for the first {len(credentials)} credentials only: present fewer at a time."
            form = unknown(Reason.TOO_COMPLEX, sentence)
        return CheckedPresentation(document=document, form=form, proofs=proofs, credentials=credentials)

    def _check_credentials(
        self, presented: Sequence[JsonObject], wanted: Wanted, *, until: datetime
    ) -> tuple[CheckedCredential, ...]:
        """Judge credentials, in their order, as long as there is time."""
        checked: list[CheckedCredential] = []
        for credential in presented:
            if self.credentials.resources.clock.now() >= until:
                break
            # Challenge and domain are the presentation's: its credentials were signed long before.
            checked.append(self.credentials.check(credential, Wanted(checks=wanted.checks)))
        return tuple(checked)

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
        until = self.credentials.resources.clock.now() + MAX_TIME
        proofs = objects_of(document.get("proof"))
        methods = [proof.get("verificationMethod") for proof in proofs[:MAX_PROOFS]]
        dids = dict.fromkeys(method.partition("#")[0] for method in methods if isinstance(method, str))
        for did in dids:
            if not did.startswith("did:web:") or self.credentials.resources.clock.now() >= until:
                continue
            try:
                yield parse_did_document(parse_object(self.did_resolver.resolve(did).content))
            except CredrootError:
                continue


def _form(document: JsonObject) -> Finding | None:
    if is_enveloped(document, ENVELOPED_PRESENTATION):
        return unknown(Reason.TOKEN_UNSUPPORTED, "A token in an envelope was presented: only JSON is judged here.")
    for problem in check_presentation(document):
        return failed(Reason.NOT_A_CREDENTIAL, f"The document is no presentation: {problem.where}: {problem.message}.")
    return None
