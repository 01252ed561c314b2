"""Resolving a DID for somebody else, in the words of W3C DID Resolution 1.0.

    document found             the document, its media type
    malformed DID, unknown key invalidDid
    another method             methodNotSupported
    host unknown, down, 404    notFound, with what went wrong as the message
    host answers 410           notFound no longer: deactivated
    not this DID's document    invalidDidDocument

Two generations of the specification tell an error apart: a word (`notFound`), and a problem with a type
(`https://www.w3.org/ns/did#NOT_FOUND`). Both can be written.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import Malformed, Unavailable
from registry.ports import DidResolver

ERROR_TYPES: Final = "https://www.w3.org/ns/did#"
RESOLUTION_CONTEXT: Final = "https://w3id.org/did-resolution/v1"
PLAIN_JSON: Final = "application/did+json"
LINKED_JSON: Final = "application/did+ld+json"

_CAPITAL: Final = re.compile(r"(?=[A-Z])")


class ResolutionError(StrEnum):
    """Why there is no document, by the word of the specification."""

    INVALID_DID = "invalidDid"
    INVALID_DID_DOCUMENT = "invalidDidDocument"
    METHOD_NOT_SUPPORTED = "methodNotSupported"
    NOT_FOUND = "notFound"
    REPRESENTATION_NOT_SUPPORTED = "representationNotSupported"

    @property
    def type(self) -> str:
        """The error as the type of a problem: `https://www.w3.org/ns/did#NOT_FOUND`."""
        return ERROR_TYPES + _CAPITAL.sub("_", str(self)).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What became of resolving a DID."""

    document: JsonObject | None
    error: ResolutionError | None = None
    message: str = ""
    """Why, for people; empty without an error."""
    deactivated: bool = False

    @property
    def content_type(self) -> str | None:
        """The media type of the document; None without one."""
        if self.document is None:
            return None
        return LINKED_JSON if "@context" in self.document else PLAIN_JSON

    def to_json(self) -> JsonObject:
        """Write the DID resolution result with the error as a word, as resolvers in use give it."""
        metadata: JsonObject = {}
        if self.content_type is not None:
            metadata["contentType"] = self.content_type
        if self.error is not None:
            metadata |= {"error": str(self.error), "message": self.message}
        return {"@context": RESOLUTION_CONTEXT, **self._result(metadata)}

    def to_typed_json(self) -> JsonObject:
        """Write the DID resolution result with the error as a problem, as the recommendation track gives it."""
        metadata: JsonObject = {}
        if self.content_type is not None:
            metadata["contentType"] = "application/did"
        if self.error is not None:
            metadata["error"] = {"type": self.error.type, "title": str(self.error), "detail": self.message}
        return self._result(metadata)

    def _result(self, metadata: JsonObject) -> JsonObject:
        return {
            "didDocument": self.document,
            "didResolutionMetadata": metadata,
            "didDocumentMetadata": {"deactivated": True} if self.deactivated else {},
        }


def resolve_did(resolver: DidResolver, did: str) -> Resolution:
    """Resolve a DID; nothing is raised."""
    try:
        document = parse_object(resolver.resolve(did).content)
    except Malformed as error:
        unsupported = error.code == "did-method-unsupported"
        return _failed(
            ResolutionError.METHOD_NOT_SUPPORTED if unsupported else ResolutionError.INVALID_DID, error.message
        )
    except Unavailable as error:
        if error.code == "did-gone":
            return Resolution(document=None, deactivated=True)
        return _failed(_UNAVAILABLE.get(error.code, ResolutionError.NOT_FOUND), error.message)
    return Resolution(document=document)


_UNAVAILABLE: Final = {
    "did-unreadable": ResolutionError.INVALID_DID_DOCUMENT,
    "did-document-foreign": ResolutionError.INVALID_DID_DOCUMENT,
}


def _failed(error: ResolutionError, message: str) -> Resolution:
    return Resolution(document=None, error=error, message=message)
