"""Whether a failed change is rolled back without anybody asking. Unknown never does.

The configuration is what permits it; nobody's right is claimed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.environment_policy import AutoRollback
from bot.domain.facts import TargetFacts
from bot.domain.observation import Health, Sync
from bot.domain.operations import Entry, Kind, Operation, Phase, Progress, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.going_back import Past, Told
from bot.domain.unknown import Unknown

LONG_AGO = timedelta(hours=1)
"""So long after it could have gone back it does not any more: people have lived with it since."""

NOT_UP = frozenset({Health.DEGRADED, Health.PROGRESSING, Health.MISSING})
"""Healths of a version that does not come up. A crashing pod is Degraded and Progressing in turn.

Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/health/"""


STOOD = "stood"
"""The line of a timeline that says, by service, how stood what was replaced."""

WELL = "Healthy"


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of one target of the failed operation.

    *old* is the tag that the operation took away. *back* is the version that a rollback goes back
    to; None: there is none. *stands* tells whether Git still says what the operation wrote.
    *was_healthy* tells of the version before it, right before the commit. *automatic* tells whether
    what was brought there last, before the failed operation, was an automatic rollback. *busy* is
    another operation that is under way or waits there, or None. *now* is the health of its
    application.
    """

    old: str
    back: Past | Unknown | None
    stands: bool | Unknown
    was_healthy: bool | Unknown
    automatic: bool | Unknown
    busy: str | None
    now: Health | Unknown


@dataclass(frozen=True, slots=True)
class Moment:
    """The world at *at*: *around* is by service of those that failed.

    *since* is since when the new version is bad. *rules* is what the policy has against a rollback
    now; None: nothing.
    """

    at: datetime
    since: datetime
    rules: Problem | Unknown | None
    around: Mapping[str, Around]


class WhyNot(StrEnum):
    """Why nothing goes back by itself."""

    NOT_CONFIGURED = "not_configured"
    NOT_FAILED = "not_failed"
    A_ROLLBACK = "a_rollback"  # never a rollback of a rollback
    NOTHING_WRITTEN = "nothing_written"
    NOT_THE_VERSION = "not_the_version"  # it failed for another reason
    OVERTAKEN = "overtaken"  # Git says something else by now
    ILL_BEFORE = "ill_before"
    UNVERIFIED = "unverified"  # what was there before was not verified there
    IN_A_ROW = "in_a_row"
    PEOPLE_AT_IT = "people_at_it"
    LONG_AGO = "long_ago"
    RECOVERED = "recovered"
    WAITS_FOR_PEOPLE = "waits_for_people"  # a paused Rollout
    RULES = "rules"  # a lock, a freeze of rollbacks, a missing image …
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GoBack:
    """It goes back by itself, each service *to* its version, unless it is stopped *until* then.

    *since* is since when it is bad.
    """

    to: Mapping[str, Past]
    until: datetime
    since: datetime

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags that the services go back to."""
        return {service: past.tag for service, past in self.to.items()}


@dataclass(frozen=True, slots=True)
class Later:
    """The new version has more time; it is decided *at* that moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing goes back by itself; *service* is the one that decided, or empty.

    *problem* is what the rules have against it. *detail* says what is unknown, or who is at it.
    """

    why: WhyNot
    service: str = ""
    problem: Problem | None = None
    detail: str = ""


Decision = GoBack | Later | Leave


@dataclass(frozen=True, slots=True)
class Watched:
    """The new version is watched *until* then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Announced:
    """It goes back *to* these tags, by service, not before *until*; bad *since* then."""

    until: datetime
    since: datetime
    to: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stopped:
    """The Slack user *by* stopped it."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Requested:
    """*operation* takes it back."""

    operation: str


Standing = Watched | Announced | Stopped | Leave | Requested
"""What has become of the automatic rollback of a failed operation."""


def is_open(standing: Standing | None) -> bool:
    """Tell whether it may still come to an automatic rollback."""
    return standing is None or isinstance(standing, Watched | Announced)


def failed_of(operation: Operation) -> tuple[Progress, ...]:
    """Return those of its targets that failed."""
    return tuple(one for one in operation.progress if one.stage is Stage.FAILED)


def decide(operation: Operation, rule: AutoRollback | None, moment: Moment) -> Decision:
    """Return whether *operation* is taken back by itself, by the first thing that decides.

    What will not change is said at once; what may is judged only when the time has come.
    """
    if (leave := hopeless(operation, rule)) is not None:
        return leave
    assert rule is not None, "judged right above"
    around = {one.service: moment.around.get(one.service) for one in failed_of(operation)}
    for service, known in around.items():
        if known is not None and (why := _lasting(known)) is not None:
            return Leave(why, service, detail=known.busy or "")
    ripe = moment.since + rule.after
    if moment.at < ripe:
        return Later(ripe)
    if moment.at > ripe + LONG_AGO:
        return Leave(WhyNot.LONG_AGO)
    return _when_ripe(rule, moment, around)


def _when_ripe(
    rule: AutoRollback, moment: Moment, around: Mapping[str, Around | None]
) -> GoBack | Leave:
    """Return what comes of it now that the new version has had its time."""
    for service, known in around.items():
        if (left := _now(service, known)) is not None:
            return left
    if isinstance(moment.rules, Unknown):
        return Leave(WhyNot.UNKNOWN, detail=moment.rules.why)
    if moment.rules is not None:
        return Leave(WhyNot.RULES, problem=moment.rules)
    to = {service: _verified(known) for service, known in around.items()}
    return GoBack(to, moment.at + rule.grace, moment.since)


def hopeless(operation: Operation, rule: AutoRollback | None) -> Leave | None:
    """Return why *operation* stays as it is whatever the world is like, or None."""
    if rule is None:
        return Leave(WhyNot.NOT_CONFIGURED)
    if (why := _of_operation(operation)) is not None:
        return Leave(why)
    for one in failed_of(operation):
        if not is_the_versions_own(one):
            return Leave(WhyNot.NOT_THE_VERSION, one.service)
        if not _changed(operation, one.service):
            return Leave(WhyNot.NOTHING_WRITTEN, one.service)
    return None


def is_the_versions_own(progress: Progress) -> bool:
    """Tell whether the new version itself failed, and not Argo CD, a person or a window.

    That is: it is Degraded, or it was applied and is not up after its deadline.
    """
    if progress.problem is None:
        return False
    degraded = progress.health == Health.DEGRADED
    match progress.problem.reason:
        case Reason.DEGRADED:
            return True
        case Reason.SYNC_FAILED:
            return degraded
        case Reason.TOO_LATE:
            return degraded or progress.sync == Sync.SYNCED
        case _:
            return False


def bad_since(operation: Operation, seen: Mapping[str, tuple[Health, datetime | None]]) -> datetime:
    """Return since when *operation*'s version is bad: Degraded by Argo CD's word, else its end.

    *seen* is the health by service, with since when it is so, where Argo CD says it.
    """
    assert operation.ended_at is not None, "only what has failed is asked about"
    assert operation.written is not None, "only what was written can be bad"
    told = (
        since
        for service in (one.service for one in failed_of(operation))
        for health, since in filter(None, [seen.get(service)])
        if health is Health.DEGRADED and since is not None and since >= operation.written.at
    )
    return min([operation.ended_at, *told])


def how_it_stands(target: TargetFacts) -> str:
    """Return in a word how *target* is right before it changes; ``WELL`` if nothing is wrong."""
    runs = target.runs
    if isinstance(runs, Unknown):
        return f"unknown: {runs.why}"
    if runs.tags != (target.in_git,):
        return f"{runs.health}, and {', '.join(runs.tags) or 'nothing'} ran"
    return runs.health


def was_healthy(service: str, timeline: Sequence[Entry]) -> bool | Unknown:
    """Tell whether what *service* had was well, by what was written down before the commit."""
    words = [one.detail.get(service, "") for one in timeline if one.what == STOOD]
    if not words or not words[0]:
        return Unknown("nobody looked at what was there before")
    if words[0].startswith("unknown"):
        return Unknown(f"how it was before is {words[0]}")
    return words[0] == WELL


def was_automatic(earlier: Sequence[Operation], *, whole: bool) -> bool | Unknown:
    """Tell whether what came to a target last was an automatic rollback, by *earlier* operations.

    These are newest first; *whole* tells that there are no more. Only a person's change that went
    live lets the next one go back by itself.
    """
    for one in earlier:
        if one.request.takes_back is not None and (one.written or not one.phase.ended):
            return True
        if one.phase is Phase.LIVE:
            return False
    return False if whole else Unknown("too much has failed here to tell what was live last")


def _of_operation(operation: Operation) -> WhyNot | None:
    if operation.request.kind is Kind.ROLLBACK:
        return WhyNot.A_ROLLBACK
    if operation.phase is not Phase.FAILED:
        return WhyNot.NOT_FAILED
    if operation.written is None:
        return WhyNot.NOTHING_WRITTEN
    return None if failed_of(operation) else WhyNot.NOT_THE_VERSION


def _changed(operation: Operation, service: str) -> bool:
    changes = operation.plan.changes if operation.plan else ()
    return any(one.service == service and one.old not in {None, one.new} for one in changes)


def _lasting(around: Around) -> WhyNot | None:
    """Return why this target stays as it is, also later; None where that is not known yet."""
    return next((why for stays, why in _TARGET_RULES if stays(around)), None)


_TARGET_RULES: tuple[tuple[Callable[[Around], bool], WhyNot], ...] = (
    (lambda around: around.busy is not None, WhyNot.PEOPLE_AT_IT),
    (lambda around: around.stands is False, WhyNot.OVERTAKEN),
    (lambda around: around.automatic is True, WhyNot.IN_A_ROW),
    (lambda around: around.was_healthy is False, WhyNot.ILL_BEFORE),
    (lambda around: not _may_be_verified(around), WhyNot.UNVERIFIED),
)


def _may_be_verified(around: Around) -> bool:
    """Tell whether what was there right before was verified by our own history, and never left."""
    back = around.back
    if not isinstance(back, Past):
        return isinstance(back, Unknown)
    known = back.source is Told.OURS and back.verified and not back.left
    return known and back.tag == around.old


def _now(service: str, around: Around | None) -> Leave | None:
    """Return why this target stays as it is at this moment, or None."""
    if around is None:
        return Leave(WhyNot.UNKNOWN, service, detail="nothing was read about it")
    answers = (around.back, around.stands, around.was_healthy, around.automatic, around.now)
    for one in answers:
        if isinstance(one, Unknown):
            return Leave(WhyNot.UNKNOWN, service, detail=one.why)
    match around.now:
        case Health.HEALTHY:
            return Leave(WhyNot.RECOVERED, service)
        case Health.SUSPENDED:
            return Leave(WhyNot.WAITS_FOR_PEOPLE, service)
        case health if health in NOT_UP:
            return None
        case _:
            return Leave(WhyNot.UNKNOWN, service, detail="Argo CD does not know its health")


def _verified(around: Around | None) -> Past:
    assert around is not None, "it was judged above"
    assert isinstance(around.back, Past), "it was judged above"
    return around.back
