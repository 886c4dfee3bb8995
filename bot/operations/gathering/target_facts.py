"""One target's facts, put together from the answers of one round of questions."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.github.commits import Commit, CommitName
from bot.adapters.github.commits import Relation as Lies
from bot.adapters.github.comparison import Comparison
from bot.domain.catalog import Catalog, Target
from bot.domain.checks import ChecksVerdict, NotAsked, judge_checks
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import BotError, Rejected
from bot.domain.facts import (
    Ancestry,
    ImageAbsent,
    ImageFound,
    Incomparable,
    NoEarlierHome,
    NothingRuns,
    RanBefore,
    Relation,
    Resolved,
    RunsNow,
    TargetFacts,
)
from bot.domain.observation import Observation
from bot.domain.planning import Version, tag_for, uneditable
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action
from bot.domain.running import (
    earlier_home,
    healthy_since,
    neighbours,
    renderings,
    revision_of,
    running_tags,
)
from bot.domain.stops.holds import Held, of_target
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.operations.gathering.choosing import Choice, Chosen
from bot.operations.gathering.gathered import Aim
from bot.operations.gathering.reading import Reading
from bot.operations.gathering.troubles import problem_of
from bot.operations.store import Store
from bot.operations.threads import Threads

NO_COMMIT = Unknown("it is not known which commit the version names")
NO_TAG = Unknown("it is not known which image tag the version has")
NOT_ASKED = Unknown("a rollback does not ask what ran before")
ELSEWHERE = Unknown("the service does not live there")

RELATIONS = {
    Lies.IDENTICAL: Relation.IDENTICAL,
    Lies.AHEAD: Relation.AHEAD,
    Lies.BEHIND: Relation.BEHIND,
    Lies.DIVERGED: Relation.DIVERGED,
}

Named = Commit | Problem | BotError | Unknown
"""The commit that a target shall come to, or why there is none."""

Between = Comparison | NothingRuns | Incomparable | Unknown


@dataclass(frozen=True, slots=True)
class Read:
    """A target's *facts*, what lies *between* what runs and the new commit, and a definite no.

    *aim* is None where its tag is not known.
    """

    facts: TargetFacts
    between: Between
    trouble: Problem | None
    aim: Aim | None


class TargetReader:
    """Reads targets of one request. *one_branch*: the tags of all stand on one GitOps branch."""

    def __init__(
        self,
        reading: Reading,
        catalog: Catalog,
        store: Store,
        threads: Threads,
        action: Action,
        choose: Callable[["TargetReader", Target], Awaitable[Chosen]],
        *,
        one_branch: bool,
    ) -> None:
        self._reading, self._catalog, self._store = reading, catalog, store
        self._threads, self._action, self._choose = threads, action, choose
        self._one_branch = one_branch

    async def read(
        self,
        target: Target,
        locks: Awaitable[tuple[Lock, ...]],
        holds: Awaitable[tuple[Held, ...]],
    ) -> Read:
        """Return everything about *target*, in the time of its slowest chain of answers."""
        chosen = asyncio.ensure_future(self._choose(self, target))
        commit = asyncio.ensure_future(self.commit(target, chosen))
        tag = asyncio.ensure_future(self.tag(target, chosen, commit))
        runs = asyncio.ensure_future(self._runs(target))
        in_git = asyncio.ensure_future(self.in_git(target))
        found = await asyncio.gather(
            self._checks(target, chosen, commit),
            self._image(target, tag),
            self._before(target, commit),
            self._between(target, commit, runs, in_git),
            self._ran_here(target, chosen, tag),
        )
        checks, image, before, between, ran_here = found
        choice, resolved, (tag_in_git, uneditable_) = await chosen, await commit, await in_git
        running, trouble = await runs
        return Read(
            TargetFacts(
                service=target.service,
                environment=target.environment,
                homes=self._catalog.environments_of(target.service),
                image_repository=target.image,
                source=target.source,
                commit=_resolved(resolved),
                tag=await tag,
                checks=checks,
                image=image,
                in_git=tag_in_git,
                runs=running,
                before=before,
                ancestry=_ancestry(between),
                ran_here=ran_here,
                locks=await locks,
                holds=of_target(await holds, target.name),
                origin=choice.origin if isinstance(choice, Choice) else None,
            ),
            between,
            uneditable_ or trouble or _refused(resolved),
            _aim(choice, resolved, await tag),
        )

    async def aim(self, target: Target) -> Aim | Problem | None:
        """Return what *target* shall come to now, and read nothing else of it; None: unknown."""
        chosen = asyncio.ensure_future(self._choose(self, target))
        commit = asyncio.ensure_future(self.commit(target, chosen))
        tag = await self.tag(target, chosen, commit)
        if isinstance(tag, Problem):
            return tag
        return _refused(await commit) or _aim(await chosen, await commit, tag)

    # what it shall come to

    async def commit(self, target: Target, chosen: Awaitable[Chosen]) -> Named:
        """Return the commit that was chosen, or why there is none."""
        choice = await chosen
        if not isinstance(choice, Choice):
            return choice
        if not choice.version:
            return Unknown(f"{choice.tag} does not say of which commit it is")
        return await self._reading.commit(target.source, choice.version)

    async def tag(
        self, target: Target, chosen: Awaitable[Chosen], commit: Awaitable[Named]
    ) -> str | Problem | Unknown:
        """Return the tag; without a commit why there is none, for this is judged first."""
        choice = await chosen
        if isinstance(choice, Choice) and choice.tag is not None:
            return choice.tag
        found = await commit
        match found:
            case Commit():
                typed = choice.version if isinstance(choice, Choice) else ""
                return tag_for(target, version_of(found), typed)
            case Problem() | Unknown():
                return found
            case _:
                return Unknown(str(found))

    async def _checks(
        self, target: Target, chosen: Awaitable[Chosen], commit: Awaitable[Named]
    ) -> ChecksVerdict:
        if target.required_checks is None or self._action is Action.ROLLBACK:
            return NotAsked()
        choice, found = await chosen, await commit
        if not isinstance(found, Commit) or not isinstance(choice, Choice):
            return NO_COMMIT
        rollup = await self._reading.rollup(target.source, choice.version, found.sha)
        if isinstance(rollup, BotError):
            return Unknown(str(rollup))
        return judge_checks(rollup, target.required_checks)

    async def _image(
        self, target: Target, tag: Awaitable[str | Problem | Unknown]
    ) -> ImageFound | ImageAbsent | Unknown:
        found = await tag
        if not isinstance(found, str):
            return NO_TAG
        return await self._reading.image(f"{target.image}:{found}")

    async def _ran_here(
        self, target: Target, chosen: Awaitable[Chosen], tag: Awaitable[str | Problem | Unknown]
    ) -> bool | Unknown:
        choice, found = await chosen, await tag
        if not isinstance(found, str):
            return NO_TAG
        if isinstance(choice, Choice) and choice.tag is not None:
            return True  # it was chosen from what was here
        ask = self._store.past.was_live
        return await self._threads.run(ask, target.service, target.environment, found)

    # what stands and what runs

    async def in_git(self, target: Target) -> tuple[str | Unknown | None, Problem | None]:
        """Return the tag on the branch, and what is wrong with the place it stands at."""
        if not self._one_branch:
            return Unknown("the tags stand in several repositories"), None
        snapshot = await self._reading.snapshot()
        if isinstance(snapshot, Problem | BotError):
            return Unknown(_why(snapshot)), None
        where = target.location
        file = snapshot.files.get(where.file)
        if file is None:
            facts = {"repo": where.repo, "branch": where.branch, "file": where.file}
            missing = Problem(Reason.FILE_MISSING, facts)
            return Unknown(f"{where.file} is not on {where.branch}"), missing
        try:
            return await self._threads.run(read_tag, file.text, where.file, where.at), None
        except EditError as refused:
            return Unknown(str(refused)), uneditable(refused)

    async def _runs(self, target: Target) -> tuple[RunsNow | Unknown, Problem | None]:
        """Return what runs, and the definite no of an Argo CD that has or shows us nothing."""
        seen = await self._reading.look(target.application)
        if isinstance(seen, Problem):
            return Unknown(_why(seen)), seen
        if isinstance(seen, BotError):
            return Unknown(str(seen)), problem_of(seen) if isinstance(seen, Rejected) else None
        tags = await self.tags(target, seen)
        if isinstance(tags, Unknown):
            return tags, None
        return RunsNow(tags, seen.health.value, seen.sync.value), None

    async def tags(self, target: Target, seen: Observation) -> tuple[str, ...] | Unknown:
        """Return the tags of the pods, else those that new pods would have.

        A CronJob between two runs has no pods, nor has what was scaled to nothing.
        """
        others = neighbours(self._catalog, target)
        if tags := running_tags(seen.images, target, others):
            return tags
        found = await self._reading.workloads(target.application, seen)
        if isinstance(found, BotError):
            return Unknown(str(found))
        return running_tags([each for one in found for each in one.images], target, others)

    # what ran before, and what lies between

    async def _before(
        self, target: Target, commit: Awaitable[Named]
    ) -> RanBefore | NoEarlierHome | Unknown:
        if self._action is Action.ROLLBACK:
            return NOT_ASKED
        home = earlier_home(self._catalog, target)
        if home is None:
            return NoEarlierHome()
        if home.source != target.source:
            return Unknown(f"in {home.environment} it is built from another repository")
        seen, found, brought = await asyncio.gather(
            self._reading.look(home.application),
            commit,
            self._threads.run(self._store.past.last_live, home.service, home.environment),
        )
        if not isinstance(found, Commit):
            return NO_COMMIT
        if not isinstance(seen, Observation):
            return Unknown(_why(seen))
        tags = await self.tags(home, seen)
        return (
            tags
            if isinstance(tags, Unknown)
            else _ran_before(home, seen, tags, version_of(found), brought)
        )

    async def _between(
        self,
        target: Target,
        commit: Awaitable[Named],
        runs: Awaitable[tuple[RunsNow | Unknown, Problem | None]],
        in_git: Awaitable[tuple[str | Unknown | None, Problem | None]],
    ) -> Between:
        running, _ = await runs
        if isinstance(running, Unknown):
            return running
        if not running.tags:
            return NothingRuns()
        tag = running.tags[0] if len(running.tags) == 1 else (await in_git)[0]
        if not isinstance(tag, str) or tag not in running.tags:
            return Unknown(f"several versions run at once: {', '.join(running.tags)}")
        base, found = revision_of(tag, target), await commit
        if base is None:
            return Incomparable(f"the tag that runs, {tag}, does not say of which commit it is")
        if not isinstance(found, Commit):
            return NO_COMMIT
        decides = self._action is not Action.ROLLBACK
        between = self._reading.between(target.source, base, found.sha, decides=decides)
        return _comparable(await between, base)


def absent(service: str, environment: str, homes: tuple[str, ...]) -> TargetFacts:
    """Return the facts of a *service* that does not live in *environment*: nobody is asked."""
    return TargetFacts(
        service=service,
        environment=environment,
        homes=homes,
        image_repository="",
        source="",
        commit=ELSEWHERE,
        tag=ELSEWHERE,
        checks=ELSEWHERE,
        image=ELSEWHERE,
        in_git=ELSEWHERE,
        runs=ELSEWHERE,
        before=ELSEWHERE,
        ancestry=ELSEWHERE,
        ran_here=ELSEWHERE,
        locks=ELSEWHERE,
        holds=ELSEWHERE,
    )


def _refused(commit: Named) -> Problem | None:
    """Return what it means that GitHub will not tell the commit, however often it is asked."""
    return problem_of(commit) if isinstance(commit, Rejected) else None


def _aim(chosen: Chosen, commit: Named, tag: str | Problem | Unknown) -> Aim | None:
    if not isinstance(tag, str):
        return None
    known = commit if isinstance(commit, Commit) else None
    if not isinstance(chosen, Choice):
        return Aim(tag, known)
    return Aim(tag, known, chosen.undoes, past=chosen.past)


def version_of(commit: Commit) -> Version:
    """Return the commit as the version that a tag is rendered from."""
    return Version(commit.sha, commit.name if commit.kind is CommitName.TAG else None)


def _resolved(commit: Named) -> Resolved | Problem | Unknown:
    match commit:
        case Commit():
            return Resolved(commit.sha, commit.title)
        case Problem() | Unknown():
            return commit
        case _:
            return Unknown(str(commit))


def _ran_before(
    home: Target,
    seen: Observation,
    tags: tuple[str, ...],
    version: Version,
    brought: tuple[str, datetime] | None,
) -> RanBefore:
    same = bool(tags) and set(tags) <= renderings(home, version)
    since = healthy_since(seen, tags[0], brought) if same and len(tags) == 1 else None
    return RanBefore(home.environment, same, tags, seen.health.value, since)


def _comparable(between: Comparison | BotError, base: str) -> Comparison | Incomparable | Unknown:
    if isinstance(between, BotError):
        return Unknown(str(between))
    if between.relation is Lies.UNKNOWN:
        return Incomparable(f"GitHub knows no way from {base:.40}, which runs, to the new commit")
    return between


def _ancestry(between: Between) -> Ancestry | NothingRuns | Incomparable | Unknown:
    if isinstance(between, NothingRuns | Incomparable | Unknown):
        return between
    return Ancestry(RELATIONS[between.relation], between.ahead_by, between.behind_by)


def _why(answer: Problem | BotError) -> str:
    """Return why there is no answer, for the sentence about what is unknown."""
    if isinstance(answer, BotError):
        return str(answer)
    named = answer.facts.get("app") or answer.facts.get("repo", "")
    what = answer.reason.value.replace("_", " ")
    return f"{named}: {what}"
