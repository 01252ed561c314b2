"""Which keys a verification method may stand for, by the DID documents at hand.

A did:key is its own document: it is derived, and another one under that name is a forgery that is never looked at.
"""

from collections.abc import Sequence

from registry.domain.did import did_key_document
from registry.domain.did_document import DidDocument, ListedKey, parse_did_document
from registry.domain.errors import Malformed
from registry.domain.proof_checking import KeyLookup


def keys_at_hand(documents: Sequence[DidDocument], *, purpose: str) -> KeyLookup:
    """Return the lookup over some documents, and over every did:key."""

    def look_up(verification_method: str) -> Sequence[ListedKey]:
        did = verification_method.partition("#")[0]
        if did.startswith("did:key:"):
            return derived_keys(verification_method, purpose=purpose)
        found = (document.key(verification_method, purpose=purpose) for document in documents)
        return [key for key in found if key is not None]

    return look_up


def derived_keys(verification_method: str, *, purpose: str) -> Sequence[ListedKey]:
    """Return the key that a did:key names; none for what is no such name, or names another kind of key."""
    try:
        document = parse_did_document(did_key_document(verification_method.partition("#")[0]))
    except Malformed:
        return []
    key = document.key(verification_method, purpose=purpose)
    return [] if key is None else [key]
