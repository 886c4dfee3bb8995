"""Gathers what a decision needs, all at once, from the outside as it is now."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.adapters.argocd import ArgoCD
from bot.adapters.github.commits import Commit, CommitName, Commits
from bot.adapters.gitops import GitOps, Snapshot
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.errors import (
    Ambiguous,
    BotError,
    BranchMissing,
    Forbidden,
    Garbled,
    NotFound,
    Rejected,
    Unauthorized,
)
from bot.domain.observation import Observation
from bot.domain.operations import Request
from bot.domain.planning import Text, Version, reference
from bot.domain.problems import Problem, Reason
from bot.operations.threads import Threads

MOST_HINTS = 8
"""Other repositories we ask for a commit that is not where it was looked for."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The world as a plan needs it: the commit per source repository, the files, the apps."""

    commits: dict[str, Commit]
    snapshot: Snapshot
    observations: dict[Application, Observation]


class Gatherer:
    """Asks GitHub and every Argo CD, in parallel."""

    def __init__(
        self,
        catalog: Catalog,
        commits: Commits,
        gitops: GitOps,
        argocd: Mapping[str, ArgoCD],
        threads: Threads,
    ) -> None:
        self._catalog, self._commits, self._gitops = catalog, commits, gitops
        self._argocd, self._threads = argocd, threads

    def targets(self, request: Request) -> tuple[Target, ...]:
        """Return the request's targets by name. The policy has checked that they exist."""
        found = (self._catalog.target(service, request.environment) for service in request.services)
        return tuple(sorted((one for one in found if one), key=lambda target: target.name))

    async def gather(self, request: Request) -> Facts | Problem:
        """Read everything the plan of *request* needs, in the time of the slowest answer.

        Raises:
            BotError: a system did not answer, or not in a way that says what is wrong.
        """
        targets = self.targets(request)
        sources = sorted({target.source for target in targets})
        applications = sorted({target.application for target in targets}, key=str)
        location = targets[0].location
        files = sorted({target.location.file for target in targets})
        answers = await asyncio.gather(
            self._snapshot(location.repo, location.branch, files),
            *(self._resolve(source, request.version, targets) for source in sources),
            *(self._look(application) for application in applications),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, Problem):
                return answer
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        snapshot, rest = answers[0], list(answers[1:])
        assert isinstance(snapshot, Snapshot)
        found = [one for one in rest if isinstance(one, Commit)]
        seen = [one for one in rest if isinstance(one, Observation)]
        return Facts(
            dict(zip(sources, found, strict=True)),
            snapshot,
            dict(zip(applications, seen, strict=True)),
        )

    async def _snapshot(self, repo: str, branch: str, files: list[str]) -> Snapshot | Problem:
        try:
            return await self._threads.run(self._gitops.read, repo, branch, files)
        except BranchMissing:
            return Problem(Reason.BRANCH_MISSING, {"repo": repo, "branch": branch})
        except NotFound:
            return Problem(Reason.REPOSITORY_MISSING, {"repo": repo})

    async def _resolve(
        self, source: str, version: str, targets: Iterable[Target]
    ) -> Commit | Problem:
        """Return the commit that is called *version*, else the one whose image tag it is.

        A branch may look like one of our image tags: ``hotfix-core-20261121``. The name goes first.
        """
        facts = {"version": version, "repo": source}
        inside = reference(version, targets)
        try:
            try:
                return await self._threads.run(self._commits.resolve, source, version)
            except NotFound:
                if inside == version:
                    raise
                return await self._threads.run(self._commits.resolve, source, inside)
        except NotFound:
            elsewhere = await self._elsewhere(source, inside)
            if elsewhere:
                facts["elsewhere"] = elsewhere
            return Problem(Reason.UNKNOWN_VERSION, facts)
        except Ambiguous:
            return Problem(Reason.AMBIGUOUS_VERSION, facts)

    async def _elsewhere(self, source: str, version: str) -> str | None:
        others = sorted({t.source for t in self._catalog.targets.values()} - {source})[:MOST_HINTS]
        answers = await asyncio.gather(
            *(self._threads.run(self._commits.has, other, version) for other in others),
            return_exceptions=True,
        )
        hits = [other for other, has in zip(others, answers, strict=True) if has is True]
        return ", ".join(hits) or None

    async def _look(self, application: Application) -> Observation | Problem:
        facts = {"app": application.name, "instance": application.instance}
        try:
            argocd = self._argocd[application.instance]
            return await asyncio.to_thread(argocd.look, application)
        except NotFound:
            return Problem(Reason.APP_MISSING, facts)
        except Forbidden as forbidden:
            return Problem(Reason.APP_FORBIDDEN, {**facts, "detail": forbidden.detail})


def version_of(commit: Commit) -> Version:
    """Return the commit as the version that a tag is rendered from."""
    return Version(commit.sha, commit.name if commit.kind is CommitName.TAG else None)


def texts_of(snapshot: Snapshot) -> dict[str, Text | None]:
    """Return the snapshot's files as the planner reads them."""
    return {
        path: Text(file.text, file.blob) if file else None for path, file in snapshot.files.items()
    }


def problem_of(error: BotError, again: str = "") -> Problem:
    """Return what the world's failure means for an operation."""
    facts = {"system": error.system, "doing": error.doing, "detail": error.detail}
    if again:
        facts["again"] = again
    return Problem(reason_of(error), facts)


def reason_of(error: BotError) -> Reason:
    """Return the reason code of *error*."""
    match error:
        case Unauthorized():
            return Reason.TOKEN_REFUSED
        case Forbidden():
            return Reason.NO_RIGHT
        case Rejected():
            return Reason.REJECTED
        case Garbled():
            return Reason.GARBLED
        case _:
            return Reason.UNAVAILABLE
