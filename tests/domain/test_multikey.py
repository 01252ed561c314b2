import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Malformed
from registry.domain.multikey import (
    CURVES,
    KeyAlgorithm,
    PublicKey,
    base58_decode,
    base58_encode,
    decode_multikey,
    encode_multikey,
)
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

    assert encode_multikey(PublicKey.ed25519(public_key)) == "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"


@given(st.binary(min_size=32, max_size=32))
def test_every_key_survives_its_multikey(public_key: bytes) -> None:
    key = PublicKey.ed25519(public_key)
    text = encode_multikey(key)

    assert text.startswith("z6Mk")
    assert decode_multikey(text) == key


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
        # x25519-pub: a key for encryption.
        ("z" + base58_encode(b"\xec\x01" + bytes(32)), "key-type-unsupported"),
        ("z", "key-type-unsupported"),
        # P-256: too short, not compressed, a point of another curve or of none.
        ("z" + base58_encode(b"\x80\x24\x02" + bytes(31)), "malformed-multikey"),
        ("z" + base58_encode(b"\x80\x24\x04" + bytes(32)), "malformed-multikey"),
        ("z" + base58_encode(b"\x80\x24\x02" + b"\xff" * 32), "malformed-multikey"),
        ("z" + base58_encode(b"\x81\x24\x02" + b"\xff" * 48), "malformed-multikey"),
    ],
)
def test_what_is_no_multikey_is_refused(text: object, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        decode_multikey(text)

    assert refusal.value.code == code


def test_a_key_of_another_length_has_no_multikey() -> None:
    with pytest.raises(Malformed, match="expected 32 key bytes, got 31"):
        PublicKey.ed25519(bytes(31))


@pytest.mark.parametrize(
    ("algorithm", "start"),
    [(KeyAlgorithm.P256, "zDna"), (KeyAlgorithm.P384, "z82"), (KeyAlgorithm.SECP256K1, "zQ3s")],
)
def test_a_key_of_every_curve_survives_its_multikey(algorithm: KeyAlgorithm, start: str) -> None:
    point = ec.derive_private_key(7, CURVES[algorithm]).public_key()
    raw = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    key = PublicKey(algorithm=algorithm, raw=raw)

    assert encode_multikey(key).startswith(start)
    assert decode_multikey(encode_multikey(key)) == key


@pytest.mark.parametrize("name", ["p256KeyPair", "p384KeyPair"])
def test_the_w3c_ecdsa_keys_survive_their_multikey(name: str) -> None:
    text = json.loads((SHARED_DATA / f"vectors/vc-di-ecdsa/{name}.json").read_text())["publicKeyMultibase"]

    assert encode_multikey(decode_multikey(text)) == text
