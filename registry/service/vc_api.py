"""What an operator decides about the VC API: who may use it without a key, and how it answers."""

from dataclasses import dataclass
from http import HTTPStatus

from registry.service.access import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class VcApi:
    """How the VC API of a server behaves; by default as VCALM 1.0 has it, for callers with a key."""

    everybody: Caller | None = None
    """Who a request without a key acts for; None: nobody. Only a server that shows what it can do has one."""
    default_issuer: str | None = None
    """The slug of the issuer behind `/credentials/issue`, where the caller is not an issuer's own."""
    failure_status: HTTPStatus = HTTPStatus.OK
    """What a credential that is not verified is answered with: 200 as VCALM says, or 400 for test suites."""
    bare: bool = False
    """Answer an issued credential itself and not `{"verifiableCredential": ...}`."""
    with_status: bool = True
    """Add a status entry to a credential that brings none, unless the request says otherwise."""
    repeatable: bool = False
    """Issue the same id again."""
