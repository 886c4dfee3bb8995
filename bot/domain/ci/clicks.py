"""What a click on a note of CI asks for, and what it came to."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.ci.notes import Extent, Mute
from bot.domain.problems import Problem


class Span(StrEnum):
    """For how long people may mute."""

    HOURS = "4h"
    DAY = "24h"
    WEEK = "168h"

    @property
    def length(self) -> timedelta:
        """Return it as a span of time."""
        return timedelta(hours=int(self.value.removesuffix("h")))


@dataclass(frozen=True, slots=True)
class NoteId:
    """The episode a click is about: the *track* and the *number* of its episode."""

    track: int
    number: int


@dataclass(frozen=True, slots=True)
class RerunWish:
    """Run the failed jobs of that *run* and *attempt* again, which the note showed."""

    note: NoteId
    run: int
    attempt: int


@dataclass(frozen=True, slots=True)
class MuteWish:
    """Tell nobody for that *span*."""

    note: NoteId
    extent: Extent
    span: Span


_NOTE = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")
_RERUN = re.compile(r"([0-9]{1,9}\.[0-9]{1,9}):([0-9]{1,18}):([0-9]{1,18})")
_MUTE = re.compile(r"([0-9]{1,9}\.[0-9]{1,9}):([a-z]{1,10}):([0-9]{1,3}h)")


def read_note(value: str) -> NoteId | None:
    """Return which note *value* names, or None."""
    found = _NOTE.fullmatch(value)
    return NoteId(int(found[1]), int(found[2])) if found else None


def read_rerun(value: str) -> RerunWish | None:
    """Return what ``rerun_value`` wrote, or None."""
    found = _RERUN.fullmatch(value)
    note = read_note(found[1]) if found else None
    return RerunWish(note, int(found[2]), int(found[3])) if found and note else None


def read_mute(value: str) -> MuteWish | None:
    """Return what ``mute_value`` wrote, or None."""
    found = _MUTE.fullmatch(value)
    note = read_note(found[1]) if found else None
    if found is None or note is None:
        return None
    try:
        return MuteWish(note, Extent(found[2]), Span(found[3]))
    except ValueError:
        return None


def rerun_value(note: str, run: int, attempt: int) -> str:
    """Return what a button holds that asks for another attempt."""
    return f"{note}:{run}:{attempt}"


def mute_value(note: str, extent: Extent, span: Span) -> str:
    """Return what a choice holds that mutes."""
    return f"{note}:{extent.value}:{span.value}"


@dataclass(frozen=True, slots=True)
class Reran:
    """GitHub has taken it. *url* is the run's page."""

    url: str


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """The Slack user *by* asked for the same *at* a time."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RunsAlready:
    """A newer attempt of the run is there, or this one has not ended. *url* is the run's page."""

    url: str


@dataclass(frozen=True, slots=True)
class NotReran:
    """GitHub says *detail*, or did not answer: then it may be asked *again*."""

    detail: str
    url: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The note shows something newer, or has ended."""


@dataclass(frozen=True, slots=True)
class Muted:
    """Nobody is told until the mute ends."""

    mute: Mute
    workflow: str
    branch: str


@dataclass(frozen=True, slots=True)
class Unmuted:
    """People are told again; *was* says whether it was muted at all."""

    was: bool
    workflow: str


Answered = Reran | AskedBefore | RunsAlready | NotReran | Overtaken | Muted | Unmuted
Clicked = Answered | Problem
