"""What an earner has of a credential: a share link, the right to claim it, and the mail that brings that right.

    credential ── share         its link and code, seen by everybody while it is not hidden
               ── claim         who may hold it: hashes alone; one link at a time, one holder at a time
                  └─ claim_mail    the outbox: address and link stand in it until they are handed over, and not a moment longer

A claim's link and a holder's address are power over a credential, so only their hashes are kept. A share link is none: it shows
what stands in this database anyway, and both issuer and earner must be able to see it again.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Text

from registry.adapters.column_types import Id, Moment, one_of, sized
from registry.adapters.table_parts import partial_index, table
from registry.store_ports.claims import MailState

share = table(
    "share",
    Column("credential_id", Id, ForeignKey("credential.id"), primary_key=True),
    Column("token", Text, nullable=False, unique=True),
    Column("code", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("hidden_at", Moment),
    sized("token", 22),
    sized("code", 10),
)

claim = table(
    "claim",
    Column("credential_id", Id, ForeignKey("credential.id"), primary_key=True),
    # None once the link was used.
    Column("token_hash", LargeBinary, unique=True),
    Column("holder_hash", LargeBinary, unique=True),
    # A keyed hash: tells whether a mail goes to the same address, and to nobody what that is.
    Column("address_key", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("claimed_at", Moment),
    sized("token_hash", 32),
    sized("holder_hash", 32),
    sized("address_key", 32),
    CheckConstraint("(holder_hash IS NULL) = (claimed_at IS NULL)", name="holder_has_claimed"),
)

_WAITING: Final = f"state = '{MailState.WAITING}'"

claim_mail = table(
    "claim_mail",
    Column("credential_id", Id, ForeignKey("claim.credential_id"), primary_key=True),
    # The name of the message: it is the same at every try.
    Column("id", Id, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("address", Text),
    Column("token", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("failure", Text),
    one_of("state", MailState),
    # Nobody's address stays in the outbox.
    CheckConstraint(f"({_WAITING}) = (address IS NOT NULL)", name="address_while_waiting"),
    CheckConstraint(f"({_WAITING}) = (token IS NOT NULL)", name="token_while_waiting"),
    CheckConstraint(f"({_WAITING}) = (next_try_at IS NOT NULL)", name="try_while_waiting"),
    CheckConstraint(f"({_WAITING}) = (finished_at IS NULL)", name="finished"),
)
partial_index("ix_claim_mail_due", claim_mail.c.next_try_at, where=claim_mail.c.next_try_at.is_not(None))
