"""Evidence that its issuer meant for nobody but whom the earner gives the file to: `audience` is `private`.

Open Badges 3.0 leaves `audience` of Evidence to be any text. What is marked so stands in the signed document, and with it in the
earner's own file; a page that everybody with the link can read shows its name alone, and does not hand out the document.
"""

from typing import Final

from registry.domain.canonical import JsonObject
from registry.domain.one_or_many import objects_of
from registry.domain.shown_text import read_texts

PRIVATE: Final = "private"


def is_private(evidence: JsonObject) -> bool:
    """Tell whether a piece of evidence is marked as private."""
    return any(text.strip().lower() == PRIVATE for _, text in read_texts(evidence.get("audience")))


def has_private_evidence(document: JsonObject) -> bool:
    """Tell whether a credential holds evidence that is marked as private."""
    return any(map(is_private, objects_of(document.get("evidence"))))
