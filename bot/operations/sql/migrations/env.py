"""Alembic's entry: runs the migrations on the connection that the store lends."""

from alembic import context

from bot.operations.drift import tables as _drift  # noqa: F401  # they join the others
from bot.operations.sql.schema import VERSION_TABLE
from bot.operations.sql.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
