"""Reads how far a rollback goes back. Whatever cannot be read is Unknown, and holds up nothing."""

import asyncio
from collections.abc import Iterable

from bot.adapters.github.commits import Relation
from bot.adapters.github.comparison import Comparison
from bot.domain.catalog import Target
from bot.domain.errors import BotError
from bot.domain.observation import Observation
from bot.domain.rollback.going_back import Past
from bot.domain.rollback.retreats import Beside, Lost, Retreat, tags_of_others, under
from bot.domain.running import revision_of
from bot.domain.unknown import Unknown
from bot.operations.gathering.gathered import Aim, Gathered
from bot.operations.gathering.reading import Outside
from bot.operations.store import Store

MOST_FILES = 50
MOST_AUTHORS = 20
"""What is kept of each; more of them decide nothing."""


class Retreating:
    """Reads for one rollback; each comparison is made once, whichever services share it.

    *known* are all targets of the configuration.
    """

    def __init__(
        self, outside: Outside, store: Store, gathered: Gathered, known: Iterable[Target]
    ) -> None:
        self._outside, self._store, self._gathered = outside, store, gathered
        self._known = tuple(known)
        self._made: dict[tuple[str, str, str], asyncio.Future[Comparison | Unknown]] = {}

    async def read(self, targets: Iterable[Target]) -> tuple[Retreat, ...]:
        """Return how each of *targets* goes back, of those whose way is known.

        Raises:
            Unavailable: our own database is away.
        """
        every = tuple(targets)
        files = {target.location.file for target in every} | tags_of_others(self._known, every)
        known = (
            (target, aim, aim.past)
            for target in every
            if (aim := self._gathered.aims.get(target.service)) is not None and aim.past is not None
        )
        return tuple(await asyncio.gather(*(self._retreat(*each, files) for each in known)))

    async def _retreat(self, target: Target, aim: Aim, past: Past, files: set[str]) -> Retreat:
        lost, beside = await asyncio.gather(
            self._lost(target, aim), self._beside(target, past, files)
        )
        return Retreat(target.service, past.tag, past.at, past.left, lost, beside)

    async def _lost(self, target: Target, aim: Aim) -> Lost | Unknown:
        """Return what lies between the version to go back to and the one in Git."""
        facts = next(one for one in self._gathered.facts.targets if one.name == target.name)
        now = revision_of(facts.in_git, target) if isinstance(facts.in_git, str) else None
        if now is None or aim.commit is None:
            return Unknown("a tag does not say of which commit it is")
        try:
            resolve = self._outside.commits.resolve
            newest = await self._outside.github.run(resolve, target.source, now)
        except BotError as error:
            return Unknown(str(error))
        found = await self._compared(target.source, aim.commit.sha, newest.sha)
        if isinstance(found, Unknown):
            return found
        names = dict.fromkeys(one.authors[0].name for one in found.commits if one.authors)
        return Lost(found.ahead_by, tuple(names)[:MOST_AUTHORS])

    async def _beside(self, target: Target, past: Past, files: set[str]) -> Beside | Unknown:
        """Return what else changed in the application's folders since *past* came there."""
        snapshot = self._gathered.snapshot
        seen = self._gathered.observations.get(target.application)
        brought = await self._brought(past)
        if snapshot is None or not brought:
            return Unknown("it is not known which commit brought that version")
        folders = _folders(seen, target)
        if not folders:
            return Unknown("Argo CD does not say which folder it reads")
        found = await self._compared(target.location.repo, brought, snapshot.head)
        if isinstance(found, Unknown):
            return found
        if found.relation not in {Relation.AHEAD, Relation.IDENTICAL}:
            return Unknown("the history of the GitOps branch was rewritten since")
        changed = under(found.files, folders, files)
        more = found.files_truncated or len(changed) > MOST_FILES
        return Beside(tuple(changed[:MOST_FILES]), more)

    async def _brought(self, past: Past) -> str:
        """Return the GitOps commit that brought *past*, or nothing."""
        if past.gitops or past.operation is None:
            return past.gitops
        operation = await self._outside.others.run(self._store.operation, past.operation)
        return operation.written.sha if operation is not None and operation.written else ""

    async def _compared(self, repo: str, base: str, head: str) -> Comparison | Unknown:
        key = (repo, base, head)
        if key not in self._made:
            self._made[key] = asyncio.ensure_future(self._compare(*key))
        return await self._made[key]

    async def _compare(self, repo: str, base: str, head: str) -> Comparison | Unknown:
        try:
            ask = self._outside.comparisons.between
            found = await self._outside.github.run(ask, repo, base, head)
        except BotError as error:
            return Unknown(str(error))
        if found.relation is Relation.UNKNOWN:
            return Unknown(f"GitHub knows no way from {base[:8]} to {head[:8]}")
        return found


def _folders(seen: Observation | None, target: Target) -> list[str]:
    """Return the folders of the GitOps repository that the application reads."""
    repo = f"/{target.location.repo}".lower()
    sources = seen.sources if seen is not None else ()
    return [
        one.path
        for one in sources
        if one.path and one.repo_url.lower().removesuffix("/").removesuffix(".git").endswith(repo)
    ]
