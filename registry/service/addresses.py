"""Addresses that somebody types: the same rules as in an upload, told as what is wrong with a request."""

from collections.abc import Callable

from registry.domain.errors import Malformed
from registry.domain.upload_values import CellRefused, parse_email, parse_web_address


def email_address(text: str, where: str) -> str:
    """Return an e-mail address. Raises Malformed `malformed-email`."""
    return _parsed(parse_email, text, code="malformed-email", expected="an e-mail address", where=where)


def web_address(text: str, where: str) -> str:
    """Return an https or http address: nothing that runs when it is clicked. Raises Malformed `malformed-url`."""
    return _parsed(parse_web_address, text, code="malformed-url", expected="an https or http address", where=where)


def _parsed(parse: Callable[[str], str], text: str, *, code: str, expected: str, where: str) -> str:
    try:
        return parse(text)
    except CellRefused as refused:
        raise Malformed(code, f"expected {expected}{refused.detail and ': '}{refused.detail}", where=where) from None
