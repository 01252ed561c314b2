"""Sharing: whoever has a credential's link or code sees it, from the moment it is switched on until it is switched off.

Off by default. The link stays the same when sharing is switched off and on again: it stands on paper and in profiles. Where
nothing is shown, nothing tells whether there is something: an unknown name and a hidden one are looked up by the same statement.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import parse_object
from registry.domain.errors import Conflict, NotFound
from registry.domain.private_evidence import has_private_evidence
from registry.domain.share_link import (
    CODE_BYTES,
    TOKEN_BYTES,
    ShareCode,
    ShareToken,
    parse_share_name,
    parse_token,
    share_url,
    write_code,
    write_token,
)
from registry.ports import SharedDocument
from registry.service.access import Caller
from registry.service.auditing import note
from registry.service.present_state import PresentState, read_state
from registry.service.resources import Resources
from registry.store_ports import CredentialRecord, IssuerRecord, LinkKind, ReadStore, ShareRecord, WriteStore

DRAWS: Final = 5
"""Of a code that nobody has: with a million of them in use one draw in a thousand million fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCredential:
    """A credential that whoever has its name may see."""

    state: PresentState
    share: ShareRecord
    url: str
    """The share link."""
    successor: str | None
    """The share link of the credential that took its place, while that is shared too."""

    @property
    def credential(self) -> CredentialRecord:
        """What is stored of it."""
        return self.state.credential

    @property
    def issuer(self) -> IssuerRecord:
        """Who issued it."""
        return self.state.issuer

    @property
    def code(self) -> str:
        """The short code as it is printed."""
        return self.share.code.spelled

    @property
    def shows_document(self) -> bool:
        """The document itself may be handed to everybody: it holds no evidence that is marked as private."""
        return not has_private_evidence(parse_object(self.credential.document))


def switch_sharing(resources: Resources, unit: WriteStore, credential_id: UUID, *, shared: bool) -> ShareRecord | None:
    """Show or hide a credential for everybody who has its link; it holds as soon as the transaction is committed.

    Returns the link, None for one that was never shown.
    """
    if not shared:
        unit.shares.hide(credential_id, at=resources.clock.now())
    elif unit.shares.of_credential(credential_id) is None:
        _draw_link(resources, unit, credential_id)
    else:
        unit.shares.show(credential_id)
    return unit.shares.of_credential(credential_id)


def switch_for_issuer(
    resources: Resources, unit: WriteStore, credential: CredentialRecord, *, shared: bool, caller: Caller
) -> ShareRecord | None:
    """Do the same for the issuer, who shows nothing that its earner has claimed: that is the earner's to say.

    It is written down, which what the earner does with it is not. Raises Conflict `shared-by-earner`.
    """
    claim = unit.claims.of_credential(credential.id)
    if shared and claim is not None and claim.claimed_at is not None:
        raise Conflict("shared-by-earner", "the earner has claimed this credential, and decides who may see it")
    action = AuditAction.CREDENTIAL_SHARED if shared else AuditAction.CREDENTIAL_UNSHARED
    note(resources, unit, action, by=caller.name, issuer=credential.issuer_id, subject=credential.id)
    return switch_sharing(resources, unit, credential.id, shared=shared)


def find_shared(resources: Resources, text: str) -> SharedCredential | None:
    """Return the credential of a share link of this service, of its token or its short code.

    None for a name that is none, for one that nobody has, and for one whose sharing is switched off.
    """
    name = parse_share_name(text, public_url=resources.public_url)
    return None if name is None else _open(resources, name)


def shared_document(resources: Resources, text: str) -> SharedDocument | None:
    """Return the document of a share link, token or short code, to be checked by whoever has that name.

    None where `find_shared` finds nothing. One with evidence that is marked as private is checked too, and not shown.
    """
    shared = find_shared(resources, text)
    return None if shared is None else SharedDocument(content=shared.credential.document, shown=shared.shows_document)


def open_shared(resources: Resources, token: str) -> SharedCredential:
    """Return the credential of a token. Raises NotFound `share-not-found`, the same for an unknown and a hidden one."""
    name = parse_token(token)
    shared = None if name is None else _open(resources, name)
    if shared is None:
        raise NotFound("share-not-found", "no credential is shared under this address, or not any more")
    return shared


def shared_link(resources: Resources, share: ShareRecord) -> str:
    """Return the share link of a record."""
    return share_url(resources.public_url, share.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNames:
    """How others find a credential; both None while nobody but its earner sees it."""

    url: str | None = None
    code: str | None = None


def shown_names(resources: Resources, unit: ReadStore, credential_id: UUID) -> ShownNames:
    """Return the share link and the printed code of a credential while it is shared."""
    share = unit.shares.of_credential(credential_id)
    if share is None or share.hidden_at is not None:
        return ShownNames()
    return ShownNames(url=shared_link(resources, share), code=share.code.spelled)


def _open(resources: Resources, name: ShareToken | ShareCode) -> SharedCredential | None:
    with resources.store.read() as unit:
        share = unit.shares.shown(name)
        if share is None:
            return None
        state = read_state(resources, unit, unit.credentials.by_id(share.credential_id))
        successor = _successor(resources, unit, share.credential_id)
    return SharedCredential(state=state, share=share, url=shared_link(resources, share), successor=successor)


def _successor(resources: Resources, unit: ReadStore, credential_id: UUID) -> str | None:
    for link in unit.links.of([credential_id]).get(credential_id, ()):
        if link.kind is LinkKind.SUPERSEDES and link.earlier_id == credential_id:
            return shown_names(resources, unit, link.later_id).url
    return None


def _draw_link(resources: Resources, unit: WriteStore, credential_id: UUID) -> None:
    for _ in range(DRAWS):
        share = ShareRecord(
            credential_id=credential_id,
            token=write_token(resources.random_bytes(TOKEN_BYTES)),
            code=write_code(resources.random_bytes(CODE_BYTES)),
            created_at=resources.clock.now(),
            hidden_at=None,
        )
        if unit.shares.insert(share):
            return
        if unit.shares.of_credential(credential_id) is not None:
            # Somebody else switched it on at the same moment.
            unit.shares.show(credential_id)
            return
    raise Conflict("share-code-taken", "no short code was free: ask again")
