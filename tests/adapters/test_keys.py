import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.adapters.keys import SCRYPT_LOG2_N, EcdsaSigner, Ed25519Signer, PasswordKeyVault
from registry.domain.errors import Malformed, Unavailable
from registry.domain.multikey import KeyAlgorithm
from registry.domain.signatures import verify_signature
from registry.ports import KeyVault, Signer

PASSWORD = "correct horse battery"
CHEAP = 10


def vault(password: str = PASSWORD) -> PasswordKeyVault:
    return PasswordKeyVault(password, scrypt_log2_n=CHEAP)


def test_a_stored_key_signs_after_a_restart() -> None:
    sealed = vault().generate()

    signer = vault().unlock(sealed.encrypted_key)

    assert signer.public_key == sealed.public_key
    signature = signer.sign(b"data")
    assert verify_signature(sealed.public_key, signature=signature, data=b"data")
    Ed25519PublicKey.from_public_bytes(sealed.public_key.raw).verify(signature, b"data")


def test_the_vault_is_what_its_ports_promise() -> None:
    made: KeyVault = vault()
    sealed = made.generate()
    signer: Signer = made.unlock(sealed.encrypted_key)

    assert len(signer.sign(b"")) == 64


def test_a_key_is_unlocked_once_and_then_kept() -> None:
    opened = vault()
    sealed = opened.generate()

    assert opened.unlock(sealed.encrypted_key) is opened.unlock(sealed.encrypted_key)


def test_threads_that_ask_at_once_get_the_same_key() -> None:
    opened = vault()
    sealed = opened.generate()
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(opened.unlock(sealed.encrypted_key))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len({id(signer) for signer in found}) == 1


def test_the_default_cost_is_the_documented_one() -> None:
    opened = PasswordKeyVault(PASSWORD)

    sealed = opened.generate()

    assert sealed.encrypted_key[4:7] == bytes([SCRYPT_LOG2_N, 8, 1])
    assert PasswordKeyVault(PASSWORD).unlock(sealed.encrypted_key).public_key == sealed.public_key


def test_another_password_opens_nothing() -> None:
    sealed = vault().generate()

    with pytest.raises(Unavailable) as refusal:
        vault("wrong horse battery").unlock(sealed.encrypted_key)

    assert refusal.value.code == "key-locked"
    assert PASSWORD not in str(refusal.value)


# One byte of each part: salt, nonce, public key, ciphertext, tag.
@pytest.mark.parametrize("at", [7, 23, 35, 67, 99, 114])
def test_a_changed_byte_opens_nothing(at: int) -> None:
    blob = bytearray(vault().generate().encrypted_key)
    blob[at] ^= 1

    with pytest.raises(Unavailable) as refusal:
        vault().unlock(bytes(blob))

    assert refusal.value.code == "key-locked"


@pytest.mark.parametrize(
    "changed",
    [
        lambda blob: blob[:0],
        lambda blob: blob[:-1],
        lambda blob: blob + b"\0",
        lambda blob: b"CRK2" + blob[4:],
        lambda blob: blob[:4] + bytes([9, 8, 1]) + blob[7:],
        lambda blob: blob[:4] + bytes([30, 8, 1]) + blob[7:],
        lambda blob: blob[:4] + bytes([10, 255, 1]) + blob[7:],
        lambda blob: blob[:4] + bytes([10, 8, 255]) + blob[7:],
    ],
)
def test_bytes_that_are_no_key_of_ours_are_refused_before_any_work(changed: object) -> None:
    assert callable(changed)
    blob = changed(vault().generate().encrypted_key)

    with pytest.raises(Malformed) as refusal:
        vault().unlock(blob)

    assert refusal.value.code == "malformed-key"


def test_a_short_password_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        PasswordKeyVault("short")

    assert refusal.value.code == "password-too-short"


def test_neither_vault_nor_signer_shows_its_secret() -> None:
    opened = vault()
    signer = opened.unlock(opened.generate().encrypted_key)
    assert isinstance(signer, Ed25519Signer)
    private = signer._private_key.private_bytes_raw()

    assert PASSWORD not in repr(opened)
    assert private.hex() not in repr(signer)
    assert repr(private) not in repr(signer)


def test_two_keys_share_neither_salt_nor_nonce() -> None:
    first, second = vault().generate().encrypted_key, vault().generate().encrypted_key

    assert first[7:23] != second[7:23]
    assert first[23:35] != second[23:35]


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.ED25519, KeyAlgorithm.P256, KeyAlgorithm.P384])
def test_a_stored_key_of_every_kind_signs_after_a_restart(algorithm: KeyAlgorithm) -> None:
    sealed = vault().generate(algorithm)

    signer = vault().unlock(sealed.encrypted_key)

    assert sealed.public_key.algorithm is algorithm
    assert signer.public_key == sealed.public_key
    signature = signer.sign(b"data")
    assert verify_signature(sealed.public_key, signature=signature, data=b"data")
    # RFC 6979, and Ed25519 by itself: the same document is the same proof.
    assert signer.sign(b"data") == signature


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.P256, KeyAlgorithm.P384])
def test_a_changed_or_shortened_key_of_a_curve_opens_nothing(algorithm: KeyAlgorithm) -> None:
    blob = vault().generate(algorithm).encrypted_key

    for at in (7, 23, 35, 60, len(blob) - 1):
        changed = bytearray(blob)
        changed[at] ^= 1
        with pytest.raises(Unavailable, match="does not open this key"):
            vault().unlock(bytes(changed))
    for other in (blob[:-1], blob + b"\0", b"CRK1" + blob[4:], b"CRP4" + blob[4:]):
        with pytest.raises(Malformed, match="encrypted key of this registry"):
            vault().unlock(other)


def test_keys_that_no_suite_signs_with_are_not_made() -> None:
    with pytest.raises(Malformed) as refusal:
        vault().generate(KeyAlgorithm.SECP256K1)

    assert refusal.value.code == "key-type-unsupported"
    with pytest.raises(Malformed, match="P-256 or P-384"):
        EcdsaSigner(ec.derive_private_key(7, ec.SECP256K1()))


def test_a_signer_of_a_curve_does_not_show_its_secret() -> None:
    private = ec.derive_private_key(123456789, ec.SECP256R1())

    assert "123456789" not in repr(EcdsaSigner(private))
