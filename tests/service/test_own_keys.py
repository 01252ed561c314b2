"""Issuers that keep their own key: made, replaced, and never signed for."""

import pytest

from registry.domain.canonical import parse_object
from registry.domain.did_document import parse_did_document
from registry.domain.errors import Conflict, Malformed, Refused
from registry.domain.multikey import KeyAlgorithm, encode_multikey
from registry.service.issuers import IssuerOrder, rotate_key
from registry.service.issuing import load_template
from registry.service.own_keys import OwnKeyOrder, create_own_key_issuer, replace_own_key
from registry.store_ports import DidMethod, IssuerRecord
from tests.own_keys import add_own_issuer, make_key
from tests.registry_world import World


def test_the_document_lists_the_own_key_the_status_key_and_the_log(world: World) -> None:
    own = add_own_issuer(world)

    document = parse_object(own.record.did_document)
    read = parse_did_document(document)
    assert own.record.did == "did:web:registry.example:issuers:own"
    assert [key.id for key in read.keys] == [f"{own.record.did}#own-1", f"{own.record.did}#status-1"]
    assert read.keys[0].public_key == own.signer.public_key
    assert len(read.logs) == 1
    assert isinstance(document["service"], list)
    assert document["service"][1:] == [
        {
            "id": f"{own.record.did}#status-keys",
            "type": "CredrootStatusKey",
            "serviceEndpoint": [f"{own.record.did}#status-1"],
        }
    ]


def test_no_private_key_of_the_issuer_is_here(world: World) -> None:
    own = add_own_issuer(world)

    with world.store.read() as unit:
        (key,) = unit.issuers.keys(own.record.id)
        (public,) = unit.reservations.own_keys(own.record.id)
    assert world.resources.keys.unlock(key.encrypted_key).public_key != own.signer.public_key
    assert public.public_multibase == encode_multikey(own.signer.public_key)


def test_the_registry_signs_no_credential_for_it(world: World) -> None:
    own = add_own_issuer(world)

    with world.store.read() as unit, pytest.raises(Refused) as refused:
        load_template(world.resources, unit, own.record, own.achievement.id)

    assert refused.value.code == "issuer-keeps-its-key"


def test_an_issuer_may_serve_its_own_document(world: World) -> None:
    own = add_own_issuer(world, did="did:web:university.example")

    assert own.record.did == parse_object(own.record.did_document)["id"] == "did:web:university.example"


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.ED25519, KeyAlgorithm.P256, KeyAlgorithm.P384])
def test_a_did_key_is_the_key_and_its_lists_have_another_issuer(world: World, algorithm: KeyAlgorithm) -> None:
    own = add_own_issuer(world, method=DidMethod.KEY, algorithm=algorithm)

    with world.store.read() as unit:
        status_key = unit.issuers.status_key(own.record.id)
    multibase = encode_multikey(own.signer.public_key)
    assert own.record.did == f"did:key:{multibase}"
    assert own.record.cryptosuites == ("eddsa-rdfc-2022" if algorithm is KeyAlgorithm.ED25519 else "ecdsa-rdfc-2019",)
    assert own.kit().key.verification_method == f"did:key:{multibase}#{multibase}"
    assert status_key.verification_method.startswith("did:key:")
    assert not status_key.verification_method.startswith(own.record.did)


@pytest.mark.parametrize(
    ("public_multibase", "did", "method", "code"),
    [
        ("nothing", None, DidMethod.WEB, "malformed-multikey"),
        ("zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", None, DidMethod.WEB, "key-type-unsupported"),
        ("", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", DidMethod.WEB, "malformed-did"),
        ("", "did:web:a.example", DidMethod.KEY, "malformed-did"),
        ("", "did:ion:abc", DidMethod.WEB, "did-method-unsupported"),
    ],
)
def test_what_is_no_key_or_no_such_did_is_refused(
    world: World, public_multibase: str, did: str | None, method: DidMethod, code: str
) -> None:

    order = IssuerOrder(slug="own", kind="university", did_method=method, profile={"name": "Own"})
    own = OwnKeyOrder(public_multibase=public_multibase or encode_multikey(make_key().public_key), did=did)

    with pytest.raises(Malformed) as refused, world.store.write() as unit:
        create_own_key_issuer(
            world.resources, unit, order, own, status_key=world.resources.keys.generate(), caller=world.admin
        )

    assert refused.value.code == code


def test_one_key_is_one_issuers(world: World) -> None:
    own = add_own_issuer(world, method=DidMethod.KEY)

    order = IssuerOrder(slug="other", kind="university", did_method=DidMethod.KEY, profile={"name": "Other"})
    again = OwnKeyOrder(public_multibase=encode_multikey(own.signer.public_key))
    with pytest.raises(Conflict) as refused, world.store.write() as unit:
        create_own_key_issuer(
            world.resources, unit, order, again, status_key=world.resources.keys.generate(), caller=world.admin
        )

    assert refused.value.code == "issuer-did-taken"


def replaced(world: World, record: IssuerRecord, *, compromised: bool) -> IssuerRecord:
    own = OwnKeyOrder(public_multibase=encode_multikey(make_key().public_key))
    with world.store.write() as unit:
        return replace_own_key(world.resources, unit, record, own, compromised=compromised, caller=world.admin)


def test_a_key_that_the_issuer_had_before_never_comes_back(world: World) -> None:
    own = add_own_issuer(world)
    once = replaced(world, own.record, compromised=True)
    stolen = OwnKeyOrder(public_multibase=encode_multikey(own.signer.public_key))

    with pytest.raises(Conflict) as refused, world.store.write() as unit:
        replace_own_key(world.resources, unit, once, stolen, compromised=False, caller=world.admin)

    assert refused.value.code == "own-key-known"


def test_a_replaced_key_stays_in_the_document_and_a_compromised_one_is_revoked(world: World) -> None:
    own = add_own_issuer(world)
    once = replaced(world, own.record, compromised=True)
    at = world.clock.now()
    world.clock.advance(days=1)
    twice = replaced(world, once, compromised=False)

    keys = parse_did_document(parse_object(twice.did_document)).keys
    assert [key.id.rsplit("#", 1)[1] for key in keys] == ["own-1", "own-2", "own-3", "status-1"]
    assert [key.revoked for key in keys] == [at.replace(microsecond=0), None, None, None]
    assert own.kit().key.verification_method == f"{own.record.did}#own-3"


def test_a_key_of_a_did_key_issuer_is_never_replaced(world: World) -> None:
    own = add_own_issuer(world, method=DidMethod.KEY)

    with pytest.raises(Refused) as refused:
        replaced(world, own.record, compromised=False)

    assert refused.value.code == "did-key-fixed"


def test_each_kind_of_issuer_is_given_keys_of_its_own_kind(world: World) -> None:
    own, plain = add_own_issuer(world), world.add_issuer("plain")
    key = world.resources.keys.generate()

    with pytest.raises(Refused) as here, world.store.write() as unit:
        rotate_key(world.resources, unit, own.record, key=key, compromised=False, caller=world.admin)
    with pytest.raises(Refused) as there:
        replaced(world, plain, compromised=False)

    assert (here.value.code, there.value.code) == ("issuer-keeps-its-key", "issuer-without-own-key")
