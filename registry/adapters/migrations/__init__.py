"""The schema of the database, changed step by step with Alembic; each step is a file in `versions`.

`upgrade` is the only writer of the schema. It runs in one transaction: a crash leaves the old schema, and of two
processes that start at once the second finds nothing left to do.
"""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from registry.adapters.database import read_transaction, write_transaction
from registry.domain.errors import Unavailable

_UPGRADE_LOCK: Final = 0x63726564726F6F74
"""The name of the lock that PostgreSQL gives to one upgrade at a time: "credroot" in ASCII."""


class SchemaDiffers(Unavailable):
    """The database has another schema than this program, which must not touch it."""

    def __init__(self, *, expected: str, actual: str | None) -> None:
        super().__init__("schema-differs", f"expected the database at revision {expected}, found {actual or 'none'}")
        self.expected = expected
        self.actual = actual


def upgrade(engine: Engine) -> None:
    """Bring the database to the schema of this program, from nothing or from an earlier one.

    Raises SchemaDiffers for a database of a later program, Unavailable.
    """
    with write_transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        config = _config()
        actual = _revision(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if actual is not None and actual not in known:
            raise SchemaDiffers(expected=head(), actual=actual)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(engine: Engine) -> None:
    """Refuse a database that is not at the schema of this program. Raises SchemaDiffers, Unavailable."""
    with read_transaction(engine) as connection:
        actual = _revision(connection)
    if actual != head():
        raise SchemaDiffers(expected=head(), actual=actual)


def head() -> str:
    """Return the revision of this program's schema."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("expected migrations beside this module, found none")
    return revision


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    # By the name of the package: found in a wheel as well as in the tree.
    config.set_main_option("script_location", "registry.adapters:migrations")
    config.set_main_option("path_separator", "os")
    return config
