"""Claiming: an earner gets a link by e-mail, uses it once, and holds the credential's page from then on.

    issuer orders a mail ──> link, valid for 60 days ──> the earner presses the button ──> holder, with an address of their own
                  orders another one: the old link stops working at once

The registry keeps no address: it stands in the outbox until the mail is handed over, and a keyed hash of it stays, which tells
that a repeated order is the same one. Links and holders' addresses are kept as hashes.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Final
from uuid import UUID

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.claim_letter import letter_language
from registry.domain.errors import Conflict, NotFound, Refused
from registry.domain.hashing import Digest, sha256
from registry.domain.one_or_many import objects_of
from registry.domain.recipient import IdentityType, identity_matches
from registry.domain.shown_credential import show_credential
from registry.domain.upload_judging import RecipientRow
from registry.domain.upload_values import normalise_identifier
from registry.service.addresses import email_address
from registry.service.following import standing_now
from registry.service.issuing import find_recipient
from registry.service.present_state import PresentState, read_state
from registry.service.resources import RECIPIENT_HASHING, Resources
from registry.service.sharing import shown_names, switch_sharing
from registry.service.uploads import judgements
from registry.store_ports import (
    ClaimRecord,
    ClaimState,
    CredentialRecord,
    IssuerRecord,
    NewClaim,
    ReadStore,
    Standing,
    UploadRecord,
    UploadState,
    WriteStore,
)

SECRET_BYTES: Final = 32
"""Of a claim link and of a holder's address: 256 random bits, so that a plain hash of them cannot be searched through."""
LINK_DAYS: Final = 60
"""A summer: whoever does not read mail in the holidays finds it working; and a mailbox broken into later holds no power."""
SAME_ORDER: Final = timedelta(minutes=1)
"""Two orders of another mail within it are one: a button pressed twice."""
CHUNK: Final = 500
"""Claims of an upload that are stored in one transaction."""
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOrder:
    """A mail that an issuer orders."""

    address: str
    language: str | None = None
    """A tag; the achievement's own unless given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadClaims:
    """What became of an order for all credentials of an upload."""

    ordered: int
    already: int
    """A mail waits, was sent or was answered."""
    passed_over: int
    """Rows without an address, or whose credential was revoked or is now another person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What somebody with a claim link, or a holder, sees."""

    state: PresentState
    claim: ClaimRecord
    url: str | None
    """The share link; None while nobody else sees the credential."""
    code: str | None
    """The short code, likewise."""


def order_claim(
    resources: Resources, unit: WriteStore, credential: CredentialRecord, order: ClaimOrder, *, again: bool
) -> ClaimRecord:
    """Order the mail with the claim link of a credential; with `again` a new link in place of the last one.

    Asked a second time for the same address without `again`, it is one mail. Raises Malformed `malformed-email`; Refused `claim-address-differs` when the credential was issued to another address; Conflict
    `claim-exists` when there is a link that was mailed to another address.
    """
    address = email_address(order.address, "email")
    document = parse_object(credential.document)
    _check_addressee(unit, credential, document, address)
    key = _address_key(unit.access.secret(RECIPIENT_HASHING), address)
    unit.claims.lock([credential.id])
    earlier = unit.claims.of_credential(credential.id)
    if earlier is not None and not _is_needed(resources, earlier, key, again=again):
        return earlier
    return unit.claims.put(_new_claim(resources, credential, document, address, key=key, language=order.language))


def order_upload_claims(
    resources: Resources, issuer: IssuerRecord, upload: UploadRecord, *, max_bytes: int
) -> UploadClaims:
    """Order mails for all credentials of an upload that need one, to the addresses of its rows.

    Where one was corrected or renewed, the mail is for what stands now in its place. A chunk at a time: called again after a crash, it orders what is missing. Raises Conflict `upload-not-issued`.
    """
    if upload.state is not UploadState.ISSUED:
        raise Conflict("upload-not-issued", "expected an upload whose credentials are all issued")
    rows = _AddressedRows(resources, issuer, upload, max_bytes=max_bytes)
    made = UploadClaims(ordered=0, already=0, passed_over=0)
    after = 0
    while credentials := _chunk(resources, upload, after_line=after):
        # Judged before the transaction: other writers wait for that one.
        addressed = rows.through(credentials[-1].line or after)
        made = _order_chunk(resources, upload, after, addressed, made)
        after = credentials[-1].line or after
    return made


def open_claim(resources: Resources, token: str) -> Offer:
    """Return what a claim link offers.

    Raises NotFound `claim-not-found`: never made, used, replaced by a newer one, or too old. Nobody is told which.
    """
    digest = _digest(token)
    with resources.store.read() as unit:
        claim = None if digest is None else unit.claims.by_link(digest, now=resources.clock.now())
        return _offer(resources, unit, claim)


def redeem_claim(resources: Resources, token: str, *, secret: str) -> None:
    """Use up a claim link: whoever knows the secret, which the link's page drew, is the credential's holder from now on.

    The same link with the same secret again changes nothing, so that a button pressed twice leads to one page. Whoever held the
    credential before holds it no more. Raises NotFound as `open_claim`.
    """
    digest, holder = _digest(token), _digest(secret)
    if digest is None or holder is None:
        raise _no_claim()
    with resources.store.write() as unit:
        redeemed = unit.claims.redeem(digest, holder_hash=holder, now=resources.clock.now())
        if redeemed is None and unit.claims.by_holder(holder) is None:
            raise _no_claim()


def draw_secret(resources: Resources) -> str:
    """Draw the secret of a link or of a holder's address."""
    return base64.urlsafe_b64encode(resources.random_bytes(SECRET_BYTES)).rstrip(b"=").decode("ascii")


def open_held(resources: Resources, secret: str) -> Offer:
    """Return what the holder with a secret has. Raises NotFound `claim-not-found`."""
    with resources.store.read() as unit:
        return _offer(resources, unit, _held(unit, secret))


def switch_held(resources: Resources, secret: str, *, shared: bool) -> None:
    """Show or hide what the holder with a secret has. Raises NotFound `claim-not-found`."""
    with resources.store.write() as unit:
        switch_sharing(resources, unit, _held(unit, secret).credential_id, shared=shared)


def upload_claim_counts(resources: Resources, unit: ReadStore, upload: UploadRecord) -> Mapping[ClaimState, int]:
    """Count the claims of an upload's credentials by state."""
    return unit.claims.count_of_upload(upload.id, now=resources.clock.now())


class _AddressedRows:
    """The rows of an upload with an address, by line: read once, as far as they are asked for."""

    def __init__(self, resources: Resources, issuer: IssuerRecord, upload: UploadRecord, *, max_bytes: int) -> None:
        self._rows = (each.recipient for each in judgements(resources, issuer, upload, max_bytes=max_bytes))
        self._ahead: RecipientRow | None = None

    def through(self, line: int) -> Mapping[int, RecipientRow]:
        """Return the rows up to a line that were not asked for before."""
        found: dict[int, RecipientRow] = {}
        for row in chain(() if self._ahead is None else (self._ahead,), self._rows):
            if row is None or row.recipient_email is None:
                continue
            if row.line > line:
                self._ahead = row
                return found
            found[row.line] = row
        self._ahead = None
        return found


def _chunk(resources: Resources, upload: UploadRecord, *, after_line: int) -> tuple[CredentialRecord, ...]:
    with resources.store.read() as unit:
        return unit.credentials.of_upload(upload.id, after_line=after_line, limit=CHUNK)


def _order_chunk(
    resources: Resources, upload: UploadRecord, after_line: int, rows: Mapping[int, RecipientRow], before: UploadClaims
) -> UploadClaims:
    with resources.store.write() as unit:
        credentials = unit.credentials.of_upload(upload.id, after_line=after_line, limit=CHUNK)
        unit.claims.lock([credential.id for credential in credentials])
        # Read once more: until the lock was there, any of them could be revoked, corrected or renewed.
        credentials = unit.credentials.of_upload(upload.id, after_line=after_line, limit=CHUNK)
        standing = standing_now(unit, credentials, lock=unit.claims.lock)
        mailed = unit.claims.mailed([credential.id for credential in standing.values()])
        orders = [
            (now, row)
            for credential in credentials
            for now, row in ((standing[credential.id], rows.get(credential.line or 0)),)
            if row is not None and now.id not in mailed and now.standing is not Standing.REVOKED
            if now.id == credential.id or _is_still_theirs(unit, now, row)
        ]
        secret = unit.access.secret(RECIPIENT_HASHING)
        for credential, row in orders:
            address = row.recipient_email or ""
            document = parse_object(credential.document)
            key = _address_key(secret, address)
            unit.claims.put(_new_claim(resources, credential, document, address, key=key, language=row.locale))
    return UploadClaims(
        ordered=before.ordered + len(orders),
        already=before.already + len(mailed),
        passed_over=before.passed_over + len(credentials) - len(mailed) - len(orders),
    )


def _is_still_theirs(unit: ReadStore, credential: CredentialRecord, row: RecipientRow) -> bool:
    """Tell whether what followed a row's credential is the same person's: a correction may give it to another one."""
    key = find_recipient(unit, normalise_identifier(row.recipient_email or ""))
    return key in unit.links.recipient_keys(credential.id).keys


def _is_needed(resources: Resources, earlier: ClaimRecord, key: bytes, *, again: bool) -> bool:
    now = resources.clock.now()
    state, same = earlier.state(now), hmac.compare_digest(earlier.address_key, key)
    if again:
        on_its_way = state in {ClaimState.WAITING, ClaimState.SENT}
        return not (same and on_its_way and now - earlier.created_at < SAME_ORDER)
    if state is ClaimState.FAILED:
        return True
    if not same and state is not ClaimState.CLAIMED:
        raise Conflict("claim-exists", "a link was ordered to another address: order another mail to replace it")
    return False


def _check_addressee(unit: ReadStore, credential: CredentialRecord, document: JsonObject, address: str) -> None:
    """Raise Refused unless the credential goes to whom it was issued: a slip of the pen must not give it to a stranger."""
    identities = _identities(document)
    if not identities or any(identity_matches(identity, address) for identity in identities):
        return
    key = find_recipient(unit, normalise_identifier(address))
    before = UUID(int=credential.id.int - 1)
    for found in unit.credentials.of_recipient(key, issuer_id=credential.issuer_id, after=before, limit=1):
        if found.id == credential.id:
            return
    raise Refused("claim-address-differs", "the credential was issued to another e-mail address")


def _identities(document: JsonObject) -> list[JsonObject]:
    subject = document.get("credentialSubject")
    given = subject.get("identifier") if isinstance(subject, dict) else None
    return [identity for identity in objects_of(given) if identity.get("identityType") == IdentityType.EMAIL]


def _new_claim(
    resources: Resources,
    credential: CredentialRecord,
    document: JsonObject,
    address: str,
    *,
    key: bytes,
    language: str | None,
) -> NewClaim:
    now, token = resources.clock.now(), draw_secret(resources)
    return NewClaim(
        credential_id=credential.id,
        token=token,
        token_hash=sha256(token.encode("ascii")),
        address=address,
        address_key=key,
        language=letter_language(language, show_credential(document).language),
        mail_id=resources.ids.new(),
        created_at=now,
        expires_at=now + timedelta(days=LINK_DAYS),
    )


def _address_key(secret: bytes, address: str) -> bytes:
    # Under a word of its own: it is not to be compared with what credentials are found by.
    return hmac.digest(secret, b"claim" + normalise_identifier(address).encode(), "sha256")


def _held(unit: ReadStore, secret: str) -> ClaimRecord:
    digest = _digest(secret)
    claim = None if digest is None else unit.claims.by_holder(digest)
    if claim is None:
        raise _no_claim()
    return claim


def _offer(resources: Resources, unit: ReadStore, claim: ClaimRecord | None) -> Offer:
    if claim is None:
        raise _no_claim()
    credential = unit.credentials.by_id(claim.credential_id)
    state = read_state(resources, unit, credential)
    names = shown_names(resources, unit, credential.id)
    return Offer(state=state, claim=claim, url=names.url, code=names.code)


def _no_claim() -> NotFound:
    return NotFound("claim-not-found", "this link was used, replaced by a newer one, or is too old")


def _digest(secret: str) -> Digest | None:
    return sha256(secret.encode("ascii")) if SECRET.fullmatch(secret) is not None else None
