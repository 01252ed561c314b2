"""What issuers sign elsewhere: taken whole, sealed and anchored as all else, or refused with a code for each reason."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.credential import StatusPlace, credential_status
from registry.domain.errors import Conflict, Malformed, NotFound, Refused
from registry.domain.multikey import KeyAlgorithm, encode_multikey
from registry.domain.signing_kit import Reservation
from registry.domain.submission_report import MAX_FINDINGS, SubmissionRefused
from registry.service.achievements import add_version
from registry.service.issuing import find_recipient
from registry.service.offline import sign_people
from registry.service.own_keys import OwnKeyOrder, replace_own_key
from registry.service.submitting import examine_lines, examine_one, store
from registry.store_ports import DidMethod
from tests.demo.hashlib_verifier import check_receipt
from tests.own_keys import OwnIssuer, add_own_issuer, make_key, order_of, people_csv, refusal, stored, submit
from tests.registry_world import BODY, World

# Any: documents are JSON of any shape.
Change = Callable[[Any], object]
DAY: Final = timedelta(days=1)


@pytest.fixture
def own(world: World) -> OwnIssuer:
    return add_own_issuer(world, suspension=False)


# -- accepted ---------------------------------------------------------------------------------------------------------


def test_a_thousand_signed_elsewhere_are_accepted_sealed_anchored_and_proved(world: World) -> None:
    own = add_own_issuer(world)
    reservation = own.reserve(1_200)
    lines = own.sign(reservation, 1_000)

    examined = submit(own, reservation, lines)
    world.anchor()

    records = stored(own)
    assert len(examined.credentials) == len(records) == 1_000
    assert {record.slot for record in records} == set(reservation.slots[:1_000])
    for record in records[::100]:
        assert record.document in b"".join(lines)
        receipt = world.container.receipts.of_leaf(record.leaf).to_json()
        proved = check_receipt(json.loads(record.document), json.loads(canonicalize(receipt)))
        assert proved == {"revocation": False, "suspension": False}


@pytest.mark.parametrize(
    ("algorithm", "suites"),
    [
        (KeyAlgorithm.ED25519, ("eddsa-jcs-2022",)),
        (KeyAlgorithm.ED25519, ("eddsa-rdfc-2022", "eddsa-jcs-2022")),
        (KeyAlgorithm.P256, ("ecdsa-rdfc-2019",)),
        (KeyAlgorithm.P384, ("ecdsa-jcs-2019",)),
    ],
)
@pytest.mark.parametrize("method", list(DidMethod))
def test_every_suite_that_fits_the_key_is_accepted(
    world: World, method: DidMethod, algorithm: KeyAlgorithm, suites: tuple[str, ...]
) -> None:
    own = add_own_issuer(world, method=method, algorithm=algorithm)
    reservation = own.reserve(2)

    submit(own, reservation, own.sign(reservation, 2, suites=suites))

    assert len(stored(own)) == 2


def test_the_same_file_again_is_accepted_and_stored_once(world: World) -> None:
    own = add_own_issuer(world)
    reservation = own.reserve(4)
    lines = own.sign(reservation, 4)

    first = submit(own, reservation, lines[:3])
    again = submit(own, reservation, lines)

    assert (len(first.credentials), len(first.already_stored)) == (3, 0)
    assert (len(again.credentials), len(again.already_stored)) == (1, 3)
    assert len(stored(own)) == 4


def test_recipients_are_found_by_the_identifiers_that_came_beside(world: World) -> None:
    own = add_own_issuer(world)
    reservation = own.reserve(2)
    first, second = own.sign(reservation, 2)
    without = canonicalize({"credential": parse_object(second)["credential"]})

    submit(own, reservation, [first, without])

    with world.store.read() as unit:
        found = [
            len(unit.credentials.of_recipient(find_recipient(unit, who), issuer_id=None, after=None, limit=9))
            for who in ("p0@example.org", "p1@example.org")
        ]
    assert found == [1, 0]
    for record in stored(own):
        assert b"example.org" not in record.document.replace(b"registry.example", b"")


def test_an_older_version_and_a_recipients_own_id_are_accepted(world: World) -> None:
    own = add_own_issuer(world, suspension=False)
    reservation = own.reserve(1)
    (line,) = own.sign(reservation, 1)

    with world.store.write() as unit:
        add_version(
            world.resources, unit, own.record, own.achievement.id, {**BODY, "name": "Later"}, caller=world.admin
        )

    def by_did(document: Any) -> None:  # noqa: ANN401
        document["credentialSubject"]["id"] = "did:example:amal"
        del document["credentialSubject"]["identifier"]

    members: JsonObject = {**parse_object(line), "identifiers": ["did:example:amal"]}
    submit(own, reservation, [own.resign(canonicalize(members), by_did)])

    (record,) = stored(own)
    assert record.achievement_version == 1
    with world.store.read() as seen:
        key = find_recipient(seen, "did:example:amal")
        assert seen.credentials.of_recipient(key, issuer_id=None, after=None, limit=9) == (record,)


def test_empty_lines_are_passed_over_and_counted(world: World) -> None:
    own = add_own_issuer(world)
    reservation = own.reserve(2)
    first, second = own.sign(reservation, 2)

    with pytest.raises(SubmissionRefused) as refused:
        submit(own, reservation, [b"\n", first, b"\r\n", b"{}\n"])
    accepted = submit(own, reservation, [first, b"\n", second])

    assert [(finding.line, finding.code) for finding in refused.value.findings] == [(4, "missing-member")]
    assert len(accepted.credentials) == 2


# -- refused, by what is stored ---------------------------------------------------------------------------------------


def test_a_slot_is_filled_once_and_only_by_whom_it_is_reserved_for(own: OwnIssuer) -> None:
    world = own.world
    first, other = own.reserve(2), own.reserve(1)
    thief = add_own_issuer(world, "thief", suspension=False)
    # A list is opened for the thief; a slot of it stands in a credential of the first issuer.
    foreign = thief.reserve(1)
    (line,) = own.sign(first, 1)

    def moved(slot: int) -> bytes:

        place = StatusPlace(base_url=first.status_url, log=first.log, slot=slot)
        return own.resign(line, lambda d: d.__setitem__("credentialStatus", credential_status(place, suspension=False)))

    found = [refusal(own, first, moved(slot)) for slot in (foreign.slots[0], other.slots[0])]
    submit(own, first, [line])
    changed = own.resign(line, lambda d: d.__setitem__("id", uuid4().urn))

    with pytest.raises(SubmissionRefused) as used:
        submit(own, first, [changed])
    with pytest.raises(Conflict) as alone:
        examine_one(world.resources, own.record, order_of(first), changed)
    with pytest.raises(NotFound):
        submit(thief, first, [line])
    assert found == ["slot-of-another-issuer", "slot-not-reserved"]
    assert [finding.code for finding in used.value.findings] == [alone.value.code] == ["slot-used"]


def test_an_id_is_used_once(own: OwnIssuer) -> None:
    reservation = own.reserve(2)
    first, second = own.sign(reservation, 2)
    taken: Any = parse_object(first)["credential"]
    submit(own, reservation, [first])

    with pytest.raises(SubmissionRefused) as refused:
        submit(own, reservation, [own.resign(second, lambda d: d.__setitem__("id", taken["id"]))])

    assert [finding.code for finding in refused.value.findings] == ["credential-id-taken"]


def test_a_recipient_holds_a_version_once_unless_duplicates_are_allowed(own: OwnIssuer) -> None:
    reservation = own.reserve(4)
    submit(own, reservation, own.sign(reservation, 1))
    again = list(sign_again(own, reservation, skip=1))

    with pytest.raises(SubmissionRefused) as refused:
        submit(own, reservation, again)
    accepted = submit(own, reservation, again, allow_duplicates=True)

    assert [finding.code for finding in refused.value.findings] == ["already-issued"]
    assert len(accepted.credentials) == 1


def sign_again(own: OwnIssuer, reservation: Reservation, *, skip: int) -> list[bytes]:

    return list(sign_people(own.signing(reservation, skip=skip), lambda: [people_csv(1)], allow_duplicates=False))


def test_a_reservation_ends(own: OwnIssuer) -> None:
    reservation = own.reserve(1, days=2)
    (line,) = own.sign(reservation, 1)
    own.world.clock.advance(days=2)

    with pytest.raises(Refused) as refused:
        submit(own, reservation, [line])

    assert refused.value.code == "reservation-expired"
    assert stored(own) == ()


def test_a_reservation_that_ends_between_looking_and_storing_is_refused(own: OwnIssuer) -> None:
    reservation = own.reserve(1, days=2)
    examined = examine_lines(own.world.resources, own.record, order_of(reservation), own.sign(reservation, 1))
    own.world.clock.advance(days=2)

    with pytest.raises(Refused) as refused, own.world.store.write() as unit:
        store(own.world.resources, unit, examined, caller=own.world.admin)

    assert refused.value.code == "reservation-expired"


def test_a_key_replaced_between_looking_and_storing_signs_nothing(own: OwnIssuer) -> None:

    world, reservation = own.world, own.reserve(1)
    examined = examine_lines(world.resources, own.record, order_of(reservation), own.sign(reservation, 1))
    new = OwnKeyOrder(public_multibase=encode_multikey(make_key().public_key))
    with world.store.write() as unit:
        replace_own_key(world.resources, unit, own.record, new, compromised=True, caller=world.admin)

    with pytest.raises(Conflict) as refused, world.store.write() as unit:
        store(world.resources, unit, examined, caller=world.admin)

    assert refused.value.code == "signing-key-replaced"
    assert stored(own) == ()


def test_two_files_for_one_slot_at_the_same_moment_leave_one(own: OwnIssuer) -> None:
    reservation = own.reserve(1)
    (line,) = own.sign(reservation, 1)
    other = own.resign(line, lambda d: d.__setitem__("id", uuid4().urn))
    examined = [examine_lines(own.world.resources, own.record, order_of(reservation), [item]) for item in (line, other)]
    with own.world.store.write() as unit:
        store(own.world.resources, unit, examined[0], caller=own.world.admin)

    with pytest.raises(Conflict), own.world.store.write() as unit:
        store(own.world.resources, unit, examined[1], caller=own.world.admin)

    assert len(stored(own)) == 1


# -- files ------------------------------------------------------------------------------------------------------------


def test_one_wrong_line_and_nothing_of_the_file_is_stored(own: OwnIssuer) -> None:
    reservation = own.reserve(700)
    lines = own.sign(reservation, 700)
    lines[3] = lines[3].replace(b"Person 3", b"Person X")
    lines[650] = b"{}"

    with pytest.raises(SubmissionRefused) as refused:
        submit(own, reservation, lines)

    assert [(finding.line, finding.code) for finding in refused.value.findings] == [
        (4, "signature-mismatch"),
        (651, "missing-member"),
    ]
    assert stored(own) == ()


def test_what_stands_twice_in_a_file_is_told_with_its_first_line(own: OwnIssuer) -> None:
    reservation = own.reserve(3)
    first, second = own.sign(reservation, 2)
    known: Any = parse_object(first)["credential"]
    same_id = own.resign(second, lambda d: d.__setitem__("id", known["id"]))
    (same_person,) = sign_again(own, reservation, skip=2)
    same_slot = own.resign(first, lambda d: d.__setitem__("id", uuid4().urn))

    with pytest.raises(SubmissionRefused) as refused:
        submit(own, reservation, [first, same_slot, same_id, same_person])

    told = [(finding.line, finding.code) for finding in refused.value.findings]
    assert told == [(2, "slot-twice"), (3, "id-twice"), (4, "recipient-twice")]
    assert all("line 1" in finding.message for finding in refused.value.findings)


def test_many_findings_are_counted_and_some_are_told(own: OwnIssuer) -> None:
    with pytest.raises(SubmissionRefused) as refused:
        submit(own, own.reserve(1), [b"{}"] * 150)

    assert (refused.value.errors, len(refused.value.findings)) == (150, MAX_FINDINGS)


def test_an_empty_file_and_one_with_too_many_lines_are_refused(own: OwnIssuer) -> None:
    reservation = own.reserve(1)

    with pytest.raises(Malformed) as empty:
        submit(own, reservation, [b"\n"])
    with pytest.raises(Malformed) as endless:
        submit(own, reservation, [b"{"] * 65_537)

    assert (empty.value.code, endless.value.code) == ("signed-upload-empty", "too-many-lines")
