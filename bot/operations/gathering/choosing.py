"""What each target of a request shall come to: the typed version, what runs before, or what ran.

A deploy names a version. A promote takes the one that runs, healthy, in an environment before. A
rollback goes back to one that was there.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from bot.domain.catalog import Catalog, Target
from bot.domain.errors import BotError
from bot.domain.facts import Origin
from bot.domain.observation import Health, Observation
from bot.domain.operations import Kind, Request
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.going_back import Past
from bot.domain.running import earlier_home, revision_of
from bot.domain.unknown import Unknown
from bot.operations.gathering.histories import Back, Histories
from bot.operations.gathering.reading import Reading


@dataclass(frozen=True, slots=True)
class Choice:
    """*version* names the commit, and is empty where a tag names none that we know.

    *tag* is given where it is not made from the version. *undoes* is the operation that brought
    what stands there now, where that is taken back. *past* is what a rollback goes back
    to, *origin* where a promote found the version.
    """

    version: str
    tag: str | None = None
    undoes: str | None = None
    past: Past | None = None
    origin: Origin | None = None


Chosen = Choice | Problem | BotError | Unknown


class Reader(Protocol):
    """Reads what stands and what runs at a target."""

    def tags(self, target: Target, seen: Observation) -> Awaitable[tuple[str, ...] | Unknown]:
        """Return the tags that run."""

    def in_git(self, target: Target) -> Awaitable[tuple[str | Unknown | None, Problem | None]]:
        """Return the tag in Git, and what is wrong with its place."""


class Chooser:
    """Chooses for the targets of one request."""

    def __init__(
        self,
        request: Request,
        catalog: Catalog,
        reading: Reading,
        reader: Reader,
        histories: Histories,
    ) -> None:
        self._request, self._catalog = request, catalog
        self._reading, self._reader, self._histories = reading, reader, histories

    async def choose(self, target: Target) -> Chosen:
        """Return what *target* shall come to, or why that is not known or can't be."""
        match self._request.kind:
            case Kind.DEPLOY:
                return Choice(self._request.version)
            case Kind.PROMOTE:
                return await self._what_runs_before(target)
            case Kind.ROLLBACK:
                return await self._what_was_there(target)

    async def _what_runs_before(self, target: Target) -> Chosen:
        home = self._origin(target)
        if home is None:
            return self._nowhere(target)
        seen = await self._reading.look(home.application)
        if not isinstance(seen, Observation):
            return seen
        tags = await self._reader.tags(home, seen)
        return tags if isinstance(tags, Unknown) else _promoted(home, seen, tags)

    async def _what_was_there(self, target: Target) -> Chosen:
        current, _ = await self._reader.in_git(target)
        if isinstance(current, Unknown):
            return current
        if (moved := self._moved(target, current)) is not None:
            return moved
        back = await self._histories.back(target, self._named(target), current)
        if not isinstance(back, Back):
            return back
        if not self._named(target) and current is not None:
            foreign = await self._histories.foreign(target, current, back.to.tag)
            if foreign is not None:
                return foreign
        tag = back.to.tag
        takes_back = self._request.takes_back
        undoes = back.undoes if takes_back is None else takes_back.operation
        return Choice(back.to.commit or revision_of(tag, target) or "", tag, undoes, back.to)

    def _named(self, target: Target) -> str:
        """Return what was typed; what goes back by itself goes back to what was announced."""
        takes_back = self._request.takes_back
        announced = takes_back.to.get(target.service) if takes_back is not None else None
        return announced or self._request.version

    def _moved(self, target: Target, current: str | None) -> Problem | None:
        """Return that what goes back by itself would take away something else than what failed.

        Whoever brought that knew what they did: they are asked, or ask for it themselves.
        """
        takes_back = self._request.takes_back
        failed = takes_back.failed.get(target.service) if takes_back is not None else None
        if failed is None or current == failed:
            return None
        said = {"expected": failed, "found": current or ""}
        return Problem(Reason.VALUE_MOVED, {"file": target.location.file, **said})

    def _origin(self, target: Target) -> Target | None:
        origin = self._request.origin
        if origin is None:
            return earlier_home(self._catalog, target)
        return self._catalog.target(target.service, origin)

    def _nowhere(self, target: Target) -> Problem:
        origin = self._request.origin
        environments = ", ".join(self._catalog.environments_of(target.service))
        facts = {"service": target.service, "environments": environments}
        if origin is None:
            return Problem(Reason.NOTHING_BEFORE, {**facts, "environment": target.environment})
        return Problem(Reason.NOT_IN_ENVIRONMENT, {**facts, "environment": origin})


def _promoted(home: Target, seen: Observation, tags: tuple[str, ...]) -> Chosen:
    """Return the version that runs at *home*, if it is one and healthy."""
    named = {"service": home.service, "before": home.environment}
    if len(tags) != 1:
        runs = ", ".join(tags)
        return Problem(Reason.NOT_ONE_BEFORE, {**named, "runs": runs})
    if seen.health is not Health.HEALTHY:
        facts = {**named, "tag": tags[0], "state": seen.health.value}
        return Problem(Reason.UNHEALTHY_BEFORE, facts)
    revision = revision_of(tags[0], home)
    if revision is None:
        return Problem(Reason.NAMES_NO_COMMIT, {**named, "tag": tags[0]})
    return Choice(revision, origin=Origin(home.environment, tags[0]))
