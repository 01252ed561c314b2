"""LinkedIn's address that adds a certification to the profile of whoever opens it.

    https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME&name=...&organizationId=<digits> | organizationName=...
        &issueYear=2026&issueMonth=5[&expirationYear=2029&expirationMonth=5]&certUrl=...&certId=...

Nothing is sent by us: the holder opens it, on the credential's page. It stands in no mail: percent-encoded it may have
more than the 255 characters that every mail program keeps whole. Which parameters there are was seen in what others send; LinkedIn documents
none of it.
"""

import re
from datetime import date
from typing import Final
from urllib.parse import quote, urlencode

from registry.domain.badge_facts import CertificateFacts
from registry.domain.errors import Malformed

ADD_TO_PROFILE: Final = "https://www.linkedin.com/profile/add"
_ORGANIZATION: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


def check_organization_id(text: str) -> str:
    """Return the text if it is the number of a LinkedIn page. Raises Malformed `malformed-linkedin-organization`."""
    if _ORGANIZATION.fullmatch(text) is None:
        raise Malformed(
            "malformed-linkedin-organization", "expected the digits of a LinkedIn page's number", where="organizationId"
        )
    return text


def linkedin_url(facts: CertificateFacts, *, organization_id: str | None = None) -> str:
    """Return the address; the number of the issuer's page, where it is known, brings its logo along.

    Raises Malformed `linkedin-without-link` for a credential that is not shared, `linkedin-without-date` for one that
    names no day.
    """
    share_url, code, awarded = facts.sharing.share_url, facts.sharing.code, facts.awarded
    if share_url is None or code is None:
        raise Malformed("linkedin-without-link", "expected a credential that is shared")
    if awarded is None:
        raise Malformed("linkedin-without-date", "expected a credential that says when it was awarded")
    organization = (
        {"organizationName": facts.badge.issuer_name}
        if organization_id is None
        else {"organizationId": check_organization_id(organization_id)}
    )
    parameters = {
        "startTask": "CERTIFICATION_NAME",
        "name": facts.badge.name,
        **organization,
        **_month("issue", awarded),
        # Without an end there is no such key: an empty one would be an error on the form.
        **({} if facts.valid_until is None else _month("expiration", facts.valid_until)),
        "certUrl": share_url,
        "certId": code,
    }
    return f"{ADD_TO_PROFILE}?{urlencode(parameters, quote_via=quote, safe='')}"


def _month(what: str, day: date) -> dict[str, str]:
    return {f"{what}Year": str(day.year), f"{what}Month": str(day.month)}
