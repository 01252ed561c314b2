"""Examples of the VC API that work when they are sent: the signatures are real, of a key that nobody needs."""

from typing import Final

from pydantic import JsonValue

UNSIGNED: Final[dict[str, JsonValue]] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "credentialSubject": {"id": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"},
}
_ISSUER: Final = "did:key:z6MkstxvTh9QPVUpLGzE2FEEhJrPUAbAxthewJMhbDdYeYWq"
SIGNED: Final[dict[str, JsonValue]] = {
    **UNSIGNED,
    "id": "urn:uuid:5a1f7f86-3c7e-4d42-9a0d-5a3c1c6b7a11",
    "issuer": _ISSUER,
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-06-01T00:00:00Z",
        "verificationMethod": f"{_ISSUER}#{_ISSUER.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
        "proofValue": ("z36KFq8XAQkXWzXDXpJT1SybfUrzpbFGuY5ss8sMj2WkdUfZ9mXSaHqH6Ng3L7SXvJaB2bYE3gNpVhvQhq4XcsPBj"),
    },
}
PRESENTED: Final[dict[str, JsonValue]] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiablePresentation"],
    "verifiableCredential": [SIGNED],
}
