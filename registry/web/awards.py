"""What a request says of a person and of what they did, as the use cases take it."""

from collections.abc import Sequence

from registry.domain.credential import Evidence
from registry.domain.errors import Malformed
from registry.domain.recipient import IdentityType
from registry.service.addresses import email_address, web_address
from registry.service.issuing import Person
from registry.web.schemas import EvidenceForm, RecipientForm


def read_person(form: RecipientForm) -> Person:
    """Return whom a credential is about. Raises Malformed `recipient-without-identity`."""
    given = [] if form.email is None else [(IdentityType.EMAIL, email_address(form.email, "recipient.email"))]
    identifiers = (*given, *form.identifiers.items())
    if not identifiers and form.id is None:
        raise Malformed("recipient-without-identity", "expected an id or an identifier", where="recipient")
    return Person(name=form.name, id=form.id, identifiers=identifiers)


def read_evidence(forms: Sequence[EvidenceForm]) -> tuple[Evidence, ...]:
    """Return what shows what was done. Raises Malformed."""
    return tuple(
        Evidence(
            url=None if item.url is None else web_address(item.url, f"evidence.{number}.url"),
            name=item.name,
            narrative=item.narrative,
            description=item.description,
            private=item.private,
        )
        for number, item in enumerate(forms)
    )
