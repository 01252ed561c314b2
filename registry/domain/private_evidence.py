"""Evidence that its issuer meant for nobody but whom the earner gives the file to: `audience` is `private`.

Open Badges 3.0 leaves `audience` of Evidence to be any text. What is marked so stands in the signed document, and with it in the
earner's own file; a page that everybody with the link can read shows its name alone, and does not hand out the document.
"""

from typing import Final

from registry.domain.canonical import JsonObject, JsonValue

PRIVATE: Final = "private"


def evidence_of(document: JsonObject) -> list[JsonObject]:
    """Return the pieces of evidence of a credential."""
    value = document.get("evidence")
    pieces = value if isinstance(value, list) else [value]
    return [piece for piece in pieces if isinstance(piece, dict)]


def is_private(evidence: JsonObject) -> bool:
    """Tell whether a piece of evidence is marked as private."""
    return any(text.strip().lower() == PRIVATE for text in _texts(evidence.get("audience")))


def has_private_evidence(document: JsonObject) -> bool:
    """Tell whether a credential holds evidence that is marked as private."""
    return any(is_private(piece) for piece in evidence_of(document))


def _texts(value: JsonValue) -> list[str]:
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        text = item.get("@value") if isinstance(item, dict) else item
        if isinstance(text, str):
            found.append(text)
    return found
