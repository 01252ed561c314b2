"""A badge for the end of e-mails: one link around one picture, with inline style alone, as mail programs keep it.

No script, no table, no style sheet; both addresses are of the credential's public page, so that it goes when that goes.
"""

from html import escape
from typing import Final

from registry.domain.badge_facts import CertificateFacts
from registry.domain.errors import Malformed
from registry.domain.shown_text import shorten

SIDE: Final = 80
"""In pixels, written out: mail programs reserve the place before the picture is loaded."""
MAX_BYTES: Final = 2_048
"""Some mail programs cut signatures; this one is read on every mail."""
_MAX_TEXT: Final = 60
_STYLE: Final = "border:0;display:inline-block;width:80px;height:80px"


def email_signature(facts: CertificateFacts, *, picture_url: str) -> str:
    """Return the HTML of a signature; `picture_url` leads to the badge as PNG.

    Raises Malformed `signature-without-link` for a credential that is not shared, `signature-too-long` for addresses
    that do not fit.
    """
    share_url = facts.sharing.share_url
    if share_url is None:
        raise Malformed("signature-without-link", "expected a credential that is shared")
    year = "" if facts.awarded is None else str(facts.awarded.year)
    parts = (shorten(facts.badge.name, _MAX_TEXT), shorten(facts.badge.issuer_name, _MAX_TEXT), year)
    said = ", ".join(part for part in parts if part) + " – verify"
    html = (
        f'<a href="{escape(share_url)}" style="text-decoration:none">'
        f'<img src="{escape(picture_url)}" width="{SIDE}" height="{SIDE}" alt="{escape(said)}" style="{_STYLE}"></a>'
    )
    if len(html.encode()) > MAX_BYTES:
        raise Malformed("signature-too-long", f"expected addresses that fit into {MAX_BYTES} bytes with the rest")
    return html
