"""Facts of the example credential, to be changed by tests."""

from dataclasses import replace
from typing import Any, Final

from registry.domain.badge_facts import Attachments, BadgeFacts, CertificateFacts, Sharing, certificate_facts
from registry.domain.canonical import parse_object
from tests.paths import REPO_ROOT

CREDENTIAL: Final = (REPO_ROOT / "docs" / "examples" / "credential.json").read_bytes()
RECEIPT: Final = (REPO_ROOT / "docs" / "examples" / "receipt.json").read_bytes()
SHARE_URL: Final = "https://registry.example/c/Zm9vYmFyYmF6cXV4cXV1eA"
CODE: Final = "ABCDE-FGH2K"
FACTS: Final = certificate_facts(
    parse_object(CREDENTIAL),
    attachments=Attachments(credential=CREDENTIAL, receipt=RECEIPT),
    sharing=Sharing(verify_url="https://registry.example/", share_url=SHARE_URL, code=CODE),
    status=None,
)


def badge(**changes: Any) -> BadgeFacts:  # noqa: ANN401  # any field
    """Return the example's badge with some fields changed."""
    return replace(FACTS.badge, **changes)


def certificate(**changes: Any) -> CertificateFacts:  # noqa: ANN401  # any field
    """Return the example's certificate with some fields changed."""
    return replace(FACTS, **changes)


def brief(**changes: Any) -> CertificateFacts:  # noqa: ANN401  # any field
    """Return a certificate of one page, which is set in a third of the time."""
    return certificate(results=(), skills=(), criteria=(), **changes)
