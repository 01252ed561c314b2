"""Random changes of any value of a credential or a receipt: no exception, and never a forgery that is valid."""

import copy
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.canonical import JsonValue, canonicalize
from registry.domain.errors import Malformed
from registry.domain.verdict import Word
from tests.forgery import scene, verify, what_counts

# Any JSON value at any place: typed as what `json` gives.
Json = Any

SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "-0",
            "0x",
            "did:key:z",
            "#key-1",
            "00" * 32,
            "https://www.w3.org/ns/credentials/v2",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00+14:00",
            "data:application/vc+jwt,a.b.c",
            "EnvelopedVerifiableCredential",
            "_:b0",
            "@id",
        ]
    )
)
VALUES: Final[st.SearchStrategy[JsonValue]] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS: Final = st.text(max_size=6) | st.sampled_from(
    ["@id", "@context", "@type", "@value", "id", "type", "proof", "previousProof", "light", "expires", "name", "@graph"]
)


def _places(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a document, the root left out."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [place for name, member in items for place in [(*path, name), *_places(member, (*path, name))]]


@st.composite
def changed(draw: st.DrawFn, original: Json) -> Json:
    """Change, delete, add or swap one to three values of a document."""
    document = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(document)
        if not places:
            break
        *inside, last = draw(st.sampled_from(places))
        holder = document
        for name in inside:
            holder = holder[name]
        match draw(st.sampled_from(["replace", "delete", "add", "wrap", "swap"])):
            case "replace":
                holder[last] = draw(VALUES)
            case "delete":
                del holder[last]
            case "add" if isinstance(holder, dict):
                holder[draw(KEYS)] = draw(VALUES)
            case "add":
                holder.append(draw(VALUES))
            case "wrap":
                holder[last] = [holder[last]]
            case _:
                *there, other = draw(st.sampled_from(places))
                source = original
                try:
                    for name in (*there, other):
                        source = source[name]
                except (KeyError, IndexError, TypeError):
                    continue
                holder[last] = copy.deepcopy(source)
    return document


@settings(max_examples=1_000)
@given(document=changed(scene().issued.document))
def test_a_credential_changed_at_random_is_valid_only_as_the_same_document(document: Json) -> None:
    content = _content(document)

    verdict = verify(document=content)

    assert verdict.word is not Word.VALID or content == scene().issued.content


@settings(max_examples=1_000)
@given(receipt=changed(scene().receipt))
def test_a_receipt_changed_at_random_is_valid_only_when_it_says_the_same(receipt: Json) -> None:
    content = _content(receipt)

    verdict = verify(receipt=content)

    assert verdict.word is not Word.VALID or what_counts(content) == what_counts(canonicalize(scene().receipt))


def _content(value: Json) -> bytes:
    try:
        return canonicalize(value)
    except Malformed:
        # A number that has no canonical form: any bytes do, they are refused as they are.
        return b"{"
