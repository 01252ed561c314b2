"""A key that may sign status lists and nothing else, as an issuer's DID document names it.

    "service": [{"id": "<did>#status-keys", "type": "CredrootStatusKey", "serviceEndpoint": ["<did>#status-1"]}]

An issuer that keeps its own key cannot sign a status list at the moment of a revocation: the registry does it, by a key
of its own that the issuer's document lists for assertions, since verifiers of status lists ask for that. The service
narrows it: whoever reads it (every verdict here) takes the key's word on status lists and on no credential, so that a
registry's key never issues in the name of an issuer (docs/decisions/0080-own-keys.md).
"""

from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.one_or_many import as_items

STATUS_KEY_SERVICE: Final = "CredrootStatusKey"
_FRAGMENT: Final = "#status-keys"


def delegate_status(document: JsonObject, keys: list[str]) -> JsonObject:
    """Return a DID document that says which of its keys are for status lists only; `keys` are fragments."""
    did = document["id"]
    services = document.get("service", [])
    endpoint: list[JsonValue] = [f"{did}#{fragment}" for fragment in keys]
    service: JsonObject = {"id": f"{did}{_FRAGMENT}", "type": STATUS_KEY_SERVICE, "serviceEndpoint": endpoint}
    return {**document, "service": [*(services if isinstance(services, list) else []), service]}


def read_status_keys(services: JsonValue, *, subject: str) -> frozenset[str]:
    """Return the absolute DID URLs of the keys that a document's `service` narrows to status lists.

    Raises Malformed `malformed-did-document` when such a service names no keys: a narrowing that cannot be read must
    not be passed over.
    """
    keys: set[str] = set()
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and STATUS_KEY_SERVICE in as_items(service.get("type")):
            for endpoint in as_items(service.get("serviceEndpoint")):
                if not isinstance(endpoint, str):
                    raise Malformed("malformed-did-document", "expected DID URLs of keys", where="service")
                keys.add(subject + endpoint if endpoint.startswith("#") else endpoint)
    return frozenset(keys)
