"""Reads what the deploy form shows: the newest commits, and what the policy says of the choices."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import structlog

from bot.adapters.github.recent import RecentCommits
from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.errors import BotError
from bot.domain.facts import Proposal
from bot.domain.form import Choices, known_services, source_of
from bot.domain.form_filling import Versions, Waiting, Weighed
from bot.domain.operations import Request
from bot.domain.problems import Problem
from bot.domain.rules import Judgement
from bot.operations.gathering.facts import problem_of

log = structlog.get_logger(__name__)

REMEMBERED = timedelta(seconds=20)
"""How long a list of commits is shown again without asking: people go back and forth in a form."""

Why = Callable[[Request], tuple[Proposal, Judgement]]
"""Returns what the policy says of a request, as ``/ship why`` does; it asks the outside."""


class FormReader:
    """Reads for every open form. One for the process; every method is for any thread."""

    def __init__(self, catalog: Catalog, recent: RecentCommits, why: Why, clock: Clock) -> None:
        self._catalog, self._recent, self._why, self._clock = catalog, recent, why, clock
        self._lock = Lock()
        self._known: dict[str, tuple[datetime, Versions]] = {}  # by repository: a few dozen

    def known(self, choices: Choices) -> Versions | Waiting:
        """Return the newest commits of the chosen services, without asking for them.

        While no service is chosen, those of the one repository that all come from, if it is one.
        """
        source = self._source(choices)
        if isinstance(source, Waiting):
            return source
        with self._lock:
            at, versions = self._known.get(source, (None, None))
        if at is None or versions is None or self._clock.now() - at >= REMEMBERED:
            return Waiting.READING
        return versions

    def versions(self, choices: Choices) -> Versions | Problem | Waiting:
        """Return the same, asked for where it is not known; a problem where GitHub is away."""
        known, source = self.known(choices), self._source(choices)
        if known is not Waiting.READING or isinstance(source, Waiting):
            return known
        try:
            found = self._recent.newest(source)
        except BotError as error:
            log.warning("no commits for a form", repo=source, error=str(error))
            return problem_of(error)
        with self._lock:
            self._known[source] = (self._clock.now(), found)
        return found

    def weigh(self, request: Request) -> Weighed | Problem:
        """Return what the policy says of *request* now; nothing is started."""
        try:
            return Weighed(*self._why(request))
        except BotError as error:
            log.warning("a form was not weighed", error=str(error))
            return problem_of(error)

    def _source(self, choices: Choices) -> str | Waiting:
        services = known_services(choices, self._catalog)
        source = source_of(services, self._catalog)
        return source or (Waiting.SEVERAL if services else Waiting.CHOICE)
