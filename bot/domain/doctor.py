"""What the doctor finds: symptoms, how bad each is, and the judgements that need no asking."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.domain.catalog import Target
from bot.domain.clocks import is_off
from bot.domain.observation import Observation, Source
from bot.domain.symptoms import ODD, UNSURE, WELL, Symptom

Path = tuple[str | int, ...]
"""The keys and list places that lead to something in ``shipmate.yaml``."""

ENDS_SOON = timedelta(days=14)
"""So long before its end a token is told of."""


class Area(StrEnum):
    """Which of the outside systems; the values are what people read."""

    SETUP = "settings"
    SLACK = "Slack"
    GITHUB = "GitHub"
    ARGOCD = "Argo CD"
    REGISTRIES = "registries"
    DATABASE = "database"


class State(StrEnum):
    """How bad it is. UNKNOWN is never as good as OK: nobody could tell."""

    OK = "ok"
    WARN = "warn"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of *subject* (``C0DEPLOY``, ``core/stage``, ``main``) in one *area*.

    *facts* are plain, unescaped text and hold no secret. It is mended at *variable* of the
    environment or at the first of *paths* that ``shipmate.yaml`` has; both may be empty.
    """

    area: Area
    subject: str
    symptom: Symptom
    facts: Mapping[str, str] = field(default_factory=dict)
    variable: str = ""
    paths: tuple[Path, ...] = ()

    @property
    def state(self) -> State:
        """Return how bad it is."""
        return state_of(self.symptom)


def state_of(symptom: Symptom) -> State:
    """Return how bad *symptom* is; what stands in no list is a problem."""
    if symptom in WELL:
        return State.OK
    if symptom in ODD:
        return State.WARN
    return State.UNKNOWN if symptom in UNSURE else State.PROBLEM


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 1 for a problem, 2 where that is the setup itself, 3 if somebody did not answer."""
    found = tuple(findings)
    if any(one.area is Area.SETUP and one.state is State.PROBLEM for one in found):
        return 2
    states = {one.state for one in found}
    if State.PROBLEM in states:
        return 1
    return 3 if State.UNKNOWN in states else 0


# what is held and what is needed


@dataclass(frozen=True, slots=True)
class Compared:
    """What is *missing* and what is held and *unused*, each sorted."""

    missing: tuple[str, ...]
    unused: tuple[str, ...]


def compare(held: Collection[str], needed: Collection[str]) -> Compared:
    """Compare names: scopes, commands, events."""
    lacking, spare = set(needed) - set(held), set(held) - set(needed)
    return Compared(tuple(sorted(lacking)), tuple(sorted(spare)))


LEVELS = ("none", "read", "write", "admin")
"""The levels of a GitHub App's permission, each holding those before it."""


def level(permissions: Mapping[str, str], name: str) -> int:
    """Return how much of the permission *name* is held; an unknown word is the most there is."""
    held = permissions.get(name, "none")
    return LEVELS.index(held) if held in LEVELS else len(LEVELS)


def lacking(held: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    """Return what is needed and not held, with the level that is needed."""
    return {
        name: wanted for name, wanted in needed.items() if level(held, name) < level(needed, name)
    }


def spare(held: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    """Return what is held beyond need, with the level that is held."""
    return {
        name: has
        for name, has in held.items()
        if level(held, name) > level({"metadata": "read", **needed}, name)
    }


def share(held: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    """Return as much of *needed* as is *held*: what a token can be asked for."""
    least = {name: min(level(held, name), level(needed, name)) for name in needed}
    return {name: LEVELS[has] for name, has in least.items() if has}


SLACK_SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "app_mentions:read",
        "im:history",
        "im:write",
        "users:read",
        "users.profile:read",
        "files:write",
        "channels:history",
        "groups:history",
    }
)
"""What the bot token needs; what each is for stands in ``manifest.yml``."""

TOKEN_SCOPES = frozenset({"repo", "read:org"})
"""What a classic token of GitHub needs."""

HOLD_READ_ORG = frozenset({"read:org", "write:org", "admin:org"})
"""Scopes that hold ``read:org``.

Source: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
"""

HEARD_EVENTS = frozenset(
    {"membership", "team", "organization", "pull_request", "pull_request_review"}
    | {"check_suite", "push", "workflow_run"}
)
"""The events of GitHub's webhook that mean something to us."""


# branches

STOPS_COMMITS = frozenset(
    {
        "update",
        "merge_queue",
        "required_status_checks",
        "required_deployments",
        "workflows",
        "code_scanning",
        "code_quality",
    }
)
"""Rules of a ruleset that no direct commit meets, beside that for pull requests.

Source: https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
"""


@dataclass(frozen=True, slots=True)
class BranchRules:
    """What guards a branch from us.

    *kinds* are those of the rulesets that our login may not go past; *by_pull* those that it may
    go past by a pull request alone count among them. *reviews* tells whether the older branch
    protection asks for reviews, *may_push* whether it lets our login push at all.
    """

    kinds: frozenset[str] = frozenset()
    reviews: bool = False
    may_push: bool = True


def judge_branch(rules: BranchRules, *, commits: bool) -> Symptom:
    """Return what *rules* mean for us; *commits* says that we write without a pull request."""
    if not commits:
        return Symptom.BRANCH_BY_PULL
    if "pull_request" in rules.kinds:
        return Symptom.BRANCH_WANTS_PULL
    if rules.kinds & STOPS_COMMITS or not rules.may_push:
        return Symptom.BRANCH_CLOSED
    return Symptom.PROTECTION_UNSAID if rules.reviews else Symptom.BRANCH_OPEN


# tokens


def judge_token(left: timedelta | None) -> Symptom:
    """Return what it means that a token lives for *left*; None: for ever."""
    if left is None or left > ENDS_SOON:
        return Symptom.LOGIN_LASTS
    return Symptom.LOGIN_ENDS_SOON if left > timedelta() else Symptom.LOGIN_ENDED


# clocks


def judge_clocks(skews: Mapping[str, timedelta]) -> tuple[Finding, ...]:
    """Return what it means that our clock is ahead of others by so much, by system."""
    areas = {"Slack": Area.SLACK, "GitHub": Area.GITHUB, "the database": Area.DATABASE}
    wrong = []
    for system, by in skews.items():
        if is_off(by):
            way = "ahead of" if by > timedelta() else "behind"
            seconds = f"{abs(round(by.total_seconds()))}"
            facts = {"seconds": seconds, "way": way, "system": system}
            area = areas.get(system, Area.ARGOCD)
            wrong.append(Finding(area, "clock", Symptom.CLOCK_OFF, facts))
    if wrong or not skews:
        return tuple(wrong)
    facts = {"systems": ", ".join(sorted(skews))}
    return (Finding(Area.SETUP, "clock", Symptom.CLOCK_RIGHT, facts),)


# applications


def judge_sources(seen: Observation, target: Target) -> tuple[Symptom, Source | None]:
    """Return whether *seen* reads what *target* writes, and the source that decided.

    Where Argo CD hydrates, what we write is read before its sources are: that fits. A branch that
    the application leaves to the repository's default is believed to be ours.
    """
    place = target.location
    ours = [one for one in seen.sources if is_repository(one.repo_url, place.repo)]
    if seen.hydrated is not None:
        return Symptom.APPLICATION_FITS, ours[0] if ours else None
    if not ours:
        return Symptom.OTHER_REPOSITORY, seen.sources[0] if seen.sources else None
    branches = {"", "HEAD", place.branch, f"refs/heads/{place.branch}"}
    there = [one for one in ours if one.target_revision in branches]
    if not there:
        return Symptom.OTHER_BRANCH, ours[0]
    for one in there:
        if covers(one.path, place.file):
            return Symptom.APPLICATION_FITS, one
    return Symptom.FILE_OUTSIDE, there[0]


def is_repository(url: str, repo: str) -> bool:
    """Tell whether the Git address *url* is of *repo* (``owner/name``), by any protocol."""
    plain, wanted = url.lower().rstrip("/").removesuffix(".git"), repo.lower()
    return plain == wanted or plain.endswith((f"/{wanted}", f":{wanted}"))


def covers(folder: str, file: str) -> bool:
    """Tell whether *file* is *folder* or lies in it; an empty folder is the whole repository."""
    plain = folder.strip("/").removeprefix("./")
    return plain in {"", ".", file} or file.startswith(f"{plain}/")
