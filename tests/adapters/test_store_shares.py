"""Share links, claims and their mails on both databases."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select

from registry.adapters.share_tables import claim_mail
from registry.adapters.sql_store import SqlStore
from registry.domain.hashing import Digest, sha256
from registry.domain.share_link import ShareCode, ShareToken
from registry.store_ports import ClaimRecord, ClaimState, DueMail, MailState, NewClaim, NewCredential, ShareRecord
from tests.store_samples import NOW, Tenant, add_log, add_tenant, issue, new_credential, new_id, new_upload

LEASE = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


@pytest.fixture
def credential(store: SqlStore, tenant: Tenant) -> NewCredential:
    return issue(store, tenant)[0]


def share_of(credential: NewCredential, letter: str = "A") -> ShareRecord:
    return ShareRecord(
        credential_id=credential.id,
        token=ShareToken(text=letter * 21 + "A"),
        code=ShareCode(text=letter * 10),
        created_at=NOW,
        hidden_at=None,
    )


def claim_of(credential_id: UUID, link: str = "first", **changes: object) -> NewClaim:
    claim = NewClaim(
        credential_id=credential_id,
        token=link,
        token_hash=sha256(link.encode()),
        address="amal@example.org",
        address_key=bytes(32),
        language="en",
        mail_id=new_id(),
        created_at=NOW,
        expires_at=NOW + timedelta(days=60),
    )
    return replace(claim, **changes)  # type: ignore[arg-type]


def put(store: SqlStore, claim: NewClaim) -> ClaimRecord:
    with store.write() as unit:
        return unit.claims.put(claim)


def take(store: SqlStore, *, after: timedelta = timedelta(), limit: int = 10) -> tuple[DueMail, ...]:
    now = NOW + after
    with store.write() as unit:
        return unit.claims.take_due(now=now, limit=limit, lease_until=now + LEASE)


def redeem(store: SqlStore, token: str, holder: bytes, *, after: timedelta = timedelta()) -> UUID | None:
    with store.write() as unit:
        return unit.claims.redeem(sha256(token.encode()), holder_hash=Digest(holder), now=NOW + after)


def current(store: SqlStore, credential: NewCredential) -> ClaimRecord:
    with store.read() as unit:
        found = unit.claims.of_credential(credential.id)
    assert found is not None
    return found


def stored_mail(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(claim_mail.c.address, claim_mail.c.token))]


def test_a_link_is_found_by_token_and_code_until_it_is_hidden(store: SqlStore, credential: NewCredential) -> None:
    share = share_of(credential)
    with store.write() as unit:
        assert unit.shares.insert(share)

    with store.read() as unit:
        assert unit.shares.shown(share.token) == unit.shares.shown(share.code) == share
        assert unit.shares.shown(ShareToken(text=share.code.text)) is None
    with store.write() as unit:
        unit.shares.hide(credential.id, at=NOW)
    with store.read() as unit:
        assert unit.shares.shown(share.token) is unit.shares.shown(share.code) is None
        assert unit.shares.of_credential(credential.id) == replace(share, hidden_at=NOW)
    with store.write() as unit:
        unit.shares.hide(credential.id, at=NOW + SECOND)
        assert unit.shares.of_credential(credential.id) == replace(share, hidden_at=NOW)
        unit.shares.show(credential.id)
        assert unit.shares.shown(share.token) == share


def test_a_credential_has_one_link_and_a_name_one_credential(store: SqlStore, tenant: Tenant) -> None:
    first, second = issue(store, tenant, 2)
    with store.write() as unit:
        assert unit.shares.insert(share_of(first))
        assert not unit.shares.insert(share_of(first, "B"))
        assert not unit.shares.insert(share_of(second))
        assert unit.shares.of_credential(second.id) is None


def test_a_claim_waits_is_sent_and_is_used_once(store: SqlStore, credential: NewCredential) -> None:
    made = put(store, claim_of(credential.id))

    (due,) = take(store)
    with store.write() as unit:
        unit.claims.finish_mail(due.id, state=MailState.SENT, failure=None, at=NOW + SECOND)
    sent = current(store, credential)
    redeemed = [redeem(store, "first", bytes(32), after=2 * SECOND), redeem(store, "first", b"1" * 32)]

    assert (made.state(NOW), made.attempts) == (ClaimState.WAITING, 0)
    assert (due.address, due.token, due.attempts, due.credential_id) == ("amal@example.org", "first", 1, credential.id)
    assert (sent.state(NOW), sent.finished_at) == (ClaimState.SENT, NOW + SECOND)
    assert redeemed == [credential.id, None]
    assert current(store, credential).state(NOW) is ClaimState.CLAIMED
    with store.read() as unit:
        assert unit.claims.by_link(sha256(b"first"), now=NOW) is None
        assert unit.claims.by_holder(Digest(bytes(32))) == current(store, credential)
        assert unit.claims.by_holder(Digest(b"1" * 32)) is None


def test_of_two_at_once_one_claims(store: SqlStore, credential: NewCredential) -> None:
    put(store, claim_of(credential.id))
    start = Barrier(2)

    def claim(holder: bytes) -> UUID | None:
        start.wait(30)
        return redeem(store, "first", holder)

    with ThreadPoolExecutor(2) as threads:
        redeemed = list(threads.map(claim, (b"a" * 32, b"b" * 32)))

    assert sorted(redeemed, key=str) == sorted((credential.id, None), key=str)


def test_a_link_ends(store: SqlStore, credential: NewCredential) -> None:
    put(store, claim_of(credential.id))
    (due,) = take(store)
    with store.write() as unit:
        unit.claims.finish_mail(due.id, state=MailState.SENT, failure=None, at=NOW)
    end = timedelta(days=60)

    with store.read() as unit:
        assert unit.claims.by_link(sha256(b"first"), now=NOW + end - SECOND) is not None
        assert unit.claims.by_link(sha256(b"first"), now=NOW + end) is None
    assert redeem(store, "first", bytes(32), after=end) is None
    assert current(store, credential).state(NOW + end) is ClaimState.EXPIRED


def test_a_new_link_ends_the_old_one_and_its_mail(store: SqlStore, credential: NewCredential) -> None:
    put(store, claim_of(credential.id))
    (old,) = take(store)
    put(store, claim_of(credential.id, "second"))

    with store.write() as unit:
        # Whoever was handing the old one over notes that on nothing.
        unit.claims.finish_mail(old.id, state=MailState.FAILED, failure="mail-refused", at=NOW)
        unit.claims.delay_mail(old.id, failure="mail-refused", until=NOW + LEASE)
    (new,) = take(store)

    assert (old.token, new.token) == ("first", "second")
    assert redeem(store, "first", bytes(32)) is None
    assert redeem(store, "second", bytes(32)) == credential.id


def test_a_new_link_for_who_has_claimed_ends_the_old_holder_when_it_is_used(
    store: SqlStore, credential: NewCredential
) -> None:
    put(store, claim_of(credential.id))
    redeem(store, "first", b"a" * 32)
    put(store, claim_of(credential.id, "second"))

    with store.read() as unit:
        still = unit.claims.by_holder(Digest(b"a" * 32))
    redeem(store, "second", b"b" * 32)

    assert still is not None
    with store.read() as unit:
        assert unit.claims.by_holder(Digest(b"a" * 32)) is None
        assert unit.claims.by_holder(Digest(b"b" * 32)) is not None


@pytest.mark.parametrize("end", ["sent", "failed", "claimed"])
def test_address_and_link_are_forgotten_when_a_mail_is_over(
    store: SqlStore, engine: Engine, credential: NewCredential, end: str
) -> None:
    put(store, claim_of(credential.id))
    (due,) = take(store)
    before = stored_mail(engine)

    if end == "claimed":
        redeem(store, "first", bytes(32))
    else:
        with store.write() as unit:
            unit.claims.finish_mail(due.id, state=MailState(end), failure=None, at=NOW)

    assert before == [("amal@example.org", "first")]
    assert stored_mail(engine) == [(None, None)]


def test_a_mail_that_is_taken_is_left_alone_until_its_lease_ends(store: SqlStore, credential: NewCredential) -> None:
    put(store, claim_of(credential.id))

    taken = [len(take(store, after=after)) for after in (timedelta(), LEASE - SECOND, LEASE)]

    assert taken == [1, 0, 1]
    assert current(store, credential).attempts == 2


def test_a_mail_that_is_put_off_comes_when_it_is_due(store: SqlStore, credential: NewCredential) -> None:
    put(store, claim_of(credential.id))
    (due,) = take(store)
    with store.write() as unit:
        unit.claims.delay_mail(due.id, failure="mail-not-taken", until=NOW + SECOND)

    assert take(store) == ()
    assert current(store, credential).failure == "mail-not-taken"
    assert [mail.id for mail in take(store, after=SECOND)] == [due.id]


def test_two_who_take_at_once_take_different_mails(store: SqlStore, tenant: Tenant) -> None:
    for number, credential in enumerate(issue(store, tenant, 20)):
        put(store, claim_of(credential.id, f"{number}"))
    start = Barrier(2)

    def several(_: int) -> list[str]:
        start.wait(30)
        return [mail.token for _ in range(5) for mail in take(store, limit=2)]

    with ThreadPoolExecutor(2) as threads:
        tokens = [token for taken in threads.map(several, range(2)) for token in taken]

    assert sorted(tokens) == sorted(f"{number}" for number in range(20))


def test_claims_of_an_upload_are_counted_by_state(store: SqlStore, tenant: Tenant) -> None:
    upload = new_upload(tenant)
    with store.write() as unit:
        unit.uploads.insert(upload)
        slots = unit.statuses.assign_slots(tenant.issuer_id, 6, draw=secrets.randbelow, now=NOW)
        credentials = [new_credential(tenant, slot, upload=(upload.id, line)) for line, slot in enumerate(slots, 2)]
        unit.credentials.insert(credentials)
    for number, credential in enumerate(credentials[:5]):
        put(store, claim_of(credential.id, f"{number}"))
    mails = {mail.credential_id: mail.id for mail in take(store)}
    waiting, sent, failed, expired, claimed, unmailed = (credential.id for credential in credentials)
    with store.write() as unit:
        for each in (sent, expired, claimed):
            unit.claims.finish_mail(mails[each], state=MailState.SENT, failure=None, at=NOW)
        unit.claims.finish_mail(mails[failed], state=MailState.FAILED, failure="mail-refused", at=NOW)
    redeem(store, "4", bytes(32))
    put(store, claim_of(expired, "old", expires_at=NOW))
    with store.write() as unit:
        (old,) = unit.claims.take_due(now=NOW, limit=1, lease_until=NOW)
        unit.claims.finish_mail(old.id, state=MailState.SENT, failure=None, at=NOW)

    with store.read() as unit:
        counts = unit.claims.count_of_upload(upload.id, now=NOW)
        mailed = unit.claims.mailed([credential.id for credential in credentials])
        nothing = unit.claims.count_of_upload(uuid4(), now=NOW)

    assert counts == dict.fromkeys(ClaimState, 1)
    assert nothing == dict.fromkeys(ClaimState, 0)
    assert mailed == {waiting, sent, expired, claimed}
    assert unmailed not in mailed
