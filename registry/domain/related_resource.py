"""Resources that a credential names with their digests (VC Data Model 2.0 section 5.3).

    relatedResource   one object or several, each with an `id` of its own and `digestSRI`, `digestMultibase` or both
    digestSRI         "sha384-<base64>", several with white space between (Subresource Integrity section 3.5), or a list
    digestMultibase   "u<base64url>" or "z<base58btc>" of a multihash, or a list of them

Nothing is fetched. A resource that is known here, a JSON-LD context, is compared: every digest must be its own. Of any
other nothing can be said: who issues refuses it, who verifies says `unknown` (see `unknown_resources`).
"""

import base64
from collections.abc import Iterator
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import is_iri
from registry.domain.errors import Malformed
from registry.domain.form_problem import FormProblem, problem
from registry.domain.multikey import base58_decode
from registry.domain.one_or_many import as_items, as_objects
from registry.domain.published_contexts import PUBLISHED

MAX_RESOURCES: Final = 1_000
"""As many values as a document may have of any member."""

_WHERE: Final = "relatedResource"
_SIZES: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
_PLACES: Final = {32: 0, 48: 1, 64: 2}
"""Where in `PUBLISHED` a digest of this many bytes stands."""
_MULTIHASHES: Final = {b"\x12\x20": 32, b"\x20\x30": 48, b"\x13\x40": 64}
"""Code and length of sha2-256, sha2-384 and sha2-512 (Controlled Identifiers 1.0 section 2.5)."""


def related_problems(value: JsonValue) -> Iterator[FormProblem]:
    """Tell what is wrong with related resources, as far as it can be known."""
    resources = as_objects(value)
    if not 1 <= len(resources) <= MAX_RESOURCES or not all(is_iri(resource.get("id")) for resource in resources):
        yield problem("malformed-related-resource", _WHERE, "expected objects, each with an absolute IRI as its id")
        return
    if len({str(resource["id"]) for resource in resources}) != len(resources):
        yield problem("malformed-related-resource", f"{_WHERE}.id", "expected each resource once")
    for resource in resources:
        yield from _resource_problems(resource)


def unknown_resources(document: JsonObject) -> tuple[str, ...]:
    """Return the identifiers of related resources whose digests cannot be compared here."""
    if "relatedResource" not in document:
        return ()
    identifiers = [resource.get("id") for resource in as_objects(document["relatedResource"])]
    return tuple(
        identifier for identifier in identifiers if isinstance(identifier, str) and identifier not in PUBLISHED
    )


def _resource_problems(resource: JsonObject) -> Iterator[FormProblem]:
    identifier = str(resource["id"])
    if not isinstance(resource.get("mediaType", ""), str):
        yield problem("malformed-related-resource", f"{_WHERE}.mediaType", "expected a media type")
    try:
        digests = _digests(resource)
    except Malformed as error:
        yield problem(error.code, _WHERE, error.message)
        return
    published = PUBLISHED.get(identifier)
    if published is not None and any(digest.hex() != published[_PLACES[len(digest)]] for digest in digests):
        yield problem("related-resource-mismatch", _WHERE, f"expected the digest of {identifier}")


def _digests(resource: JsonObject) -> list[bytes]:
    integrities = as_items(resource["digestSRI"]) if "digestSRI" in resource else []
    multibases = as_items(resource["digestMultibase"]) if "digestMultibase" in resource else []
    digests = [digest for text in integrities for digest in _read_integrity(text)]
    digests += [_read_multibase(text) for text in multibases]
    if not digests:
        raise _malformed("expected a digestSRI or a digestMultibase")
    return digests


def _read_integrity(value: JsonValue) -> list[bytes]:
    words = value.split() if isinstance(value, str) else []
    if not words:
        raise _malformed("expected a digest such as sha384-...")
    return [_read_word(word) for word in words]


def _read_word(word: str) -> bytes:
    name, _, text = word.partition("-")
    try:
        digest = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise _malformed(f"expected base64 after {name}-") from error
    if len(digest) != _SIZES.get(name):
        raise _malformed("expected a digest of sha256, sha384 or sha512")
    return digest


def _read_multibase(value: JsonValue) -> bytes:
    try:
        content = _decode(value) if isinstance(value, str) else b""
    except (Malformed, ValueError) as error:
        raise _malformed("expected a multibase text") from error
    digest = content[2:]
    if len(digest) != _MULTIHASHES.get(content[:2]):
        raise _malformed("expected a multihash of sha2-256, sha2-384 or sha2-512 in base64url or base58btc")
    return digest


def _decode(text: str) -> bytes:
    match text[:1]:
        case "u":
            return base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
        case "z":
            return base58_decode(text[1:])
        case _:
            return b""


def _malformed(message: str) -> Malformed:
    return Malformed("malformed-related-resource", message)
