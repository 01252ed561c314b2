"""Issuers: their DIDs, keys and documents, over both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.domain.canonical import parse_object
from registry.domain.did_document import parse_did_document
from registry.domain.errors import Conflict, Malformed, NotFound, Refused
from registry.service.issuers import KINDS, IssuerOrder, create_issuer, rotate_key
from registry.store_ports import DidMethod, IssuerRecord
from tests.registry_world import World, opened_world
from tests.store_samples import LOG, NOW

NOW_SECONDS = NOW.replace(microsecond=0)


def rotate(world: World, issuer: IssuerRecord, *, compromised: bool) -> IssuerRecord:
    key = world.resources.keys.generate()
    with world.store.write() as unit:
        return rotate_key(
            world.resources, unit, unit.issuers.get(issuer.id), key=key, compromised=compromised, caller=world.admin
        )


def order(**changes: object) -> IssuerOrder:
    fields = {"slug": "poly", "kind": "university", "did_method": DidMethod.WEB, "profile": {"name": "Poly"}, **changes}
    return IssuerOrder(**fields)  # type: ignore[arg-type]  # tests hand in what must be refused


def test_a_did_web_document_lists_the_key_and_names_the_log(world: World) -> None:
    issuer = world.add_issuer("poly")

    document = parse_did_document(parse_object(issuer.did_document))
    assert issuer.did == "did:web:registry.example:issuers:poly"
    assert [key.id for key in document.keys] == [f"{issuer.did}#key-1"]
    assert document.logs == (LOG.name,)
    with world.store.read() as unit:
        active = unit.issuers.active_key(issuer.id)
    key = document.key(active.verification_method)
    assert key is not None
    assert key.public_key == world.resources.keys.unlock(active.encrypted_key).public_key


def test_a_did_key_issuer_is_its_key(world: World) -> None:
    issuer = world.add_issuer("key", DidMethod.KEY)

    with world.store.read() as unit:
        active = unit.issuers.active_key(issuer.id)
    assert issuer.did.startswith("did:key:z6Mk")
    assert active.verification_method == f"{issuer.did}#{active.public_multibase}"
    assert parse_did_document(parse_object(issuer.did_document)).logs == ()


def test_the_key_at_rest_is_not_the_key(world: World) -> None:
    issuer = world.add_issuer()

    with world.store.read() as unit:
        stored = unit.issuers.active_key(issuer.id).encrypted_key
    assert stored.startswith(b"CRK1")


def test_an_issuer_s_profile_is_what_credentials_will_carry(world: World) -> None:
    profile = {"name": "Zoë's Schule 李", "url": "https://poly.example", "email": "r@poly.example", "phone": "+49 1"}
    key = world.resources.keys.generate()

    with world.store.write() as unit:
        issuer = create_issuer(world.resources, unit, order(profile=profile), key=key, caller=world.admin)

    assert parse_object(issuer.profile) == {"id": issuer.did, "type": ["Profile"], **profile}


@pytest.mark.parametrize("method", DidMethod)
def test_a_slug_is_taken_once(world: World, method: DidMethod) -> None:
    world.add_issuer("poly")

    with pytest.raises(Conflict) as refused:
        world.add_issuer("poly", method)

    assert refused.value.code == "issuer-slug-taken"


def test_before_the_registry_has_a_log_there_is_no_issuer(sqlite_url: str, tmp_path: Path) -> None:
    with opened_world(sqlite_url, tmp_path, initialised=False) as world, pytest.raises(NotFound) as refused:
        world.add_issuer()

    assert refused.value.code == "no-log"


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"slug": "Poly"}, "malformed-slug", "slug"),
        ({"slug": ""}, "malformed-slug", "slug"),
        ({"slug": "-poly"}, "malformed-slug", "slug"),
        ({"slug": "a" * 64}, "malformed-slug", "slug"),
        ({"slug": "a/b"}, "malformed-slug", "slug"),
        ({"slug": "poly\n"}, "malformed-slug", "slug"),
        ({"kind": "wizard"}, "malformed-kind", "kind"),
        ({"profile": {}}, "malformed-profile", "name"),
        ({"profile": {"name": " "}}, "malformed-profile", "name"),
        ({"profile": {"name": "x" * 2001}}, "malformed-profile", "name"),
        ({"profile": {"name": "x", "email": ""}}, "malformed-profile", "email"),
        ({"profile": {"name": "x", "image": "y"}}, "malformed-profile", "image"),
        ({"profile": {"name": "x", "url": "poly"}}, "malformed-url", "url"),
        ({"profile": {"name": "x", "url": "javascript:alert(1)"}}, "malformed-url", "url"),
        ({"profile": {"name": "x", "email": "poly"}}, "malformed-email", "email"),
    ],
)
def test_a_malformed_issuer_is_refused_with_its_place(changes: dict[str, object], code: str, where: str) -> None:
    with pytest.raises(Malformed) as refused:
        order(**changes)

    assert (refused.value.code, refused.value.where) == (code, where)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_taken(kind: str) -> None:
    assert order(kind=kind).kind == kind


@pytest.mark.parametrize("name", ["a\u0007b", "\ud800"])
def test_a_name_that_canonicalizers_disagree_on_is_refused(world: World, name: str) -> None:
    key = world.resources.keys.generate()

    with pytest.raises(Malformed), world.store.write() as unit:
        create_issuer(world.resources, unit, order(profile={"name": f"Poly {name}"}), key=key, caller=world.admin)


def test_a_rotated_key_stays_in_the_document_and_signs_no_more(world: World, issuer: IssuerRecord) -> None:
    rotated = rotate(world, issuer, compromised=False)

    document = parse_did_document(parse_object(rotated.did_document))
    assert [(key.id, key.revoked) for key in document.keys] == [
        (f"{issuer.did}#key-1", None),
        (f"{issuer.did}#key-2", None),
    ]
    assert document.logs == (LOG.name,)
    with world.store.read() as unit:
        assert unit.issuers.active_key(issuer.id).verification_method == f"{issuer.did}#key-2"
        assert unit.issuers.did_document(issuer.did_document_sha256) == issuer.did_document
    assert rotated.did_document_sha256 != issuer.did_document_sha256


def test_a_compromised_key_is_revoked_in_the_document_from_now_on(world: World, issuer: IssuerRecord) -> None:
    rotated = rotate(world, issuer, compromised=True)

    first, second = parse_did_document(parse_object(rotated.did_document)).keys
    assert (first.revoked, second.revoked) == (NOW_SECONDS, None)


def test_a_later_rotation_keeps_when_an_earlier_key_was_revoked(world: World, issuer: IssuerRecord) -> None:
    rotate(world, issuer, compromised=True)
    world.clock.moment = datetime(2027, 1, 1, tzinfo=UTC)

    rotated = rotate(world, issuer, compromised=False)

    keys = parse_did_document(parse_object(rotated.did_document)).keys
    assert [key.revoked for key in keys] == [NOW_SECONDS, None, None]


def test_a_did_key_issuer_cannot_change_its_key(world: World) -> None:
    issuer = world.add_issuer("key", DidMethod.KEY)

    with pytest.raises(Refused) as refused:
        rotate(world, issuer, compromised=True)

    assert refused.value.code == "did-key-fixed"
