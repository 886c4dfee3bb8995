"""Looks at applications when something says that they changed, and lets be told what happened.

Three things say so: the stream of each Argo CD, the list underneath it, and Argo CD's own
notifications. None is believed, and none is needed alone. Many hints at one application are one
look, and where nothing changed that people could be told of there is no look at all.
"""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.adapters.argocd import ArgoCD
from bot.clock import Clock
from bot.domain.applications.events import Judged, judge
from bot.domain.applications.signs import sign_in
from bot.domain.errors import BotError, Forbidden, NotFound, Unavailable
from bot.domain.observation import Listed, Observation
from bot.domain.patience import next_try
from bot.operations.applications.application_book import ApplicationBook, Known
from bot.operations.applications.explaining import Explaining
from bot.operations.applications.our_doing import OurDoing
from bot.operations.applications.served import Served, Serving
from bot.operations.deliveries.inbox import Delivery

log = structlog.get_logger(__name__)

GATHER = timedelta(seconds=1)
"""How long hints are gathered before a look."""

PAUSE = timedelta(seconds=5)
"""The least time between two looks at one application by one replica."""

UNSURE = timedelta(seconds=5)
"""When to look again while a commit of ours is being written."""

HELD = timedelta(minutes=1)
"""How long who looks at what is due has it for itself."""

AT_ONCE = 4
"""Looks at once at one Argo CD."""

ROUND = 100
"""The most looks of one round; the next one is a second away."""

TRIES = 3
"""How often a look is judged anew because another replica was quicker."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A look to be had, not *before* then. *sign* is what was seen; empty: look in any case."""

    before: datetime
    sign: str = ""
    failures: int = 0


class Watching:
    """Watches the applications that are served. Every method is for any thread."""

    def __init__(
        self,
        serving: Serving,
        argocd: Mapping[str, ArgoCD],
        book: ApplicationBook,
        ours: OurDoing,
        explaining: Explaining,
        clock: Clock,
    ) -> None:
        self._serving, self._argocd, self._book = serving, argocd, book
        self._ours, self._explaining, self._clock = ours, explaining, clock
        self._lock = threading.Lock()
        self._wanted: dict[Served, _Wanted] = {}
        self._looked: dict[Served, datetime] = {}
        self._signs: dict[Served, str] = {}
        self._pools = {
            name: ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"applications-{name}")
            for name in argocd
        }

    def close(self) -> None:
        """Begin no further look."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """Return how many looks are still to be had."""
        with self._lock:
            return len(self._wanted)

    def sweep(self) -> None:
        """Forget what was told long ago and is over.

        Raises:
            Unavailable: our own database is away.
        """
        self._book.sweep(self._clock.now())

    # hints

    def heard(self, instance: str, one: Listed) -> None:
        """Take an event of the stream, of an application that was added or changed."""
        for served in self._serving.called(instance, one.namespace, one.name):
            self._want(served, sign_in(one))

    def left(self, instance: str, namespace: str, name: str) -> None:
        """Take an event of the stream, of an application that was deleted."""
        for served in self._serving.called(instance, namespace, name):
            self._want(served)

    def listed(self, instance: str, every: Iterable[Listed]) -> None:
        """Take a whole list, and look at what is not as it was last seen.

        Raises:
            Unavailable: our own database is away; the next list comes in minutes.
        """
        known = self._book.signs(instance)
        missing = {one for one in self._serving.every(instance) if one.key in known}
        for one in every:
            for served in self._serving.called(instance, one.namespace, one.name):
                missing.discard(served)
                if known.get(served.key) == (sign := sign_in(one)):
                    self._remember(served, sign)
                else:
                    self._want(served, sign)
        for served in missing:
            self._want(served)

    def delivered(self, delivery: Delivery) -> None:
        """Take a notification of Argo CD. It names an application, and nothing more is believed."""
        body = delivery.body
        instance, namespace, name = (str(body.get(k, "")) for k in ("instance", "ns", "name"))
        for served in self._serving.called(instance, namespace, name):
            self._want(served)

    def _want(self, served: Served, sign: str = "") -> None:
        with self._lock:
            if sign and self._signs.get(served) == sign and served not in self._wanted:
                return
            before, looked = self._wanted.get(served), self._looked.get(served)
            if before is not None:
                # What must be looked at in any case stays so.
                self._wanted[served] = replace(before, sign=sign if before.sign else "")
                return
            due = self._clock.now() + GATHER
            if looked is not None:
                due = max(due, looked + PAUSE)
            self._wanted[served] = _Wanted(due, sign)

    # looking

    def round(self, instance: str) -> None:
        """Look at what is due at one Argo CD.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        self._want_due(instance, now)
        due = self._take(instance, now)
        # Consumed here, so that what a look raises is raised by the round.
        list(self._pools[instance].map(self._look_at, due))

    def _want_due(self, instance: str, now: datetime) -> None:
        """Want looks that time alone asks for: at what was Degraded two minutes ago."""
        until = now + HELD * self._clock.speed
        keys = set(self._book.claim(instance, now, until, ROUND))
        if not keys:
            return
        for served in self._serving.every(instance):
            if served.key in keys:
                keys.remove(served.key)
                with self._lock:
                    self._wanted[served] = _Wanted(now)
        for key in keys:
            self._book.forget(key, now)  # nothing is deployed by it any more

    def _take(self, instance: str, now: datetime) -> list[tuple[Served, _Wanted]]:
        with self._lock:
            due = [
                (served, wanted)
                for served, wanted in self._wanted.items()
                if served.application.instance == instance and wanted.before <= now
            ][:ROUND]
            for served, _ in due:
                del self._wanted[served]
                self._looked[served] = now
                self._signs.pop(served, None)  # what comes while we look is looked at again
        return due

    def _look_at(self, due: tuple[Served, _Wanted]) -> None:
        served, wanted = due
        try:
            self._look(served, wanted)
        except BotError as error:
            self._put_off(served, wanted, error)
        except Exception:
            # One odd application must not keep the others from being looked at.
            log.exception("an application could not be judged", app=served.application.name)

    def _put_off(self, served: Served, wanted: _Wanted, error: BotError) -> None:
        log.warning(
            "an application was not looked at", app=served.application.name, error=str(error)
        )
        failures = wanted.failures + 1
        asked = error.retry_after if isinstance(error, Unavailable) else None
        later = _Wanted(self._clock.now() + next_try(failures, asked), "", failures)
        with self._lock:
            self._wanted.setdefault(served, later)

    def _look(self, served: Served, wanted: _Wanted) -> None:
        known = self._book.known(served.key)
        if wanted.sign and known is not None and known.remembered.sign == wanted.sign:
            self._remember(served, wanted.sign)  # another replica was here
            return
        argocd = self._argocd[served.application.instance]
        try:
            seen = argocd.look(served.application)
        except NotFound:
            self._book.forget(served.key, self._clock.now())
            return
        except Forbidden as error:
            log.warning("an application is hidden", app=served.application.name, error=str(error))
            return
        self._judge(served, seen, known)

    def _judge(self, served: Served, seen: Observation, known: Known | None) -> None:
        for _ in range(TRIES):
            ours = self._ours.on(served, seen)
            if ours is None:
                self._want_later(served, UNSURE)
                return
            now = self._clock.now()
            remembered = known.remembered if known is not None else None
            judged = judge(remembered, seen, ours, self._explaining.quiet(served), now)
            news = [self._explaining.news(served, seen, one, ours) for one in judged.events]
            instance = served.application.instance
            if self._is_new(known, judged):
                saved = self._book.save(served.key, instance, known, judged, news, now)
            else:
                saved = True
            if saved:
                self._remember(served, judged.after.sign)
                return
            known = self._book.known(served.key)
        self._want_later(served, PAUSE)

    def _is_new(self, known: Known | None, judged: Judged) -> bool:
        """Tell whether there is anything to write."""
        if known is None:
            return True
        return judged.after != known.remembered or judged.again != known.due_at

    def _want_later(self, served: Served, span: timedelta) -> None:
        with self._lock:
            self._wanted.setdefault(served, _Wanted(self._clock.now() + span))

    def _remember(self, served: Served, sign: str) -> None:
        with self._lock:
            self._signs[served] = sign
