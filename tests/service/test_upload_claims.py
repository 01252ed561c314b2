"""Claims of a whole upload: everybody is mailed once, for what stands now."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from threading import Barrier

import pytest

from registry.domain.errors import Conflict
from registry.domain.recipient import IdentityType
from registry.service.claiming import (
    UploadClaims,
    order_upload_claims,
    upload_claim_counts,
)
from registry.service.issuing import Person
from registry.service.reissuing import Correction, renew, supersede
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.service.upload_issuing import run
from registry.service.uploads import start
from registry.store_ports import (
    AchievementRecord,
    ClaimState,
    CredentialRecord,
    IssuerRecord,
    ReadStore,
    UploadRecord,
    WriteStore,
)
from tests.registry_world import MAX_UPLOAD_BYTES, World
from tests.service.test_claiming import mails

CSV = (
    b"recipient_email,recipient_name,issued_on,grade,locale,recipient_id\r\n"
    b"a@example.org,A,2026-05-29,A,ar,\r\n"
    b"b@example.org,B,2026-05-29,A,,\r\n"
    b",C,2026-05-29,A,,17\r\n"
    b"d@example.org,D,2026-05-29,A,zh-Hant,\r\n"
)


ENDING = b"recipient_email,recipient_name,issued_on,expires_on,grade\r\n" + b"".join(
    b"%c@example.org,%c,2026-05-29,2027-05-29,A\r\n" % (each, each) for each in b"abcd"
)


REVOKED = StatusRequest(action=StatusAction.REVOKE, reason=Reason.OTHER)


def issued(world: World, issuer: IssuerRecord, achievement: AchievementRecord, content: bytes = CSV) -> UploadRecord:
    upload = world.upload(issuer, achievement, content)
    with world.store.write() as unit:
        start(world.resources, unit, upload, caller=world.admin)
    run(world.resources, world.get_upload(upload), max_bytes=MAX_UPLOAD_BYTES, stopping=lambda: False)
    return world.get_upload(upload)


def test_everybody_of_an_upload_is_mailed_once_in_their_language(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    upload = issued(world, issuer, achievement)
    revoked = world.issued(upload)[3]
    request = StatusRequest(action=StatusAction.REVOKE, reason=Reason.OTHER)
    with world.store.write() as unit:
        change_status(world.resources, unit, issuer, revoked.id, request, caller=world.admin)

    made = [order_upload_claims(world.resources, issuer, upload, max_bytes=MAX_UPLOAD_BYTES) for _ in range(2)]
    sent = mails(world)

    assert made == [
        UploadClaims(ordered=2, already=0, passed_over=2),
        UploadClaims(ordered=0, already=2, passed_over=2),
    ]
    assert [(mail.address, mail.language) for mail in sent] == [("a@example.org", "ar"), ("b@example.org", "en")]
    with world.store.read() as unit:
        counts = upload_claim_counts(world.resources, unit, upload)
    assert {state: count for state, count in counts.items() if count} == {ClaimState.WAITING: 2}


def test_the_mails_of_an_upload_go_to_what_stands_now_in_its_credentials_places(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    upload = issued(world, issuer, achievement, ENDING)
    corrected, given_to_another, renewed, _ = world.issued(upload)
    other = Person(name="C", identifiers=((IdentityType.SYSTEM, "S-9"),))
    with world.store.write() as unit:
        first = supersede(world.resources, unit, issuer, corrected.id, Correction(name="A."), caller=world.admin)
    with world.store.write() as unit:
        second = supersede(world.resources, unit, issuer, first.id, Correction(name="A.A."), caller=world.admin)
        supersede(world.resources, unit, issuer, given_to_another.id, Correction(person=other), caller=world.admin)
        later = Correction(expires_on=date(2040, 1, 1))
        renewal = renew(world.resources, unit, issuer, renewed.id, later, caller=world.admin)

    made = [order_upload_claims(world.resources, issuer, upload, max_bytes=MAX_UPLOAD_BYTES) for _ in range(2)]

    assert made == [
        UploadClaims(ordered=3, already=0, passed_over=1),
        UploadClaims(ordered=0, already=3, passed_over=1),
    ]
    with world.store.read() as unit:
        counts = upload_claim_counts(world.resources, unit, upload)
    assert counts[ClaimState.WAITING] == 3
    found = {mail.address: mail.credential_id for mail in mails(world)}
    assert found == {
        "a@example.org": second.id,
        "c@example.org": renewal.id,
        "d@example.org": world.issued(upload)[3].id,
    }


def test_a_renewal_that_was_revoked_is_mailed_to_nobody(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    upload = issued(world, issuer, achievement, ENDING)
    first = world.issued(upload)[0]
    with world.store.write() as unit:
        later = Correction(expires_on=date(2040, 1, 1))
        renewal = renew(world.resources, unit, issuer, first.id, later, caller=world.admin)
        change_status(world.resources, unit, issuer, renewal.id, REVOKED, caller=world.admin)

    order_upload_claims(world.resources, issuer, upload, max_bytes=MAX_UPLOAD_BYTES)

    assert {mail.credential_id for mail in mails(world)} == {each.id for each in world.issued(upload)}


@pytest.mark.parametrize(
    ("revoked", "mailed"),
    [((), "renewal"), (("correct",), "renewal"), (("renewal",), "correct"), (("correct", "renewal"), None)],
)
def test_a_renewal_is_mailed_though_what_it_renews_was_corrected_afterwards(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, revoked: tuple[str, ...], mailed: str | None
) -> None:
    upload = issued(world, issuer, achievement, ENDING)
    first = world.issued(upload)[0]
    later = Correction(expires_on=date(2040, 1, 1))
    with world.store.write() as unit:
        renewal = renew(world.resources, unit, issuer, first.id, later, caller=world.admin)
    with world.store.write() as unit:
        correct = supersede(world.resources, unit, issuer, first.id, Correction(name="A."), caller=world.admin)
        made = {"correct": correct, "renewal": renewal}
        for name in revoked:
            change_status(world.resources, unit, issuer, made[name].id, REVOKED, caller=world.admin)

    order_upload_claims(world.resources, issuer, upload, max_bytes=MAX_UPLOAD_BYTES)

    found = {mail.address: mail.credential_id for mail in mails(world)}
    assert found.get("a@example.org") == (None if mailed is None else made[mailed].id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokesBeforeWriting:
    """A store in which somebody else revokes a credential just before a transaction begins."""

    world: World
    issuer: IssuerRecord
    credential: CredentialRecord

    def read(self) -> AbstractContextManager[ReadStore]:
        return self.world.store.read()

    def write(self) -> AbstractContextManager[WriteStore]:
        with self.world.store.write() as unit:
            change_status(self.world.resources, unit, self.issuer, self.credential.id, REVOKED, caller=self.world.admin)
        return self.world.store.write()


def test_what_is_revoked_while_an_upload_s_rows_are_read_is_mailed_to_nobody(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    upload = issued(world, issuer, achievement)
    store = RevokesBeforeWriting(world=world, issuer=issuer, credential=world.issued(upload)[0])
    resources = replace(world.resources, store=store)

    made = order_upload_claims(resources, issuer, upload, max_bytes=MAX_UPLOAD_BYTES)

    assert (made.ordered, made.passed_over) == (2, 2)
    assert [mail.address for mail in mails(world)] == ["b@example.org", "d@example.org"]


def test_two_who_order_the_mails_of_an_upload_at_once_order_one_for_everybody(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    people = 60
    lines = [f"p{number}@example.org,P,2026-05-29,A" for number in range(people)]
    content = "\r\n".join(["recipient_email,recipient_name,issued_on,grade", *lines, ""]).encode()
    upload, begin = issued(world, issuer, achievement, content), Barrier(2)

    def order_all(_: int) -> UploadClaims:
        begin.wait(30)
        return order_upload_claims(world.resources, issuer, upload, max_bytes=MAX_UPLOAD_BYTES)

    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(order_all, range(2)))

    assert sorted((each.ordered, each.already) for each in made) == [(0, people), (people, 0)]
    assert len(mails(world)) == people


def test_a_large_upload_is_mailed_chunk_by_chunk(sqlite_world: World) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    lines = [f"p{number}@example.org,P,2026-05-29,A" for number in range(1_203)]
    content = "\r\n".join(["recipient_email,recipient_name,issued_on,grade", *lines, ""]).encode()
    upload = issued(world, issuer, world.add_achievement(issuer), content)

    made = order_upload_claims(world.resources, issuer, upload, max_bytes=MAX_UPLOAD_BYTES)

    assert made == UploadClaims(ordered=1_203, already=0, passed_over=0)
    with world.store.write() as unit:
        now = world.clock.now()
        sent = unit.claims.take_due(now=now, limit=2_000, lease_until=now)
        addresses = {
            credential.id: f"p{credential.line - 2}@example.org"
            for credential in world.issued(upload)
            if credential.line
        }
    assert {mail.credential_id: mail.address for mail in sent} == addresses


def test_an_upload_that_is_not_issued_has_nobody_to_mail(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    upload = world.upload(issuer, achievement, CSV)

    with pytest.raises(Conflict) as refused:
        order_upload_claims(world.resources, issuer, upload, max_bytes=MAX_UPLOAD_BYTES)

    assert refused.value.code == "upload-not-issued"
