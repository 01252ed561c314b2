"""Adding an eddsa-rdfc-2022 proof to a document, and checking one."""

from datetime import datetime

from registry.domain.canonical import JsonObject
from registry.domain.data_integrity import (
    Proof,
    attach_proof,
    hash_data,
    proof_configuration,
    proof_options,
    unsecured,
    verify_ed25519,
)
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
    signature = signer.sign(_signed_bytes(document, options=options, json_ld=json_ld))
    return attach_proof(document, options, signature)


def signature_holds(document: JsonObject, *, proof: Proof, public_key: bytes, json_ld: JsonLd) -> bool:
    """Tell whether the key made the proof of a document; `proof` comes from `select_proof(document)`.

    Raises Malformed and UnknownContext as the JSON-LD port.
    """
    data = _signed_bytes(document, options=proof.options, json_ld=json_ld)
    return verify_ed25519(public_key=public_key, signature=proof.signature, data=data)


def _signed_bytes(document: JsonObject, *, options: JsonObject, json_ld: JsonLd) -> bytes:
    return hash_data(
        document_nquads=json_ld.canonical_nquads(unsecured(document)),
        configuration_nquads=json_ld.canonical_nquads(proof_configuration(document, options)),
    )
