"""Asks GitHub for the repositories, branches, teams and tags that the configuration names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from bot.adapters.github.client import GitHub
from bot.adapters.github.standing import RepositoryStanding, Standings
from bot.adapters.github.teams import TeamProblem, Teams, Trouble
from bot.adapters.gitops import GitOps, Snapshot
from bot.domain.catalog import Catalog, Target
from bot.domain.doctor import Area, Finding, Path, judge_branch
from bot.domain.edit import EditError, read_tag
from bot.domain.environment_policy import Way
from bot.domain.errors import BotError, BranchMissing, NotFound
from bot.domain.symptoms import Symptom
from bot.operations.doctor import places, tag_places
from bot.operations.doctor.asking import Job, ask, failed
from bot.operations.doctor.github_login import Login

found = partial(Finding, Area.GITHUB)

Tags = Mapping[Target, str | None]
"""What stands in Git; None where the place is there and has no tag yet."""


@dataclass(frozen=True, slots=True)
class GitHubWanted:
    """What the bot needs of GitHub. *teams* are slugs, with where the configuration names them.

    *by_app* says that our login is an App, whose rights its permissions tell.
    """

    catalog: Catalog
    organization: str | None
    teams: Mapping[str, tuple[Path, ...]]
    by_app: bool


def examine(
    login: Callable[[], Login], door: Callable[[Mapping[str, str]], GitHub], wanted: GitHubWanted
) -> tuple[tuple[Finding, ...], Tags]:
    """Return what is found of GitHub, and the tags that stand there.

    *door* opens GitHub with the permissions that *login* found granted, so that one that is
    missing does not hide all the rest.
    """
    held = login()
    if held.granted is None:
        return held.findings, {}
    github = door(held.granted)
    tags: dict[Target, str | None] = {}
    return (*held.findings, *ask(list(_jobs(github, wanted, tags)))), tags


def _jobs(github: GitHub, wanted: GitHubWanted, tags: dict[Target, str | None]) -> Iterator[Job]:
    branches: dict[tuple[str, str], list[Target]] = {}
    sources: dict[str, Target] = {}
    for target in wanted.catalog.targets.values():
        where = target.location
        branches.setdefault((where.repo, where.branch), []).append(target)
        sources.setdefault(target.source, target)
    for (repo, branch), targets in branches.items():
        look = Branch(github, wanted, repo, branch, tuple(targets))
        yield partial(look.examine, tags)
    written = {repo.lower() for repo, _ in branches}
    for repo, target in sources.items():
        if repo.lower() not in written:
            yield partial(_source, github, repo, target)
    if wanted.organization is not None:
        teams = Teams(github)
        for slug, paths in wanted.teams.items():
            yield partial(_team, teams, wanted.organization, slug, paths)


# what is written


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a GitOps repository, and the *targets* whose tags stand there."""

    github: GitHub
    wanted: GitHubWanted
    repo: str
    branch: str
    targets: tuple[Target, ...]

    def examine(self, tags: dict[Target, str | None]) -> Iterator[Finding]:
        """Yield what is found; *tags* gets those that were read."""
        paths = places.of(self.targets[0], "gitops", "repo")
        try:
            standing = Standings(self.github).repository(self.repo)
        except NotFound:
            yield found(self.repo, Symptom.REPOSITORY_HIDDEN, {"use": "write"}, "", paths)
            return
        except BotError as error:
            yield failed(Area.GITHUB, self.repo, error, paths=paths)
            return
        yield from self._standing(standing, paths)
        try:
            snapshot = self._read()
        except BranchMissing:
            facts = {"branch": self.branch}
            where = places.of(self.targets[0], "gitops", "branch")
            yield found(self.repo, Symptom.BRANCH_MISSING, facts, "", where)
            return
        except BotError as error:
            yield failed(Area.GITHUB, self.repo, error, paths=paths)
            return
        yield from self._guard()
        for target in self.targets:
            yield self._tag(snapshot, target, tags)

    def _read(self) -> Snapshot:
        files = [target.location.file for target in self.targets]
        return GitOps(self.github).read(self.repo, self.branch, files)

    def _standing(self, standing: RepositoryStanding, paths: tuple[Path, ...]) -> Iterator[Finding]:
        if standing.name.lower() != self.repo.lower():
            yield found(self.repo, Symptom.REPOSITORY_RENAMED, {"name": standing.name}, "", paths)
        if standing.archived:
            yield found(self.repo, Symptom.REPOSITORY_ARCHIVED, {}, "", paths)
        if self.wanted.by_app:
            return  # What an App may, its permissions say; the answer says it of people only.
        if not standing.may_push:
            yield found(self.repo, Symptom.READ_ONLY, {}, "GITHUB_TOKEN", paths)
        if standing.administers:
            yield found(self.repo, Symptom.LOGIN_ADMINISTERS, {}, "GITHUB_TOKEN")

    def _guard(self) -> Iterator[Finding]:
        committing = [one.environment for one in self.targets if self._commits(one)]
        facts = {"branch": self.branch, "environments": ", ".join(dict.fromkeys(committing))}
        paths = tuple(("environments", one, "change") for one in dict.fromkeys(committing))
        try:
            rules = Standings(self.github).rules(self.repo, self.branch)
        except BotError as error:
            yield failed(Area.GITHUB, self.repo, error)
            return
        symptom = judge_branch(rules, commits=bool(committing))
        facts["rules"] = ", ".join(sorted(rules.kinds)) or "branch protection"
        yield found(self.repo, symptom, facts, "", paths)

    def _commits(self, target: Target) -> bool:
        rules = self.wanted.catalog.environments[target.environment].rules
        return rules is None or rules.change is Way.COMMIT

    def _tag(self, snapshot: Snapshot, target: Target, tags: dict[Target, str | None]) -> Finding:
        place = target.location
        facts = {"file": place.file, "branch": place.branch, "repo": place.repo}
        paths = places.of(target, "at")
        file = snapshot.files.get(place.file)
        if file is None:
            return found(target.name, Symptom.FILE_MISSING, facts, "", paths)
        try:
            tag = tags[target] = read_tag(file.text, place.file, place.at)
        except EditError as error:
            symptom, said = tag_places.refused(place.at, error)
        else:
            symptom, said = tag_places.read(file.text, place, tag)
        return found(target.name, symptom, {**facts, **said}, "", paths)


# what is read


def _source(github: GitHub, repo: str, target: Target) -> Iterator[Finding]:
    paths = places.of(target, "source")
    try:
        standing = Standings(github).repository(repo)
    except NotFound:
        yield found(repo, Symptom.REPOSITORY_HIDDEN, {"use": "read"}, "", paths)
    except BotError as error:
        yield failed(Area.GITHUB, repo, error, paths=paths)
    else:
        if standing.name.lower() != repo.lower():
            yield found(repo, Symptom.REPOSITORY_RENAMED, {"name": standing.name}, "", paths)
        else:
            yield found(repo, Symptom.SOURCE_READ)


def _team(teams: Teams, organization: str, slug: str, paths: tuple[Path, ...]) -> Iterator[Finding]:
    facts = {"organization": organization, "team": slug}
    problems = teams.missing_teams(organization, [slug])
    if not problems:
        yield found(slug, Symptom.TEAM_THERE, facts)
    for problem in problems:
        symptom = _TROUBLE[problem.trouble]
        yield found(slug, symptom, {**facts, **_why(problem)}, "", paths)


def _why(problem: TeamProblem) -> dict[str, str]:
    return {"doing": "find the team", "detail": problem.detail}


_TROUBLE = {
    Trouble.MISSING: Symptom.TEAM_MISSING,
    Trouble.NO_RIGHT: Symptom.TEAMS_UNREADABLE,
    Trouble.UNKNOWN: Symptom.NO_ANSWER,
}
