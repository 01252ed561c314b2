"""Run by Alembic: migrate over the connection that `upgrade` opened, inside its transaction."""

from alembic import context

from registry.adapters.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite can roll back what it did to the schema; Alembic must not commit in between.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
