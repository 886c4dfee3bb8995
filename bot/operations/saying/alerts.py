"""What other channels than Slack are to be told: written in the transaction of what it tells of.

A row for each receiver that some rule names, told later and in order (``telling.py``). Where no
rule wants an alert nothing is written.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.alerts import Alert, NotifyRule, receivers
from bot.operations.sql.codec import dump
from bot.operations.sql.tables import alerts

PutAlerts = Callable[[sa.Connection, Iterable[Alert], datetime], None]
"""``Alerts.put``: what those take who have something to tell. They need not know the rules."""

DEDUP = 255

AGAIN = timedelta(days=1)
"""The same words about the same trouble are told again after so long, and not before."""


class Alerts:
    """Knows the *rules*; none means that nothing is ever written."""

    def __init__(self, rules: Sequence[NotifyRule] = ()) -> None:
        self._rules = tuple(rules)

    def put(self, connection: sa.Connection, told: Iterable[Alert], at: datetime) -> None:
        """Write down in the caller's transaction who is to be told which of the alerts *told*.

        Of an end hears whoever heard of the trouble, also where no rule of theirs names it.
        """
        if not self._rules:
            return
        for alert in told:
            names = dict.fromkeys(receivers(alert, self._rules))
            if alert.resolves:
                names |= dict.fromkeys(_heard_of(connection, alert.dedup))
            _write(connection, alert, names, at)

    def settle(self, connection: sa.Connection, ends: Iterable[Alert], at: datetime) -> None:
        """Write *ends* down as ``put`` does, only for who heard of the trouble.

        For ends of what may have been no trouble: a deploy that went well tells nobody else.
        """
        if not self._rules:
            return
        for alert in ends:
            _write(connection, alert, _heard_of(connection, alert.dedup), at)


def _write(connection: sa.Connection, alert: Alert, names: Iterable[str], at: datetime) -> None:
    payload = dump(Alert, alert)
    for name in names:
        if _was_told(connection, name, alert.dedup, payload, at):
            continue
        values = {
            "receiver": name,
            "dedup": alert.dedup[:DEDUP],
            "resolves": alert.resolves,
            "alert": payload,
            "at": at,
            "tries": 0,
            "not_before": at,
        }
        connection.execute(sa.insert(alerts), values)


def _was_told(
    connection: sa.Connection, receiver: str, dedup: str, payload: Any, at: datetime
) -> bool:
    """Tell whether just this is the last that *receiver* was told of *dedup*, a short while ago."""
    mine = (alerts.c.receiver == receiver, alerts.c.dedup == dedup[:DEDUP])
    query = sa.select(alerts).where(*mine).order_by(alerts.c.id.desc()).limit(1)
    last = connection.execute(query).one_or_none()
    return last is not None and last.alert == payload and at - last.at < AGAIN


def _heard_of(connection: sa.Connection, dedup: str) -> list[str]:
    """Return who was told of the trouble *dedup* and not yet of its end."""
    newest = (
        sa.select(sa.func.max(alerts.c.id))
        .where(alerts.c.dedup == dedup[:DEDUP])
        .group_by(alerts.c.receiver)
    )
    query = sa.select(alerts.c.receiver).where(
        alerts.c.id.in_(newest), alerts.c.resolves.is_(False)
    )
    return list(connection.execute(query.order_by(alerts.c.receiver)).scalars())
