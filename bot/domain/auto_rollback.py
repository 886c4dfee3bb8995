"""Whether a failed change is rolled back without anybody asking. Unknown never does.

The configuration is what permits it; nobody's right is claimed. Nothing asks for this decision yet:
the key ``rollback.auto`` is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.going_back import Past, Told
from bot.domain.operations import Kind, Operation, Phase, Progress, Stage
from bot.domain.problems import Reason
from bot.domain.unknown import Unknown

THE_VERSION = frozenset({Reason.DEGRADED, Reason.SYNC_FAILED})
"""Bad ends that are the new version's own; any other is no reason to take it away."""

DEGRADED = "Degraded"
"""Argo CD's word for it. Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/health/"""


@dataclass(frozen=True, slots=True)
class AutoRollback:
    """What an environment permits: *after* the commit was that long ago, with *grace* to stop it.

    Raises:
        ValueError: one of them is negative.
    """

    after: timedelta = timedelta(minutes=3)
    grace: timedelta = timedelta(minutes=1)

    def __post_init__(self) -> None:
        if self.after < timedelta() or self.grace < timedelta():
            raise ValueError("an automatic rollback needs times from 0")


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of one target of the failed operation.

    *back* is the version that a rollback without a name means; None: there is none. *was_healthy*
    tells of the old version when the operation was checked. *automatic* tells whether what was
    brought there last, before the failed operation, was an automatic rollback. *busy* is another
    operation that is under way or waits there, or None. *locked* tells whether somebody holds a
    lock that stops others.
    """

    back: Past | Unknown | None
    was_healthy: bool | Unknown
    automatic: bool | Unknown
    busy: str | Unknown | None
    locked: bool | Unknown


@dataclass(frozen=True, slots=True)
class Moment:
    """The world at *at*: *around* is by service of those that failed.

    *stands* tells whether Git still says what the operation wrote. *frozen* tells whether the
    environment stands still for rollbacks too. *asks* tells whether a rollback needs approval.
    """

    at: datetime
    stands: bool | Unknown
    frozen: bool | Unknown
    asks: bool
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
    UNVERIFIED = "unverified"  # nothing to go back to that was verified here
    IN_A_ROW = "in_a_row"
    PEOPLE_AT_IT = "people_at_it"
    FROZEN = "frozen"
    LOCKED = "locked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GoBack:
    """It goes back by itself, each service *to* its version, unless it is stopped *until* then."""

    to: Mapping[str, Past]
    until: datetime


@dataclass(frozen=True, slots=True)
class OnlyOffer:
    """All is as for going back, but people have to approve rollbacks there."""

    to: Mapping[str, Past]


@dataclass(frozen=True, slots=True)
class Later:
    """The new version has more time; it is decided *at* that moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing goes back by itself; *service* is the one that decided, or empty."""

    why: WhyNot
    service: str = ""


Decision = GoBack | OnlyOffer | Later | Leave


def decide(operation: Operation, rule: AutoRollback | None, moment: Moment) -> Decision:
    """Return whether *operation* is taken back by itself, by the first thing that decides."""
    if rule is None:
        return Leave(WhyNot.NOT_CONFIGURED)
    failed = tuple(one for one in operation.progress if one.stage is Stage.FAILED)
    if (leave := _left(operation, failed, moment)) is not None:
        return leave
    assert operation.written is not None, "what was not written was left above"
    ripe = operation.written.at + rule.after
    if moment.at < ripe:
        return Later(ripe)
    to = {one.service: _verified(moment.around[one.service]) for one in failed}
    return OnlyOffer(to) if moment.asks else GoBack(to, moment.at + rule.grace)


def _left(operation: Operation, failed: Sequence[Progress], moment: Moment) -> Leave | None:
    """Return what keeps *operation* as it is, or None."""
    if (why := _of_operation(operation)) is not None:
        return Leave(why)
    for one in failed:
        if not is_the_versions_own(one):
            return Leave(WhyNot.NOT_THE_VERSION, one.service)
    if (why := _of_moment(moment)) is not None:
        return Leave(why)
    for one in failed:
        around = moment.around.get(one.service)
        found = WhyNot.UNKNOWN if around is None else _of_target(around)
        if found is not None:
            return Leave(found, one.service)
    return None


def is_the_versions_own(progress: Progress) -> bool:
    """Tell whether the new version itself failed, and not Argo CD, a person or a window.

    What was only late may still come up, unless it is Degraded.
    """
    if progress.problem is None:
        return False
    reason = progress.problem.reason
    late = reason is Reason.TOO_LATE and progress.health == DEGRADED
    return late or reason in THE_VERSION


def _of_operation(operation: Operation) -> WhyNot | None:
    if operation.request.kind is Kind.ROLLBACK:
        return WhyNot.A_ROLLBACK
    if operation.phase is not Phase.FAILED:
        return WhyNot.NOT_FAILED
    if operation.written is None or not any(
        one.stage is Stage.FAILED for one in operation.progress
    ):
        return WhyNot.NOTHING_WRITTEN
    return None


def _of_moment(moment: Moment) -> WhyNot | None:
    if isinstance(moment.stands, Unknown) or isinstance(moment.frozen, Unknown):
        return WhyNot.UNKNOWN
    if not moment.stands:
        return WhyNot.OVERTAKEN
    return WhyNot.FROZEN if moment.frozen else None


def _of_target(around: Around) -> WhyNot | None:
    """Return why this target stays as it is, or None."""
    answers = (around.back, around.was_healthy, around.automatic, around.busy, around.locked)
    if any(isinstance(one, Unknown) for one in answers):
        return WhyNot.UNKNOWN
    return next((why for stays, why in _TARGET_RULES if stays(around)), None)


_TARGET_RULES: tuple[tuple[Callable[[Around], bool], WhyNot], ...] = (
    (lambda around: around.busy is not None, WhyNot.PEOPLE_AT_IT),
    (lambda around: around.locked is not False, WhyNot.LOCKED),
    (lambda around: around.automatic is not False, WhyNot.IN_A_ROW),
    (lambda around: around.was_healthy is not True, WhyNot.ILL_BEFORE),
    (lambda around: not _is_verified(around.back), WhyNot.UNVERIFIED),
)


def _is_verified(back: Past | Unknown | None) -> bool:
    """Tell whether it was verified by our own history, and nobody went back from it."""
    if not isinstance(back, Past):
        return False
    return back.source is Told.OURS and back.verified and not back.left


def _verified(around: Around) -> Past:
    assert isinstance(around.back, Past), "it was judged above"
    return around.back
