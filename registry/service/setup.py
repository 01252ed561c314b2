"""Setting up a registry: its one log, its secrets, and the first API key."""

from registry.domain.errors import Conflict, NotFound
from registry.service.access import OPERATOR, IssuedKey, create_api_key
from registry.service.resources import RECIPIENT_HASHING, SECRET_BYTES, Resources
from registry.store_ports import LogRecord, ReadStore, Role


def initialise(resources: Resources, log: LogRecord, *, label: str) -> IssuedKey | None:
    """Tie an empty database to a log whose existence was checked on chain, and make an admin's API key.

    A database that belongs to this log already stays as it is: None, no key is made.

    Raises Conflict `another-log`: a database belongs to one log for ever, since slots and epochs are unique in a log.
    """
    with resources.store.write() as unit:
        if _is_tied(unit, log):
            return None
        unit.access.set_log(log)
        unit.access.ensure_secret(RECIPIENT_HASHING, lambda: resources.random_bytes(SECRET_BYTES))
        return create_api_key(resources, unit, role=Role.ADMIN, issuer_id=None, label=label, caller=OPERATOR)


def is_initialised(resources: Resources) -> bool:
    """Tell whether the database belongs to a log."""
    with resources.store.read() as unit:
        try:
            unit.access.log()
        except NotFound:
            return False
    return True


def _is_tied(unit: ReadStore, log: LogRecord) -> bool:
    try:
        stored = unit.access.log()
    except NotFound:
        return False
    if (stored.name, stored.genesis_hash) != (log.name, log.genesis_hash):
        raise Conflict("another-log", f"this database belongs to the log {stored.name} of another chain or number")
    return True
