"""A database as the next release leaves it: a table and columns more, and a revision after ours."""

import sqlalchemy as sa

from bot.operations.sql import schema

NEXT = "9001"


def move_ahead(database, oldest):
    """Do what the next release does at its first start; *oldest* None says nothing of readers."""
    with database.write() as connection:
        connection.execute(sa.text("CREATE TABLE of_tomorrow (id INTEGER PRIMARY KEY)"))
        for table in ("operations", "timeline", "cards", "outbox", "notes"):
            more = f"ALTER TABLE {table} ADD COLUMN mood VARCHAR(16) DEFAULT 'calm' NOT NULL"
            connection.execute(sa.text(more))
        connection.execute(sa.text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '{NEXT}'"))
        connection.execute(sa.delete(schema.terms))
        if oldest is not None:
            row = {"revision": NEXT, "oldest": oldest, "release": "9.9.0"}
            connection.execute(sa.insert(schema.terms).values(row))
