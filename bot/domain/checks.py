"""Whether a commit's checks are green. Nothing reported is unknown, and unknown is no."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from bot.domain.unknown import Unknown


class Colour(StrEnum):
    """What one check, or all of them, came to."""

    GREEN = "green"
    PENDING = "pending"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Check:
    """One run of a check, or one commit status.

    *started_at* is None where GitHub tells none: a run that still waits, or a status. *url* is
    where people read about it, or empty.
    """

    name: str
    colour: Colour
    started_at: datetime | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Rollup:
    """Everything reported on a commit: GitHub's own *state*, and the *checks* that were read.

    *complete* is False where GitHub had more of them than were read.
    """

    state: str
    checks: tuple[Check, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Green:
    """All that was asked for has passed: *count* checks."""

    count: int


@dataclass(frozen=True, slots=True)
class Red:
    """*names* failed; empty where GitHub says only that something did."""

    names: tuple[str, ...]
    kind: Literal["red"] = "red"  # tells stored ones apart


@dataclass(frozen=True, slots=True)
class Pending:
    """*names* have not ended; empty where GitHub says only that something has not."""

    names: tuple[str, ...]
    kind: Literal["pending"] = "pending"  # tells stored ones apart


@dataclass(frozen=True, slots=True)
class Missing:
    """The required *names* were never reported on this commit."""

    names: tuple[str, ...]
    kind: Literal["missing"] = "missing"  # tells stored ones apart


@dataclass(frozen=True, slots=True)
class NothingReported:
    """No check at all was reported on this commit."""

    kind: Literal["nothing_reported"] = "nothing_reported"


@dataclass(frozen=True, slots=True)
class NotAsked:
    """The configuration asks for no checks here, so GitHub was not asked for them."""


ChecksVerdict = Green | Red | Pending | Missing | NothingReported | NotAsked | Unknown

_GREEN = frozenset({"SUCCESS", "NEUTRAL", "SKIPPED"})
_RED = frozenset(
    {
        *("ERROR", "FAILURE", "CANCELLED", "TIMED_OUT"),
        *("ACTION_REQUIRED", "STALE", "STARTUP_FAILURE"),
    }
)
_WORST_LAST = (Colour.GREEN, Colour.PENDING, Colour.RED)
_NEVER = datetime.max.replace(tzinfo=UTC)


def colour(word: str | None) -> Colour:
    """Return the colour of a conclusion or state in GitHub's words; what is new is pending.

    Source: https://docs.github.com/en/graphql/reference/enums#checkconclusionstate and
    https://docs.github.com/en/graphql/reference/enums#statusstate
    """
    upper = (word or "").upper()
    if upper in _GREEN:
        return Colour.GREEN
    return Colour.RED if upper in _RED else Colour.PENDING


def run_colour(status: str, conclusion: str | None) -> Colour:
    """Return the colour of a check run: an old conclusion counts for nothing while it runs again.

    Source: https://docs.github.com/en/graphql/reference/enums#checkstatusstate
    """
    return colour(conclusion) if status.upper() == "COMPLETED" else Colour.PENDING


def judge_checks(rollup: Rollup | None, required: Sequence[str] = ()) -> ChecksVerdict:
    """Return what *rollup* comes to: the *required* names, or without them the whole of it.

    None, which GitHub answers where nothing was reported, is no green.
    """
    if rollup is None:
        return NothingReported()
    newest = _newest(rollup.checks)
    if not required:
        return _whole(rollup, newest)
    if not rollup.complete:  # the newest run of a name may be among those that were not read
        return Unknown("GitHub reports more checks on this commit than were read")
    return _required(newest, required)


def _required(newest: Mapping[str, Colour], required: Sequence[str]) -> ChecksVerdict:
    asked = {name: newest[name] for name in required if name in newest}
    if red := _names(asked, Colour.RED):
        return Red(red)
    if missing := tuple(sorted(set(required) - asked.keys())):
        return Missing(missing)
    if pending := _names(asked, Colour.PENDING):
        return Pending(pending)
    return Green(len(asked))


def _whole(rollup: Rollup, newest: Mapping[str, Colour]) -> ChecksVerdict:
    """Judge by GitHub's own word and by the checks; the worse of the two counts."""
    colours = {colour(rollup.state), *newest.values()}
    if Colour.RED in colours:
        return Red(_names(newest, Colour.RED))
    if Colour.PENDING in colours:
        return Pending(_names(newest, Colour.PENDING))
    return Green(len(newest)) if newest else NothingReported()


def _newest(checks: Iterable[Check]) -> dict[str, Colour]:
    """Return the colour of the newest run of each name.

    A run without a start has not begun, so it is the newest; of equally new ones the worst counts.
    """
    by_name: dict[str, Check] = {}
    for check in checks:
        known = by_name.get(check.name)
        if known is None or _age(check) > _age(known):
            by_name[check.name] = check
    return {name: check.colour for name, check in by_name.items()}


def _age(check: Check) -> tuple[datetime, int]:
    return check.started_at or _NEVER, _WORST_LAST.index(check.colour)


def _names(colours: Mapping[str, Colour], wanted: Colour) -> tuple[str, ...]:
    return tuple(sorted(name for name, found in colours.items() if found is wanted))
