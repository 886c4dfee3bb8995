"""From a branch's first failure to its recovery: one episode, whatever order the news come in."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from bot.domain.ci.runs import Run, Verdict

NOWHERE = (0, 0)
"""Before every run."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A branch that fails by one workflow, or did. *number* counts the series' episodes from 1.

    *first* began it, *last* is its newest failure, *failures* counts those that were heard.
    *recovery* is the success that ended it; None while it stands.
    """

    number: int
    first: Run
    last: Run
    failures: int = 1
    recovery: Run | None = None

    @property
    def stands(self) -> bool:
        """Tell whether the branch still fails."""
        return self.recovery is None

    @property
    def newest(self) -> Run:
        """Return the run that it shows now."""
        return self.recovery or self.last


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of one series. *heard* is the place of the newest run that counted.

    *green* is the place of the newest success. *episode* is the newest one, or None.
    """

    heard: tuple[int, int] = NOWHERE
    green: tuple[int, int] = NOWHERE
    episode: Episode | None = None


class News(StrEnum):
    """What a run changed."""

    NOTHING = "nothing"
    BEGAN = "began"
    AGAIN = "again"
    RECOVERED = "recovered"
    EARLIER = "earlier"  # the episode began before we thought: a late report


@dataclass(frozen=True, slots=True)
class Heard:
    """The series as it is now, and what is new."""

    track: Track
    news: News


def hear(track: Track, run: Run) -> Heard:
    """Return *track* after *run* was reported.

    Runs may come late, twice and in any order: whether the branch fails is decided by the newest
    attempt of the newest run alone. A re-run of an older run says nothing of the branch.
    """
    match run.verdict:
        case Verdict.SILENT:
            return Heard(track, News.NOTHING)
        case Verdict.GREEN:
            return _succeeded(track, run)
        case Verdict.RED:
            return _failed(track, run)
        case _:
            assert_never(run.verdict)


def _succeeded(track: Track, run: Run) -> Heard:
    known = replace(track, green=max(track.green, run.place))
    if run.place <= track.heard:
        return Heard(known, News.NOTHING)
    known = replace(known, heard=run.place)
    if track.episode is None or not track.episode.stands:
        return Heard(known, News.NOTHING)
    ended = replace(track.episode, recovery=run)
    return Heard(replace(known, episode=ended), News.RECOVERED)


def _failed(track: Track, run: Run) -> Heard:
    before = track.episode
    if run.place <= track.heard:
        return _late(track, run)
    known = replace(track, heard=run.place)
    if before is None or not before.stands:
        begun = Episode(before.number + 1 if before else 1, run, run)
        return Heard(replace(known, episode=begun), News.BEGAN)
    again = replace(before, last=run, failures=before.failures + 1)
    return Heard(replace(known, episode=again), News.AGAIN)


def _late(track: Track, run: Run) -> Heard:
    """Return what an old failure changes: only where an episode that stands began with it."""
    standing = track.episode
    if standing is None or not standing.stands:
        return Heard(track, News.NOTHING)
    if not track.green < run.place < standing.first.place:
        return Heard(track, News.NOTHING)
    earlier = replace(standing, first=run, failures=standing.failures + 1)
    return Heard(replace(track, episode=earlier), News.EARLIER)
