"""A verifiable credential that somebody else wrote, made ready to be given a status and a proof (profile `vc`).

    document -> issuer filled in -> form -> nothing that cannot be signed -> what VC Data Model 1.1 needs for a proof

The content is the caller's: `credentialSubject` and everything else come back as they were. Only `issuer` is filled in
where it is missing, and the context of Data Integrity is added to a credential of version 1.1, whose own context has no
words for such proofs.
"""

from typing import Final

from registry.domain.canonical import JsonObject, JsonValue, check_ijson
from registry.domain.claims import check_claims
from registry.domain.errors import Malformed
from registry.domain.one_or_many import as_objects
from registry.domain.related_resource import unknown_resources
from registry.domain.status_entry import StatusEntry, is_status_entry
from registry.domain.vc_form import check_form, is_version_1, issuer_id

DATA_INTEGRITY_CONTEXT: Final = "https://w3id.org/security/data-integrity/v2"


def prepare_credential(document: JsonObject, *, issuer: str) -> JsonObject:
    """Return a document as it is to be signed by an issuer, in a copy; its status is still to be added.

    Raises Malformed with the code of the first rule broken, `issuer-differs` for somebody else's credential,
    `related-resource-unknown` for a digest that cannot be compared here, `malformed-status-entry`. What JSON-LD would lose is told by the port.
    """
    named = _of_issuer(document, issuer)
    for problem in check_form(named):
        raise Malformed(problem.code, problem.message, where=problem.where)
    for resource in unknown_resources(named):
        message = f"expected resources that are known here, whose digest can be compared, got {resource}"
        raise Malformed("related-resource-unknown", message, where="relatedResource")
    for entry in as_objects(named["credentialStatus"]) if "credentialStatus" in named else ():
        if is_status_entry(entry):
            StatusEntry.parse(entry)
    check_ijson(named)
    check_claims({name: member for name, member in named.items() if name != "proof"})
    return _with_proof_context(named)


def _of_issuer(document: JsonObject, issuer: str) -> JsonObject:
    if "issuer" not in document:
        return {**document, "issuer": issuer}
    given = document["issuer"]
    if isinstance(given, dict) and "id" not in given:
        return {**document, "issuer": {"id": issuer, **given}}
    if issuer_id(document) != issuer:
        raise Malformed("issuer-differs", f"expected {issuer}, the issuer that signs", where="issuer")
    return dict(document)


def _with_proof_context(document: JsonObject) -> JsonObject:
    contexts: JsonValue = document["@context"]
    if not is_version_1(document) or not isinstance(contexts, list) or DATA_INTEGRITY_CONTEXT in contexts:
        return document
    return {**document, "@context": [*contexts, DATA_INTEGRITY_CONTEXT]}
