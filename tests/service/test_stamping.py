"""The fast way of signing writes what the plain way writes, for every order that anybody can think of."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from registry.adapters.keys import EcdsaSigner
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.credential import Award, Evidence
from registry.domain.data_integrity import Proof, cover, read_proofs, unsecured
from registry.domain.errors import CredrootError, Malformed
from registry.domain.recipient import IdentityType
from registry.domain.signatures import verify_signature
from registry.service import stamping
from registry.service.issuing import Order, Person, sign_order
from registry.service.stamping import Stamper
from tests.adapters.test_shaped_json_ld import Counting
from tests.badges import achievement_body
from tests.equality import compare
from tests.stamping_cases import CountedIds, Inventor, Stream, bodies, plain_json_ld, signing_tools, template_of

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def order_of(**changes: Any) -> Order:  # noqa: ANN401  # any member of an award
    members: dict[str, Any] = {"valid_from": DAY, "valid_until": None, "awarded": None}
    return Order(
        person=Person(name="Amal Haddad", identifiers=((IdentityType.EMAIL, "amal@example.org"),)),
        award=Award(**{**members, **changes}),
    )


@pytest.mark.parametrize("seed", range(8))
def test_invented_orders_come_out_alike_or_are_refused_alike(seed: int) -> None:
    tally = compare(250, seed=seed)

    assert tally.differing == []
    assert tally.signed > 150
    assert tally.refused.total() > 10


def test_orders_of_one_shape_ask_the_plain_way_once() -> None:
    counting = Counting(plain_json_ld())
    tools = signing_tools("once", json_ld=counting)
    template = template_of()
    orders = [order_of(narrative=f"number {number}") for number in range(50)]

    signed = Stamper(tools).sign_chunk(template, orders, range(50))

    # The stamp, and the options of the proofs.
    assert counting.calls == 2
    assert len({credential.leaf for credential in signed}) == 50
    again = replace(tools, random_bytes=Stream("once").draw, ids=CountedIds(), json_ld=plain_json_ld())
    assert signed == [sign_order(again, template, order, slot=slot) for slot, order in enumerate(orders)]


def test_a_stamp_is_kept_from_chunk_to_chunk_and_not_from_template_to_template() -> None:
    counting = Counting(plain_json_ld())
    stamper = Stamper(signing_tools("kept", json_ld=counting))
    first, second = template_of(), template_of({**achievement_body(), "name": "Another"})
    names = []
    for template in (first, second, first, second):
        (credential,) = stamper.sign_chunk(template, [order_of()], [1])
        names.append(parse_object(credential.document)["name"])

    assert names == ["Data Analysis with Python", "Another"] * 2
    # Two stamps; the options of the proofs are another moment's in every chunk.
    assert counting.calls == 2 + 4


def test_the_options_of_proofs_are_worked_out_once_for_all_shapes_of_a_chunk() -> None:
    counting = Counting(plain_json_ld())
    orders = [order_of(), order_of(narrative="x"), order_of(license_number="x"), order_of()]

    Stamper(signing_tools("options", json_ld=counting)).sign_chunk(template_of(), orders, range(4))

    assert counting.calls == 3 + 1


def test_the_oldest_stamp_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamping, "MAX_STAMPS", 2)
    stamper = Stamper(signing_tools("room"))
    template = template_of()
    shapes: list[dict[str, Any]] = [{}, {"narrative": "x"}, {"license_number": "x"}, {}]

    for changes in shapes:
        stamper.sign_chunk(template, [order_of(**changes)], [1])

    assert len(stamper._stamps) == 2


def test_stamps_take_a_bounded_room(monkeypatch: pytest.MonkeyPatch) -> None:
    stamper = Stamper(signing_tools("room"))
    template = template_of()
    stamper.sign_chunk(template, [order_of()], [1])
    monkeypatch.setattr(stamping, "MAX_STAMPS_SIZE", stamper._size + 2_000)

    for changes in ({"narrative": "x"}, {"license_number": "x"}):
        stamper.sign_chunk(template, [order_of(**changes)], [1])

    (stamp,) = stamper._stamps.values()
    assert stamp is not None
    assert stamper._size == stamp.size


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"narrative": "bell\a"}, "claim-control-character"),
        ({"evidence": (Evidence(narrative="\ufffe"),)}, "claim-noncharacter"),
        ({"evidence": (Evidence(url="https://e.org/"), Evidence(url="https://e.org/"))}, "claim-duplicate"),
        ({"evidence": (Evidence(url="https://relative.invalid/x"),)}, "relative-iri"),
        ({"results": ("A",)}, "results-do-not-match"),
        ({"results": ("A", "20")}, "result-below-required"),
        ({"valid_from": datetime(999, 1, 1, tzinfo=UTC)}, "malformed-time"),
        ({"narrative": "x" * 300_000}, "too-complex"),
        ({"credits_earned": float("nan")}, "json-number"),
        ({"credits_earned": 2**53}, "json-number"),
    ],
)
def test_an_order_is_refused_in_the_midst_of_good_ones(changes: dict[str, Any], code: str) -> None:
    good = order_of(narrative="x", results=("A", "90"))
    stamper = Stamper(signing_tools("midst"))
    stamper.sign_chunk(template_of(), [good, good], [1, 2])

    with pytest.raises(Malformed) as refused:
        stamper.sign_chunk(template_of(), [good, order_of(**changes), good], [3, 4, 5])

    assert refused.value.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"narrative": "x" * 200_000},
        {"evidence": (Evidence(url="https://e.org/", name="a"), Evidence(url="https://e.org/", name="b"))},
        {"evidence": (Evidence(narrative="a"), Evidence(narrative="b"), Evidence(narrative="a", name="b"))},
        {"evidence": (Evidence(url="schema:name"), Evidence(url="urn:a:b"), Evidence(url="https://é.example/ü"))},
        {"evidence": tuple(Evidence(url=f"https://e.org/{n}") for n in range(50))},
        {"results": ("A", "93.5"), "credits_earned": 2.0},
    ],
)
@pytest.mark.parametrize("suites", [("eddsa-rdfc-2022",), ("eddsa-jcs-2022",)])
def test_an_order_that_is_not_plain_comes_out_alike(changes: dict[str, Any], suites: tuple[str, ...]) -> None:
    template = template_of(cryptosuites=suites)
    order = order_of(**changes)
    stamper = Stamper(signing_tools("odd"))
    plain = signing_tools("odd")

    for _ in range(2):
        (fast,) = stamper.sign_chunk(template, [order], [7])
        assert fast == sign_order(plain, template, order, slot=7)


@pytest.mark.parametrize(
    ("curve", "suites"),
    [
        (ec.SECP256R1(), ("ecdsa-rdfc-2019",)),
        (ec.SECP384R1(), ("ecdsa-jcs-2019",)),
        (ec.SECP384R1(), ("ecdsa-rdfc-2019", "ecdsa-jcs-2019")),
    ],
)
def test_proofs_of_other_keys_cover_what_the_plain_way_covers(curve: ec.EllipticCurve, suites: tuple[str, ...]) -> None:
    signer = EcdsaSigner(ec.generate_private_key(curve))
    template = template_of(signer=signer, cryptosuites=suites)
    order = Inventor(4).order(template, harmful=False)

    (fast,) = Stamper(signing_tools("ecdsa")).sign_chunk(template, [order], [3])

    plain = sign_order(signing_tools("ecdsa"), template, order, slot=3)
    signed, expected = parse_object(fast.document), parse_object(plain.document)
    assert unsecured(signed) == unsecured(expected)
    # ECDSA is made with fresh randomness: the values differ, what they sign does not.
    assert [_without_value(proof) for proof in _proofs(signed)] == [
        _without_value(proof) for proof in _proofs(expected)
    ]
    for proof in read_proofs(signed):
        assert isinstance(proof, Proof)
        covered = cover(signed, proof, canonical_nquads=plain_json_ld().canonical_nquads)
        data = covered.hash_data(signer.public_key.algorithm)
        assert verify_signature(signer.public_key, signature=proof.signature, data=data)


def test_an_order_that_no_document_can_be_made_of_is_refused_as_ever() -> None:
    nobody = replace(order_of(), person=Person(name="Amal Haddad"))
    many = tuple((kind, f"{kind}@example.org") for kind in IdentityType) * 2

    for order in (nobody, replace(order_of(), person=Person(name=None, identifiers=many))):
        with pytest.raises(CredrootError) as fast:
            Stamper(signing_tools("x")).sign_chunk(template_of(), [order], [1])
        with pytest.raises(CredrootError) as plain:
            sign_order(signing_tools("x"), template_of(), order, slot=1)
        assert fast.value.code == plain.value.code


def test_slots_of_other_lists_and_suspension_stand_in_the_document() -> None:
    template = template_of(bodies()[1])
    slots = [0, 131_071, 131_072, 2**37 - 1]

    signed = Stamper(signing_tools("slots")).sign_chunk(template, [order_of()] * 4, slots)

    plain = signing_tools("slots")
    assert signed == [sign_order(plain, template, order_of(), slot=slot) for slot in slots]


def _proofs(document: JsonObject) -> list[Any]:
    proofs: Any = document["proof"]
    return list(proofs)


def _without_value(proof: dict[str, Any]) -> dict[str, Any]:
    return {name: member for name, member in proof.items() if name != "proofValue"}
