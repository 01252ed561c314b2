"""The recognition policy: which issuers a verifier recognises (verdict check 12).

    ["did:web:a.example", {"did": "did:key:z6Mk...", "name": "Example Polytechnic"}]

A JSON list; each item is a DID, or an object with the DID and a name for people. Names decide nothing.
"""

from typing import Final

from registry.domain.canonical import JsonValue, parse_json
from registry.domain.errors import Malformed
from registry.domain.fields import read_object, read_text

MAX_POLICY_BYTES: Final = 16_777_216
"""A hundred thousand issuers with their names."""


def parse_recognition(data: bytes) -> dict[str, str | None]:
    """Read the recognised DIDs and their names, if they have one.

    Raises Malformed `malformed-recognition` or the code of a malformed part.
    """
    items = parse_json(data, limit_bytes=MAX_POLICY_BYTES)
    if not isinstance(items, list):
        raise Malformed("malformed-recognition", "expected a list of issuers")
    return dict(_parse_item(item, f"[{number}]") for number, item in enumerate(items))


def _parse_item(item: JsonValue, where: str) -> tuple[str, str | None]:
    name: str | None = None
    if isinstance(item, dict):
        members = read_object(item, required=("did",), optional=("name",), where=where)
        name = read_text(members["name"], where=f"{where}.name") if "name" in members else None
        item = members["did"]
    did = read_text(item, where=where)
    if not did.startswith("did:"):
        raise Malformed("malformed-recognition", f"expected a DID, got {did!r}", where=where)
    return did, name
