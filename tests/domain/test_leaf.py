"""Leaves and digests."""

import hashlib

import pytest

from registry.domain.errors import Malformed
from registry.domain.hashing import ZERO_DIGEST, digest_from_hex, hash_pair, sha256
from registry.domain.leaf import leaf_of_document, leaf_of_token


def test_the_leaf_of_a_document_is_the_hash_of_its_canonical_form() -> None:
    leaf = leaf_of_document({"b": 1.0, "a": "€"})

    assert leaf == hashlib.sha256('{"a":"€","b":1}'.encode()).digest()


def test_disclosures_are_outside_the_leaf_of_a_token() -> None:
    assert leaf_of_token("aa.bb.cc~d1~d2~") == leaf_of_token("aa.bb.cc") == hashlib.sha256(b"aa.bb.cc").digest()


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "a..c", " a.b.c", "a.b.c\n", "a.b.c=", "é.b.c", "~a.b.c"])
def test_a_token_that_is_not_three_base64url_parts_is_refused(token: str) -> None:
    with pytest.raises(Malformed) as caught:
        leaf_of_token(token)

    assert caught.value.code == "malformed-token"


@pytest.mark.parametrize(
    "text", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0x" + "0" * 62, "0" * 63 + "\n", 5, None]
)
def test_a_digest_has_one_spelling(text: object) -> None:
    with pytest.raises(Malformed) as caught:
        digest_from_hex(text, "root")

    assert caught.value.code == "malformed-digest"
    assert caught.value.where == "root"


def test_a_pair_is_hashed_left_then_right() -> None:
    one, other = sha256(b"1"), sha256(b"2")

    assert hash_pair(one, other) == hashlib.sha256(one + other).digest() != hash_pair(other, one)
    assert digest_from_hex("00" * 32, "x") == ZERO_DIGEST
