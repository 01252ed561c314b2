"""Setting up a registry: its one log, its secrets, and the first API key."""

from registry.service.access import IssuedKey, create_api_key
from registry.service.resources import RECIPIENT_HASHING, SECRET_BYTES, Resources
from registry.store_ports import LogRecord, Role


def initialise(resources: Resources, log: LogRecord, *, label: str) -> IssuedKey:
    """Tie an empty database to a log whose existence was checked on chain, and make an admin's API key.

    Raises Conflict `another-log`: a database belongs to one log for ever, since slots and epochs are unique in a log.
    """
    with resources.store.write() as unit:
        unit.access.set_log(log)
        unit.access.ensure_secret(RECIPIENT_HASHING, lambda: resources.random_bytes(SECRET_BYTES))
        return create_api_key(resources, unit, role=Role.ADMIN, issuer_id=None, label=label)
