"""Adding an eddsa-rdfc-2022 proof to a document. Checking one is in `registry.domain.data_integrity`."""

from datetime import datetime

from registry.domain.canonical import JsonObject
from registry.domain.data_integrity import attach_proof, proof_options, signed_bytes
from registry.ports import JsonLd, Signer


def secure(
    document: JsonObject,
    *,
    signer: Signer,
    json_ld: JsonLd,
    created: datetime,
    verification_method: str,
) -> JsonObject:
    """Return the document with a proof array of one eddsa-rdfc-2022 proof.

    Proofs already there are replaced. Raises Malformed and UnknownContext as the JSON-LD port.
    """
    options = proof_options(verification_method=verification_method, created=created)
    data = signed_bytes(document, options=options, canonical_nquads=json_ld.canonical_nquads)
    return attach_proof(document, options, signer.sign(data))
