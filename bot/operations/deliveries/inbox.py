"""What we were told from outside, each delivery worked off once, however often it comes.

Who sends it is answered after one INSERT. A delivery is done only after its handlers have ended
well, so a crash in between means that it is worked off again: handlers may run twice. They must
expect deliveries late and out of order, too. Every replica works off the box; who takes a delivery
has it for ``HELD``.
"""

import json
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from bot.domain.errors import BotError, Unavailable
from bot.domain.patience import next_try
from bot.operations.books.rows import insert_or_leave
from bot.operations.sql.database import Database
from bot.operations.sql.tables import deliveries

log = structlog.get_logger(__name__)

HELD = timedelta(minutes=2)
"""How long handlers may take over one delivery: some calls, each with its own limit."""

MOST_FAILURES = 5
"""After so many bad ends a delivery is set aside. That a system was away is none."""

NEWS = timedelta(days=1)
"""What could not be worked off for so long is set aside, too."""

KEPT = timedelta(days=8)
"""How long a settled delivery keeps a repeated one out: GitHub repeats for three days, a server of
one's own for seven."""

BODY_KEPT = timedelta(hours=1)
"""How long what was worked off can still be read."""

AT_ONCE = 4
"""Deliveries worked off side by side."""

LULL, LULLS = 0.05, 20
"""Seconds on the wall without a delivery after which work begins, and how often that is awaited."""

ROUND = 100
"""The most deliveries looked at together."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What *source* (``github``, ``argocd``, ``slack``) told us. *id* is its own name for it."""

    source: str
    id: str
    event: str
    body: Mapping[str, Any]
    received_at: datetime


Hear = Callable[[Delivery], None]
"""Works one delivery off. Raises Unavailable where somebody is away: then it comes again."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A row that nobody has worked off yet, with what was tried before."""

    number: int
    delivery: Delivery
    tries: int
    failures: int


class Inbox:
    """Takes deliveries in and hands each to the one in *hearers* for its source.

    ``work`` is for a tick, and a thread of our own does the same right after something came in.
    """

    def __init__(self, database: Database, hearers: Mapping[str, Hear], clock: Clock) -> None:
        self._database, self._hearers, self._clock = database, dict(hearers), clock
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="inbox")
        self._working = threading.Lock()
        self._something_came = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work_when_woken, name="inbox", daemon=True)

    def listen(self, source: str, hear: Hear) -> None:
        """Let *hear* work off what comes from *source*. Before the start."""
        self._hearers[source] = hear

    # life

    def start(self) -> None:
        """Begin to work off what comes in, at once."""
        self._thread.start()

    @property
    def lives(self) -> bool:
        """Tell whether its thread is there."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Begin no further delivery; what is under way ends."""
        self._closing.set()
        self._something_came.set()

    def close(self) -> None:
        """Stop, and wait until what is under way has ended."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join(5)
        self._pool.shutdown(wait=True, cancel_futures=True)

    # taking in

    def take_in(self, delivery: Delivery, *, after: timedelta = timedelta()) -> bool:
        """Write *delivery* down; tell whether it is still to be worked off.

        A repeated one that was set aside is tried anew: somebody asked for it. *after* is how long
        whoever takes it in has it for themselves; they ``settle`` it.

        Raises:
            Unavailable: our own database is away or locked; nothing was written.
        """
        values = {
            "source": delivery.source,
            "delivery": delivery.id,
            "event": delivery.event,
            "body": json.dumps(delivery.body),
            "received_at": delivery.received_at,
            "tries": 0,
            "failures": 0,
            # Calls take their time on the wall, however fast the clock runs in a rehearsal.
            "not_before": delivery.received_at + after * self._clock.speed,
            "set_aside": False,
        }
        with self._database.write() as connection:
            insert = insert_or_leave(connection, deliveries).returning(deliveries.c.id)
            is_new = connection.execute(insert, values).first() is not None
            waits = is_new or _revive(connection, delivery, values)
        if waits and not after:
            self._something_came.set()
        return waits

    def settle(self, source: str, id_: str) -> None:
        """End a delivery that was done by whoever took it in; what it said is forgotten.

        Raises:
            Unavailable: our own database is away.
        """
        values = {"settled_at": self._clock.now(), "body": ""}
        self._alter(values, source, deliveries.c.delivery == id_)

    def give_back(self, source: str, ids: Collection[str]) -> None:
        """Let what we still have for ourselves be worked off by anybody, now.

        Raises:
            Unavailable: our own database is away.
        """
        ours = (deliveries.c.delivery.in_(ids), deliveries.c.tries == 0)  # else another took it
        self._alter({"not_before": self._clock.now()}, source, *ours)

    def _alter(
        self, values: Mapping[str, Any], source: str, *which: sa.ColumnElement[bool]
    ) -> None:
        waiting = (deliveries.c.source == source, deliveries.c.settled_at.is_(None))
        with self._database.write() as connection:
            connection.execute(sa.update(deliveries).where(*waiting, *which).values(**values))

    # reading

    def recent(
        self, source: str, events: Collection[str], since: datetime
    ) -> tuple[tuple[int, Delivery], ...]:
        """Return what came in *since* then of *events*, worked off or not, each with a number.

        For what each replica has to hear. Older than ``BODY_KEPT`` is not asked for.
        """
        query = sa.select(deliveries).where(
            deliveries.c.received_at >= since,
            deliveries.c.source == source,
            deliveries.c.event.in_(events),
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(deliveries.c.id)).all()
        return tuple((row.id, _delivery(row)) for row in rows if row.body)

    def known(self, source: str, ids: Collection[str]) -> frozenset[str]:
        """Return those of *ids* that were taken in."""
        query = sa.select(deliveries.c.delivery).where(
            deliveries.c.source == source, deliveries.c.delivery.in_(ids)
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def set_aside(self) -> int:
        """Return how many deliveries nobody could work off."""
        query = sa.select(sa.func.count()).where(deliveries.c.set_aside)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    # working off

    def work(self) -> None:
        """Work off what is due, oldest first, until nothing is.

        Raises:
            Unavailable: our own database is away.
        """
        with self._working:
            while not self._closing.is_set() and (due := self._due()):
                worked = list(self._pool.map(self._work_off, due))
                if not any(worked):
                    return  # all are in the hands of others

    def sweep(self) -> None:
        """Cut away what was said in old deliveries, and forget those settled long ago.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            old = deliveries.c.settled_at < now - KEPT
            connection.execute(sa.delete(deliveries).where(old))
            read = (deliveries.c.settled_at < now - BODY_KEPT, deliveries.c.set_aside.is_(False))
            whole = deliveries.c.body != ""  # each row is written once, and not in every round
            connection.execute(sa.update(deliveries).where(*read, whole).values(body=""))

    def _work_when_woken(self) -> None:
        while True:
            self._something_came.wait()
            self._wait_for_a_lull()
            if self._closing.is_set():
                return
            try:
                self.work()
            except Unavailable as away:
                log.warning("deliveries wait", error=str(away))  # the tick finds them
            except Exception:
                log.exception("working off deliveries failed")

    def _wait_for_a_lull(self) -> None:
        """Let a burst come in first: who sends it waits for us, and nobody for what it means."""
        for _ in range(LULLS):
            self._something_came.clear()
            if self._closing.is_set() or not self._something_came.wait(LULL):
                return

    def _due(self) -> list[_Waiting]:
        query = (
            sa.select(deliveries)
            .where(
                deliveries.c.settled_at.is_(None),
                deliveries.c.not_before <= self._clock.now(),
                deliveries.c.source.in_(self._hearers),  # a newer replica may hear of more
            )
            .order_by(deliveries.c.id)
            .limit(ROUND)
        )
        with self._database.read() as connection:
            return [
                _Waiting(row.id, _delivery(row), row.tries, row.failures)
                for row in connection.execute(query)
            ]

    def _work_off(self, one: _Waiting) -> bool:
        """Work one off; tell whether it was ours to do."""
        if self._closing.is_set() or not self._take(one):
            return False
        with structlog.contextvars.bound_contextvars(**_named(one.delivery)):
            return self._hand_over(one)

    def _hand_over(self, one: _Waiting) -> bool:
        try:
            self._hearers[one.delivery.source](one.delivery)
        except Unavailable as away:
            self._wait_for(one, away)
        except Exception as error:  # noqa: BLE001  # the outermost edge: one must not stop the rest
            self._failed(one, error)
        else:
            self._settle(one, set_aside=False)
        return True

    def _take(self, one: _Waiting) -> bool:
        """Take it for ourselves; False where another was quicker.

        The failure is written down first: who dies over a delivery cannot do it afterwards.
        """
        statement = sa.update(deliveries).where(
            deliveries.c.id == one.number,
            deliveries.c.tries == one.tries,
            deliveries.c.settled_at.is_(None),
        )
        # Calls take their time on the wall, however fast the clock runs in a rehearsal.
        until = self._clock.now() + HELD * self._clock.speed
        values = {"tries": one.tries + 1, "failures": one.failures + 1, "not_before": until}
        with self._database.write() as connection:
            ours = connection.execute(statement.values(values)).rowcount == 1
        if ours and one.failures >= MOST_FAILURES:
            log.error("a delivery is set aside: nobody lives through it", **_named(one.delivery))
            self._settle(one, set_aside=True)
            return False
        return ours

    def _wait_for(self, one: _Waiting, away: Unavailable) -> None:
        if self._clock.now() - one.delivery.received_at > NEWS:
            log.error("a delivery is set aside", why=str(away), **_named(one.delivery))
            self._settle(one, set_aside=True)
            return
        log.info("a delivery waits", why=str(away), **_named(one.delivery))
        pause = next_try(one.tries + 1, away.retry_after)
        again = self._clock.now() + pause
        self._change(one, {"failures": one.failures, "not_before": again})

    def _failed(self, one: _Waiting, error: Exception) -> None:
        told = error if isinstance(error, BotError) else type(error).__name__
        if one.failures + 1 >= MOST_FAILURES:
            log.error(
                "a delivery is set aside", why=str(told), exc_info=error, **_named(one.delivery)
            )
            self._settle(one, set_aside=True)
            return
        log.warning("a delivery is tried again", why=str(told), **_named(one.delivery))
        again = self._clock.now() + next_try(one.failures + 1)
        self._change(one, {"not_before": again})

    def _settle(self, one: _Waiting, *, set_aside: bool) -> None:
        self._change(one, {"settled_at": self._clock.now(), "set_aside": set_aside})

    def _change(self, one: _Waiting, values: dict[str, Any]) -> None:
        # Whoever has taken it after us decides now.
        ours = (deliveries.c.id == one.number, deliveries.c.tries == one.tries + 1)
        with self._database.write() as connection:
            connection.execute(sa.update(deliveries).where(*ours).values(values))


def _revive(connection: sa.Connection, delivery: Delivery, values: Mapping[str, Any]) -> bool:
    """Let a delivery that was set aside wait again; tell whether it waits now."""
    it = (deliveries.c.source == delivery.source, deliveries.c.delivery == delivery.id)
    anew = {"settled_at": None, "set_aside": False, "failures": 0}
    anew |= {name: values[name] for name in ("body", "received_at", "not_before")}
    aside = sa.update(deliveries).where(*it, deliveries.c.set_aside.is_(True))
    if connection.execute(aside.values(anew)).rowcount:
        return True
    waits = sa.select(deliveries.c.id).where(*it, deliveries.c.settled_at.is_(None))
    return connection.execute(waits).first() is not None


def _delivery(row: Any) -> Delivery:
    body = json.loads(row.body) if row.body else {}
    return Delivery(row.source, row.delivery, row.event, body, row.received_at)


def _named(delivery: Delivery) -> dict[str, str]:
    """Return what the log is to call it."""
    return {"source": delivery.source, "delivery": delivery.id, "hook": delivery.event}
