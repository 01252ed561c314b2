"""Adding proofs to a document, of the suites asked for. Checking them is in `registry.domain.proof_checking`.

This is the plain way: every suite, any document. Whoever signs many documents of one shape is faster, and is held to
the bytes of this.
"""

from collections.abc import Sequence
from datetime import datetime

from registry.domain.canonical import JsonObject
from registry.domain.cryptosuites import DEFAULT_SUITES, issued_suites
from registry.domain.data_integrity import ASSERTION, attach_proofs, encode_proof_value, proof_options, unsecured
from registry.domain.vc_form import is_endorsement, is_open_badge
from registry.ports import JsonLd, Signer


def secure(
    document: JsonObject,
    *,
    signer: Signer,
    json_ld: JsonLd,
    created: datetime,
    verification_method: str,
    suites: Sequence[str] = DEFAULT_SUITES,
    purpose: str = ASSERTION,
) -> JsonObject:
    """Return the document with one proof of each suite, side by side over the document without proofs.

    Proofs already there are replaced. `proof` is an array where the Open Badges schema asks for one or there are
    several, else an object, which is what other consumers expect.

    Raises Malformed `suite-unsupported` for a suite that is not made here or does not fit the signer's key, and
    Malformed and UnknownContext as the JSON-LD port.
    """
    plain = unsecured(document)
    proofs: list[JsonObject] = []
    for suite in issued_suites(suites, signer.public_key.algorithm):
        options = proof_options(
            plain, suite=suite, verification_method=verification_method, created=created, purpose=purpose
        )
        covered = suite.cover(plain, options, canonical_nquads=json_ld.canonical_nquads)
        signature = signer.sign(covered.hash_data(signer.public_key.algorithm))
        proofs.append({**options, "proofValue": encode_proof_value(signature)})
    return attach_proofs(plain, proofs, as_list=is_open_badge(plain) or is_endorsement(plain))
