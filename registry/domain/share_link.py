"""Names of shared credentials: the token in a share link, and the short code that is printed beside it.

    link    <public address>/c/<token>     22 characters of base64url: 128 random bits
    code    ABCDE-FGH2K                    10 characters of Crockford's base32: 50 random bits

Neither is made from the credential or its id. A token cannot be guessed. A code can be typed from paper: of a million shared
credentials one is found in 2^30 guesses, which the service's limit on look-ups keeps from being made.
"""

import base64
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

TOKEN_BYTES: Final = 16
"""128 bits."""
CODE_BYTES: Final = 7
"""The least that holds 50 bits."""
CODE_LENGTH: Final = 10
MAX_TEXT: Final = 500
"""What somebody pastes; a link of ours with its language has a hundred characters."""
FOLDER: Final = "/c/"

_SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
"""Crockford: what is read wrongly is read as what it looks like."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII)
"""Of the last character only two bits are data: no second spelling of a token is one."""
_CODE: Final = re.compile(f"[{_SYMBOLS}]{{{CODE_LENGTH}}}", re.ASCII)
_APART: Final = re.compile(r"[\s\-\u2010-\u2015]+")
"""Between groups; writing programs turn hyphens into dashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareToken:
    """What stands in a share link."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCode:
    """A short code, without its hyphen."""

    text: str

    @property
    def spelled(self) -> str:
        """The code as it is printed, in two groups."""
        return f"{self.text[:5]}-{self.text[5:]}"


def write_token(random: bytes) -> ShareToken:
    """Write `TOKEN_BYTES` random bytes as a token."""
    return ShareToken(text=base64.urlsafe_b64encode(random[:TOKEN_BYTES]).rstrip(b"=").decode("ascii"))


def write_code(random: bytes) -> ShareCode:
    """Write 50 of the bits of `CODE_BYTES` random bytes as a code."""
    number = int.from_bytes(random[:CODE_BYTES])
    return ShareCode(text="".join(_SYMBOLS[number >> 5 * place & 31] for place in range(CODE_LENGTH)))


def share_url(public_url: str, token: ShareToken) -> str:
    """Return the share link of a token."""
    return f"{public_url}{FOLDER}{token.text}"


def parse_token(text: str) -> ShareToken | None:
    """Read a token; None for anything else."""
    return ShareToken(text=text) if _TOKEN.fullmatch(text) is not None else None


def parse_code(text: str) -> ShareCode | None:
    """Read a code as somebody typed it: in any case, with any hyphen or none; None for anything else."""
    plain = _APART.sub("", text).upper().translate(_ALIKE) if len(text) <= MAX_TEXT else ""
    return ShareCode(text=plain) if _CODE.fullmatch(plain) is not None else None


def parse_share_name(text: str, *, public_url: str) -> ShareToken | ShareCode | None:
    """Read a share link of the service at `public_url`, a token or a code; None for anything else."""
    given = text.strip()
    if len(given) > MAX_TEXT:
        return None
    return parse_token(_token_of_link(given, public_url=public_url) or given) or parse_code(given)


def _token_of_link(text: str, *, public_url: str) -> str | None:
    try:
        given, ours = urlsplit(text), urlsplit(public_url)
    except ValueError:
        return None
    # Scheme and host mean the same in any case (RFC 3986 section 6.2.2.1).
    if (given.scheme.lower(), given.netloc.lower()) != (ours.scheme.lower(), ours.netloc.lower()):
        return None
    folder = f"{ours.path}{FOLDER}"
    return given.path.removeprefix(folder) if given.path.startswith(folder) else None
