"""The first schema.

Its statements are files, one for each database, as they were when the schema was new: a later change of
`registry.adapters.tables` is a later revision and does not reach back to this one.
"""

from importlib.resources import files
from typing import Final

from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Create every table and index."""
    connection = op.get_bind()
    name = f"r0001_{connection.dialect.name}.sql"
    script = files("registry.adapters.migrations.versions").joinpath(name).read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
