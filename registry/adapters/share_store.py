"""Share links and claims in SQL. Whatever two processes may do at once is one statement that only one of them wins."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from registry.adapters import tables
from registry.adapters.link_tables import credential_link
from registry.adapters.share_tables import claim, claim_mail, share
from registry.adapters.statements import insert_if_absent
from registry.domain.hashing import Digest
from registry.domain.share_link import ShareCode, ShareToken
from registry.store_ports import ClaimRecord, ClaimState, DueMail, MailState, NewClaim, ShareRecord

_CLAIMS: Final = select(
    claim,
    claim_mail.c.language,
    claim_mail.c.state,
    claim_mail.c.attempts,
    claim_mail.c.finished_at,
    claim_mail.c.failure,
).join_from(claim, claim_mail, claim_mail.c.credential_id == claim.c.credential_id)


class ShareStore:
    """Implements ShareWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_credential(self, credential_id: UUID) -> ShareRecord | None:
        """Return a credential's link, hidden or not; None when it never had one."""
        return self._one(share.c.credential_id == credential_id)

    def shown(self, name: ShareToken | ShareCode) -> ShareRecord | None:
        """Return the link of that name; None when there is none and, just so, when it is hidden."""
        named = share.c.token if isinstance(name, ShareToken) else share.c.code
        return self._one((named == name.text) & share.c.hidden_at.is_(None))

    def insert(self, new: ShareRecord) -> bool:
        """Store a link; False when the credential has one, or its token or code is taken."""
        return insert_if_absent(
            self._connection,
            share,
            {
                "credential_id": new.credential_id,
                "token": new.token.text,
                "code": new.code.text,
                "created_at": new.created_at,
                "hidden_at": new.hidden_at,
            },
        )

    def show(self, credential_id: UUID) -> None:
        """Show a credential's link."""
        self._connection.execute(update(share).where(share.c.credential_id == credential_id).values(hidden_at=None))

    def hide(self, credential_id: UUID, *, at: datetime) -> None:
        """Hide a credential's link; one that is hidden, or none, stays so."""
        shown = (share.c.credential_id == credential_id) & share.c.hidden_at.is_(None)
        self._connection.execute(update(share).where(shown).values(hidden_at=at))

    def _one(self, condition: ColumnElement[bool]) -> ShareRecord | None:
        row = self._connection.execute(select(share).where(condition)).one_or_none()
        if row is None:
            return None
        return ShareRecord(
            credential_id=row.credential_id,
            token=ShareToken(text=row.token),
            code=ShareCode(text=row.code),
            created_at=row.created_at,
            hidden_at=row.hidden_at,
        )


class ClaimStore:
    """Implements ClaimWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_credential(self, credential_id: UUID) -> ClaimRecord | None:
        """Return the claim of a credential."""
        return self._one(claim.c.credential_id == credential_id)

    def by_link(self, token_hash: Digest, *, now: datetime) -> ClaimRecord | None:
        """Return the claim of a link that still works."""
        return self._one((claim.c.token_hash == token_hash) & (claim.c.expires_at > now))

    def by_holder(self, holder_hash: Digest) -> ClaimRecord | None:
        """Return the claim that somebody holds."""
        return self._one(claim.c.holder_hash == holder_hash)

    def mailed(self, credential_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those of at most a thousand credentials that need no first mail."""
        answered = or_(claim_mail.c.state != MailState.FAILED.value, claim.c.claimed_at.is_not(None))
        statement = (
            select(claim.c.credential_id)
            .join_from(claim, claim_mail, claim_mail.c.credential_id == claim.c.credential_id)
            .where(claim.c.credential_id.in_(credential_ids), answered)
        )
        return frozenset(self._connection.execute(statement).scalars())

    def count_of_upload(self, upload_id: UUID, *, now: datetime) -> Mapping[ClaimState, int]:
        """Count the claims of an upload's credentials, and of what followed them, by state; every state is named."""
        link = credential_link
        of_upload = select(tables.credential.c.id).where(tables.credential.c.upload_id == upload_id)
        followers = select(link.c.later_id).where(link.c.earlier_id.in_(of_upload)).cte("follower", recursive=True)
        followers = followers.union(select(link.c.later_id).join(followers, followers.c.later_id == link.c.earlier_id))
        is_open, in_time = claim.c.token_hash.is_not(None), claim.c.expires_at > now
        statement = (
            select(claim_mail.c.state, is_open.label("is_open"), in_time.label("in_time"), func.count().label("number"))
            .join_from(claim, claim_mail, claim_mail.c.credential_id == claim.c.credential_id)
            .where(claim.c.credential_id.in_(of_upload.union_all(select(followers.c.later_id))))
            .group_by(claim_mail.c.state, is_open, in_time)
        )
        counts = dict.fromkeys(ClaimState, 0)
        for row in self._connection.execute(statement):
            state = ClaimState(row.state)
            if not row.is_open:
                state = ClaimState.CLAIMED
            elif state is ClaimState.SENT and not row.in_time:
                state = ClaimState.EXPIRED
            counts[state] += row.number
        return counts

    def lock(self, credential_ids: Collection[UUID]) -> None:
        """Let nobody else order for these credentials until this transaction ends: what is read next is what counts."""
        # By id, so that two who lock some of the same wait for each other in one direction; rows that refer to them are let in.
        rows = select(tables.credential.c.id).where(tables.credential.c.id.in_(credential_ids))
        self._connection.execute(rows.order_by(tables.credential.c.id).with_for_update(key_share=True)).all()

    def put(self, new: NewClaim) -> ClaimRecord:
        """Store a link and its mail, and return them; the credential's earlier link stops working, its earlier mail is not sent any more."""
        link = {
            "token_hash": new.token_hash,
            "address_key": new.address_key,
            "created_at": new.created_at,
            "expires_at": new.expires_at,
        }
        if not insert_if_absent(self._connection, claim, {"credential_id": new.credential_id, **link}):
            of_credential = claim.c.credential_id == new.credential_id
            self._connection.execute(update(claim).where(of_credential).values(**link))
        self._connection.execute(delete(claim_mail).where(claim_mail.c.credential_id == new.credential_id))
        self._connection.execute(
            insert(claim_mail).values(
                credential_id=new.credential_id,
                id=new.mail_id,
                state=MailState.WAITING.value,
                language=new.language,
                address=new.address,
                token=new.token,
                attempts=0,
                next_try_at=new.created_at,
                created_at=new.created_at,
            )
        )
        stored = self._connection.execute(_CLAIMS.where(claim.c.credential_id == new.credential_id))
        return _claim(stored.one())

    def redeem(self, token_hash: Digest, *, holder_hash: Digest, now: datetime) -> UUID | None:
        """Use up a link and let its user be the holder; return the credential. Of two at once one wins."""
        usable = (claim.c.token_hash == token_hash) & (claim.c.expires_at > now)
        used = {"token_hash": None, "holder_hash": holder_hash, "claimed_at": now}
        statement = update(claim).where(usable).values(**used).returning(claim.c.credential_id)
        credential_id: UUID | None = self._connection.execute(statement).scalar_one_or_none()
        if credential_id is not None:
            # Whoever has claimed it has the mail, also where its server did not say so.
            waiting = (claim_mail.c.credential_id == credential_id) & (claim_mail.c.state == MailState.WAITING.value)
            self._finish(waiting, state=MailState.SENT, failure=None, at=now)
        return credential_id

    def take_due(self, *, now: datetime, limit: int, lease_until: datetime) -> tuple[DueMail, ...]:
        """Take mails that are due, the longest due first: until `lease_until` nobody else takes them."""
        due = (
            select(claim_mail.c.credential_id)
            .where(claim_mail.c.next_try_at <= now)
            .order_by(claim_mail.c.next_try_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        taken = (
            update(claim_mail)
            .where(claim_mail.c.credential_id.in_(due.scalar_subquery()))
            .values(attempts=claim_mail.c.attempts + 1, next_try_at=lease_until)
            .returning(claim_mail.c.credential_id)
        )
        ids = self._connection.execute(taken).scalars().all()
        statement = (
            select(claim_mail, claim.c.expires_at)
            .join_from(claim_mail, claim, claim.c.credential_id == claim_mail.c.credential_id)
            .where(claim_mail.c.credential_id.in_(ids))
            .order_by(claim_mail.c.created_at)
        )
        return tuple(map(_due, self._connection.execute(statement)))

    def finish_mail(self, mail_id: UUID, *, state: MailState, failure: str | None, at: datetime) -> None:
        """Note that a mail was sent or has failed for good, and forget its address and link."""
        self._finish(_waiting(mail_id), state=state, failure=failure, at=at)

    def delay_mail(self, mail_id: UUID, *, failure: str, until: datetime) -> None:
        """Note why a mail could not be handed over, and when to try again."""
        self._connection.execute(update(claim_mail).where(_waiting(mail_id)).values(failure=failure, next_try_at=until))

    def _finish(self, condition: ColumnElement[bool], *, state: MailState, failure: str | None, at: datetime) -> None:
        forgotten = {"address": None, "token": None, "next_try_at": None}
        said = {"state": state.value, "failure": failure, "finished_at": at}
        self._connection.execute(update(claim_mail).where(condition).values(**said, **forgotten))

    def _one(self, condition: ColumnElement[bool]) -> ClaimRecord | None:
        row = self._connection.execute(_CLAIMS.where(condition)).one_or_none()
        return None if row is None else _claim(row)


def _waiting(mail_id: UUID) -> ColumnElement[bool]:
    return (claim_mail.c.id == mail_id) & (claim_mail.c.state == MailState.WAITING.value)


# Any: rows of the tables.
def _claim(row: Row[Any]) -> ClaimRecord:
    return ClaimRecord(
        credential_id=row.credential_id,
        address_key=bytes(row.address_key),
        created_at=row.created_at,
        expires_at=row.expires_at,
        claimed_at=row.claimed_at,
        is_open=row.token_hash is not None,
        language=row.language,
        mail=MailState(row.state),
        attempts=row.attempts,
        finished_at=row.finished_at,
        failure=row.failure,
    )


def _due(row: Row[Any]) -> DueMail:
    return DueMail(
        id=row.id,
        credential_id=row.credential_id,
        address=row.address,
        token=row.token,
        language=row.language,
        attempts=row.attempts,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
