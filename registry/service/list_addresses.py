"""Where status lists are served: below the name of the registry's log, or by a short name where there is no log.

    <public URL>/status/<log name>/<purpose>/<list>     a registry's: the address is a slot (protocol section 2)
    <public URL>/status-lists/<purpose>-<list>          a server without a chain; other registries answer there too

A credential of a server without a chain must not look as if it waited to be anchored: its entries name no log.
"""

import re
from typing import Final

from registry.domain.canonical import JsonObject
from registry.domain.errors import NotFound
from registry.domain.log_name import LogName
from registry.domain.slot import LIST_SIZE, MAX_LIST, Purpose, status_entry, status_list_url
from registry.service.resources import SigningTools

NO_LOG: Final = LogName(chain_id=1, contract="0x" + "00" * 20, number=1)
"""What the database of a server without a chain is tied to: the zero address has no code and never will."""

_LIST_ID: Final = re.compile(r"(revocation|suspension)-(0|[1-9][0-9]{0,6})", re.ASCII)


def list_url(tools: SigningTools, log: LogName, *, purpose: Purpose, number: int) -> str:
    """Return the address of a status list, which stands in credentials for ever."""
    if log == NO_LOG:
        return f"{tools.public_url}/status-lists/{list_id(purpose, number)}"
    return status_list_url(tools.status_url, log=log, purpose=purpose, number=number)


def list_entry(tools: SigningTools, log: LogName, *, purpose: Purpose, slot: int) -> JsonObject:
    """Write a credential's status entry for a slot."""
    if log != NO_LOG:
        return status_entry(tools.status_url, log=log, purpose=purpose, slot=slot)
    number, index = divmod(slot, LIST_SIZE)
    url = list_url(tools, log, purpose=purpose, number=number)
    entry = status_entry(tools.status_url, log=log, purpose=purpose, slot=slot)
    return {"id": f"{url}#{index}", **entry, "statusListCredential": url}


def list_id(purpose: Purpose, number: int) -> str:
    """Return the short name of a list."""
    return f"{purpose}-{number}"


def parse_list_id(text: str) -> tuple[Purpose, int]:
    """Read the short name of a list. Raises NotFound for what names none."""
    match = _LIST_ID.fullmatch(text)
    if match is None or int(match[2]) > MAX_LIST:
        raise NotFound("status-list-not-found", "no such status list")
    return Purpose(match[1]), int(match[2])


def own_list(tools: SigningTools, url: object) -> tuple[Purpose, int] | None:
    """Return which list of this server's a short address names, None when it names none."""
    prefix = f"{tools.public_url}/status-lists/"
    if not isinstance(url, str) or not url.startswith(prefix):
        return None
    try:
        return parse_list_id(url.removeprefix(prefix))
    except NotFound:
        return None
