"""One round of questions to the outside: each is asked once, whoever wants its answer.

An answer is what was asked for, a ``Problem`` where the outside definitely has no such thing, or
the ``BotError`` of who did not answer. Only our own database is raised: nothing goes on without it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.adapters.argocd import ArgoCD
from bot.adapters.github.checks import Checks
from bot.adapters.github.commits import Commit, Commits
from bot.adapters.github.comparison import Comparison, Comparisons
from bot.adapters.github.versions import CheckedCommit, Versions
from bot.adapters.gitops import GitOps, Snapshot
from bot.adapters.registry import Image, Registry
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.checks import Rollup
from bot.domain.errors import (
    Ambiguous,
    BotError,
    BranchMissing,
    Forbidden,
    Garbled,
    NotFound,
    Unavailable,
)
from bot.domain.observation import MAKES_PODS, Observation, Workload
from bot.domain.planning import reference
from bot.domain.problems import Problem, Reason
from bot.operations.gathering.histories import Histories
from bot.operations.sql.database import DATABASE
from bot.operations.threads import Threads

MOST_HINTS = 8
"""Other repositories we ask for a commit that is not where it was looked for."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything that is asked, *argocd* by instance. *github* are the threads for calls of it.

    *others* are those for everybody else.
    """

    commits: Commits
    versions: Versions
    checks: Checks
    comparisons: Comparisons
    gitops: GitOps
    argocd: Mapping[str, ArgoCD]
    registry: Registry
    histories: Histories
    github: Threads
    others: Threads


class Reading:
    """The questions about *targets*, as they stand at one moment; none is asked twice.

    *with_checks* tells that the checks of commits will be asked for, too.
    """

    def __init__(
        self,
        outside: Outside,
        catalog: Catalog,
        targets: Sequence[Target],
        *,
        with_checks: bool = True,
    ) -> None:
        self._outside, self._catalog = outside, catalog
        self._with_checks = with_checks
        self._targets = targets
        self._asked: dict[tuple[str, ...], asyncio.Task[Any]] = {}
        self._spared: set[tuple[str, ...]] = set()

    @property
    def away(self) -> BotError | None:
        """Return who did not answer and may be asked again, in a steady order; None: nobody."""
        needed = sorted(self._asked.keys() - self._spared)
        answers = (self._asked[key].result() for key in needed)
        return next((one for one in answers if isinstance(one, Unavailable | Garbled)), None)

    async def commit(self, source: str, version: str) -> Commit | Problem | BotError:
        """Return the commit that *version* names in *source*."""
        return await self._once(
            ("0 commit", source, version), lambda: self._resolve(source, version)
        )

    async def snapshot(self) -> Snapshot | Problem | BotError:
        """Return the GitOps files of the targets, which all stand in one repository."""
        location = self._targets[0].location
        files = sorted({target.location.file for target in self._targets})
        return await self._once(
            ("1 snapshot",), lambda: self._read(location.repo, location.branch, files)
        )

    async def look(self, application: Application) -> Observation | Problem | BotError:
        """Return the application as its Argo CD describes it."""
        return await self._once(("2 look", *_key(application)), lambda: self._look(application))

    async def workloads(
        self, application: Application, seen: Observation
    ) -> tuple[Workload, ...] | BotError:
        """Return what makes the application's pods, for when there are none; a call for each."""
        if not seen.kinds(MAKES_PODS):
            return ()
        argocd = self._outside.argocd[application.instance]
        return await self._once(
            ("3 workloads", *_key(application)),
            lambda: _answered(self._outside.others.run(argocd.workloads, application, seen)),
        )

    async def rollup(self, source: str, version: str, sha: str) -> Rollup | BotError | None:
        """Return everything that CI reported on the commit *sha*; None: nothing.

        It may have come with the answer to what *version* names.
        """
        known = await self._checked(source, version)
        if isinstance(known, CheckedCommit) and known.commit.sha == sha:
            return known.rollup
        ask = self._outside.checks.rollup
        return await self._once(
            ("4 checks", source, sha),
            lambda: _answered(self._outside.github.run(ask, source, sha)),
        )

    async def between(
        self, source: str, base: str, head: str, *, decides: bool = True
    ) -> Comparison | BotError:
        """Return what lies between two commits of *source*.

        Where it *decides* nothing, as for a way back, nobody waits for whoever does not tell it.
        """
        key = ("5 compare", source, base, head)
        if not decides:
            self._spared.add(key)
        ask = self._outside.comparisons.between
        return await self._once(
            key,
            lambda: _answered(self._outside.github.run(ask, source, base, head)),
        )

    async def image(self, reference: str) -> Image:
        """Return whether the registry has the image *reference*."""
        ask = self._outside.registry.image
        return await self._once(
            ("6 image", reference), lambda: self._outside.others.run(ask, reference)
        )

    async def _once(self, key: tuple[str, ...], ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(ask())
        answer: T = await self._asked[key]
        return answer

    async def _read(
        self, repo: str, branch: str, files: list[str]
    ) -> Snapshot | Problem | BotError:
        try:
            return await self._outside.github.run(self._outside.gitops.read, repo, branch, files)
        except BranchMissing:
            return Problem(Reason.BRANCH_MISSING, {"repo": repo, "branch": branch})
        except NotFound:
            return Problem(Reason.REPOSITORY_MISSING, {"repo": repo})
        except BotError as error:
            return error

    async def _look(self, application: Application) -> Observation | Problem | BotError:
        facts = {"app": application.name, "instance": application.instance}
        argocd = self._outside.argocd[application.instance]
        try:
            return await self._outside.others.run(argocd.look, application)
        except NotFound:
            return Problem(Reason.APP_MISSING, facts)
        except Forbidden as forbidden:
            return Problem(Reason.APP_FORBIDDEN, {**facts, "detail": forbidden.detail})
        except BotError as error:
            return error

    # which commit a version names

    async def _resolve(self, source: str, version: str) -> Commit | Problem | BotError:
        """Return the commit that is called so, else the one whose image tag it is.

        A branch may look like one of our image tags: ``hotfix-core-20261121``. The name goes first.
        """
        known = await self._checked(source, version)
        if known is not None:
            return known if isinstance(known, BotError) else known.commit
        run, resolve = self._outside.github.run, self._outside.commits.resolve
        facts = {"version": version, "repo": source}
        inside = reference(version, self._targets)
        try:
            try:
                return await run(resolve, source, version)
            except NotFound:
                if inside == version:
                    raise
                return await run(resolve, source, inside)
        except NotFound:
            elsewhere = await self._elsewhere(source, inside)
            if elsewhere:
                facts["elsewhere"] = elsewhere
            return Problem(Reason.UNKNOWN_VERSION, facts)
        except Ambiguous:
            return Problem(Reason.AMBIGUOUS_VERSION, facts)
        except BotError as error:
            return error

    async def _checked(self, source: str, version: str) -> CheckedCommit | BotError | None:
        """Return the commit and its checks by one request, where both are wanted and that can be.

        None: each has to be asked for by itself.
        """
        wanted = any(one.required_checks is not None for one in self._of(source))
        if not self._with_checks or not wanted:
            return None
        ask = self._outside.versions.checked
        return await self._once(
            ("0 checked", source, version),
            lambda: _answered(self._outside.github.run(ask, source, version)),
        )

    def _of(self, source: str) -> Iterable[Target]:
        return (target for target in self._targets if target.source == source)

    async def _elsewhere(self, source: str, version: str) -> str | None:
        others = sorted({t.source for t in self._catalog.targets.values()} - {source})[:MOST_HINTS]
        run, has = self._outside.github.run, self._outside.commits.has
        answers = await asyncio.gather(*(_answered(run(has, other, version)) for other in others))
        hits = [other for other, found in zip(others, answers, strict=True) if found is True]
        return ", ".join(hits) or None


async def _answered(work: Awaitable[T]) -> T | BotError:
    """Return what *work* returns, or who did not answer.

    Raises:
        Unavailable: our own database is away.
    """
    try:
        return await work
    except BotError as error:
        if error.system == DATABASE:
            raise
        return error


def _key(application: Application) -> tuple[str, str, str]:
    return application.instance, application.namespace or "", application.name
