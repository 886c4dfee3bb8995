"""The right to have a whole PostgreSQL database for oneself, while no bot runs on it."""

import psycopg
import sqlalchemy as sa

from bot.domain.errors import Unavailable
from bot.operations.replicas.lease import MOVING_IN, AlreadyRunningError
from bot.operations.sql.database import DATABASE


class SoleLease:
    """A session that holds alone the lock which every bot shares.

    Raises:
        AlreadyRunningError: a bot runs on the database, or another history moves in.
        Unavailable: the database's server does not let us in.
    """

    def __init__(self, url: sa.URL) -> None:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            self._session = psycopg.connect(address, autocommit=True, connect_timeout=2)
        except psycopg.OperationalError as away:  # names host, port and user, never the password
            first, _, _ = str(away).partition("\n")
            said = f"{first}; check the address behind --to"
            raise Unavailable(DATABASE, "be opened", said) from away
        row = self._session.execute("SELECT pg_try_advisory_lock(%s)", [MOVING_IN]).fetchone()
        if not (row and row[0]):
            self._session.close()
            raise AlreadyRunningError("A bot runs on this database.")

    def release(self) -> None:
        """End the session; the lock goes with it."""
        self._session.close()
