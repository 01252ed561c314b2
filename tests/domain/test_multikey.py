import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Malformed
from registry.domain.multikey import base58_decode, base58_encode, decode_multikey, encode_multikey
from tests.paths import SHARED_DATA


@pytest.mark.parametrize(
    ("data", "text"),
    [
        # draft-msporny-base58, section 5
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
        (b"", ""),
    ],
)
def test_base58_spells_the_vectors_of_its_draft(data: bytes, text: str) -> None:
    assert base58_encode(data) == text
    assert base58_decode(text) == data


@given(st.binary(max_size=80))
def test_base58_reads_back_what_it_wrote(data: bytes) -> None:
    assert base58_decode(base58_encode(data)) == data


def test_the_w3c_key_is_read_and_written_back() -> None:
    text = json.loads((SHARED_DATA / "vectors/vc-di-eddsa/keyPair.json").read_text())["publicKeyMultibase"]

    assert encode_multikey(decode_multikey(text)) == text


def test_the_1edtech_key_has_its_published_spelling() -> None:
    public_key = bytes.fromhex("4bdeafde2ea8beefadd8c699b5c7e0704cf51154d52e17b20b71337ca04cc5a5")

    assert encode_multikey(public_key) == "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"


@given(st.binary(min_size=32, max_size=32))
def test_every_key_survives_its_multikey(public_key: bytes) -> None:
    text = encode_multikey(public_key)

    assert text.startswith("z6Mk")
    assert decode_multikey(text) == public_key


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "malformed-multikey"),
        ("", "malformed-multikey"),
        ("u7QE", "malformed-multikey"),
        ("z0OIl", "malformed-multikey"),
        ("z" + "1" * 257, "malformed-multikey"),
        ("z" + base58_encode(b"\xed\x01" + bytes(31)), "malformed-multikey"),
        ("z" + base58_encode(b"\xed\x01" + bytes(33)), "malformed-multikey"),
        # P-256
        ("zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP", "key-type-unsupported"),
    ],
)
def test_what_is_no_ed25519_multikey_is_refused(text: object, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        decode_multikey(text)

    assert refusal.value.code == code


def test_a_key_of_another_length_has_no_multikey() -> None:
    with pytest.raises(Malformed, match="expected 32 bytes, got 31"):
        encode_multikey(bytes(31))
