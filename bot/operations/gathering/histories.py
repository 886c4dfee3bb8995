"""What a target had before: from our own operations, else from Git, else from Argo CD."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from bot.adapters.argocd import ArgoCD
from bot.adapters.github.answers import FULL_SHA
from bot.adapters.github.file_history import FileHistory
from bot.domain.catalog import Target
from bot.domain.errors import BotError
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.going_back import (
    OPERATION,
    GitValue,
    Past,
    Told,
    choose,
    from_others,
    from_ours,
    joined,
    meant,
    names,
)
from bot.operations.books.hold_book import HoldBook
from bot.operations.store import Store
from bot.operations.threads import Threads

log = structlog.get_logger(__name__)

MOST_OURS = 20
"""Operations of ours that are looked at; who goes further back names a version."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a target had before, newest first, without what it has now: the first is ``#1``.

    *brought* is the operation of ours that brought what it has now. *away* did not answer, so that
    something may be missing.
    """

    past: tuple[Past, ...]
    brought: str | None = None
    away: BotError | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """The version to go back *to*, and the operation of ours that this takes back, or None."""

    to: Past
    undoes: str | None


@dataclass(frozen=True, slots=True)
class Stood:
    """The *tags* that stood in Git at commits, by the commit; one that nobody knows is left out.

    *away* did not answer, so that something may be missing.
    """

    tags: Mapping[str, str | None]
    away: BotError | None = None


class Histories:
    """Reads the past of targets. What runs in a thread of GitHub's says so by being awaited."""

    def __init__(
        self,
        store: Store,
        holds: HoldBook,
        files: FileHistory,
        argocd: Mapping[str, ArgoCD],
        threads: Threads,
    ) -> None:
        self._store, self._holds = store, holds
        self._files, self._argocd, self._threads = files, argocd, threads

    async def back(
        self, target: Target, what: str, current: str | None
    ) -> Back | Problem | BotError:
        """Return what *what* means as a way back for *target*, which has the tag *current* now.

        Returns who did not answer, where the answer depends on that.

        Raises:
            Unavailable: our own database is away.
        """
        return await self._threads.run(self._back, target, what, current)

    def _back(self, target: Target, what: str, current: str | None) -> Back | Problem | BotError:
        held = self._barred(target)
        named = self._store.operation(what) if OPERATION.fullmatch(what) else None
        # An entry's number is that of the whole list, as people were shown it.
        whole = what.startswith("#")
        listing = self.of(target, current, whole=whole)
        found = choose(what, target, current, listing.past, held=held, named=named)
        if isinstance(found, Problem) and found.reason is Reason.NEVER_HERE and not whole:
            listing = self.of(target, current, whole=True)
            found = choose(what, target, current, listing.past, held=held, named=named)
        if listing.away is not None and (whole or _may_be_missing(found)):
            return listing.away
        return found if isinstance(found, Problem) else Back(found, listing.brought)

    async def foreign(self, target: Target, current: str, back: str) -> Problem | None:
        """Return that the tag *current* is none of ours, and who put it there; None: it is.

        Where we never wrote anything there is nothing to tell it by. What is held is known to be
        bad, whoever brought it. *back* is what a rollback would go to.

        Raises:
            Unavailable: our own database is away.
        """
        return await self._threads.run(self._foreign, target, current, back)

    def _foreign(self, target: Target, current: str, back: str) -> Problem | None:
        ours = self._store.past.brought(target.service, target.environment)
        if not ours or current in ours or _is_held(current, self._held(target)):
            return None
        facts = {
            "service": target.service,
            "environment": target.environment,
            "found": current,
            "known": ours[0],
            "back": back,
        }
        return Problem(Reason.FOREIGN_VALUE, {**facts, **self._who_brought(target, current)})

    def _who_brought(self, target: Target, tag: str) -> dict[str, str]:
        """Return the login and the commit that brought *tag*; nothing where nobody can tell."""
        try:
            values = self._files.values(target.location).values
        except BotError as away:
            log.info("nobody can tell who brought it", target=target.name, error=str(away))
            return {}
        one = next((value for value in values if value.tag == tag), None)
        return {"login": one.author, "sha": one.commit} if one is not None else {}

    def of(
        self,
        target: Target,
        current: str | None,
        *,
        whole: bool = False,
    ) -> Listing:
        """Return the past of *target*, which has the tag *current* now. For any thread.

        Each source is asked only where those before know nothing to go back to, or for the *whole*
        list; Argo CD never, where Git has told everything. Two requests at most to GitHub.

        Raises:
            Unavailable: our own database is away.
        """
        held, barred = self._held(target), self._barred(target)
        lived = self._store.past.lived(target.service, target.environment, MOST_OURS)
        brought = next((one.operation for one in lived if one.tag == current), None)
        others = partial(from_others, current, returned=_is_held(current, held))
        past = from_ours(current, lived)
        if meant(past, barred) and not whole:
            return Listing(past, brought)
        try:
            told = self._files.values(target.location)
            past = joined(past, others(told.values, Told.GIT))
            everything = told.whole and not told.unread
            if not everything and (whole or meant(past, barred) is None):
                deployed = self._deployed(target)
                past = joined(past, others(deployed, Told.ARGOCD))
        except BotError as away:
            return Listing(past, brought, away)
        return Listing(past, brought)

    def stood(self, target: Target, commits: Collection[str]) -> Stood:
        """Return what stood in Git for *target* at GitOps *commits*. For any thread.

        Of commits of our own nobody else is asked, so these are known while GitHub is away.

        Raises:
            Unavailable: our own database is away.
        """
        made = self._store.latest([target.service], target.environment)
        ours: dict[str, str | None] = {
            one.written.sha: change.new
            for one in made
            if one.written is not None and one.plan is not None
            for change in one.plan.changes
            if change.service == target.service and one.written.sha in commits
        }
        others = [one for one in commits if FULL_SHA.fullmatch(one) and one not in ours]
        try:
            told = self._files.at(target.location, others) if others else {}
        except BotError as away:
            return Stood(ours, away)
        return Stood({**told, **ours})

    def _held(self, target: Target) -> frozenset[str]:
        return frozenset(one.hold.tag for one in self._holds.standing(targets=[target.name]))

    def _barred(self, target: Target) -> frozenset[str]:
        """Return what is never meant unless it is named: what is held, and what never went live."""
        return self._held(target) | self._store.past.broken(target.service, target.environment)

    def _deployed(self, target: Target) -> list[GitValue]:
        """Return what stood in Git in the commits that Argo CD deployed, newest first."""
        seen = self._argocd[target.application.instance].look(target.application)
        entries = sorted(seen.history, key=lambda one: one.id, reverse=True)
        known = [
            (revision, one.deployed_at)
            for one in entries
            for revision in one.revisions
            if FULL_SHA.fullmatch(revision) and one.deployed_at is not None
        ]
        if not known:
            return []
        tags = self._files.at(target.location, [revision for revision, _ in known])
        return [GitValue(tags[one], one, at) for one, at in known if one in tags]


def _is_held(tag: str | None, held: frozenset[str]) -> bool:
    return tag is not None and any(names(one, tag) for one in held)


def _may_be_missing(found: Past | Problem) -> bool:
    """Tell whether a source that did not answer could have changed what was *found*."""
    return isinstance(found, Problem) and found.reason in {
        Reason.NOTHING_TO_GO_BACK_TO,
        Reason.NEVER_HERE,
    }
