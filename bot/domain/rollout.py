"""An Argo Rollout as it stands at one moment, and what people may do with it now.

Nothing is asked here. Whoever acts reads the Rollout anew right before: what a card showed may be
long over, and Argo CD itself runs actions that it calls disabled.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.images import tags_of
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action

LONGEST_REFERENCE = 500

_REFERENCE = re.compile(
    r"(?P<service>[^/#\s]+)/(?P<environment>[^/#\s]+)/(?P<name>[^/#\s]+)"
    r"#(?P<revision>[^/#\s]+)#(?P<state>[0-9a-f]+)"
)


class Strategy(StrEnum):
    """How new pods take over."""

    CANARY = "canary"
    BLUE_GREEN = "blue-green"
    UNKNOWN = "unknown"


class Move(StrEnum):
    """What a person can do with a Rollout; the value is Argo CD's name of the action.

    Source: argo-cd v3.5.1 ``resource_customizations/argoproj.io/Rollout/actions``.
    """

    PROMOTE = "resume"
    PROMOTE_FULLY = "promote-full"
    ABORT = "abort"
    RETRY = "retry"
    RESTART = "restart"


ONWARD = frozenset({Move.PROMOTE, Move.PROMOTE_FULLY, Move.RETRY})
"""The moves that bring more of the new version; what stops a deploy stops them, too."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Why it stands still (``CanaryPauseStep``), and since when.

    *ends* is when it goes on by itself; None: a person has to say so.
    """

    reason: str
    since: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """One AnalysisRun: its *name*, Argo CD's word for its *health*, and its *message*."""

    name: str
    health: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions: the *hash* of its pods' template, and their *images*."""

    hash: str
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rollout:
    """One Rollout, read from the cluster.

    *step* of *steps* counts from 0 and is *steps* when all are through; None: it has no steps.
    *weight* is the share of the new version in percent, None where there is none to tell. The four
    numbers are of pods. *phase* and *message* are its controller's words. *observed* tells whether
    the controller has seen the latest spec; what it says of an older one is no ground to act on.
    *offered* are the actions that Argo CD lists and does not call disabled; None: not asked.
    *restarted* is its own word for when a restart was asked for last.
    """

    name: str
    namespace: str
    uid: str
    strategy: Strategy
    new: Side
    stable: Side
    step: int | None = None
    steps: int = 0
    weight: int | None = None
    desired: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    phase: str = ""
    message: str = ""
    pauses: tuple[Pause, ...] = ()
    stopped: bool = False  # by hand, in its spec
    aborted: bool = False
    promoting_fully: bool = False
    observed: bool = True
    analyses: tuple[Analysis, ...] = ()
    offered: frozenset[str] | None = None
    restarted: str = ""
    group: str = "argoproj.io"
    version: str = "v1alpha1"

    @property
    def label(self) -> str:
        """Return what people call it: ``Rollout/web``."""
        return f"Rollout/{self.name}"

    @property
    def is_through(self) -> bool:
        """Tell whether the new version is the stable one: nothing is under way."""
        return self.new.hash == self.stable.hash

    @property
    def waits(self) -> bool:
        """Tell whether it stands still before its end."""
        return (bool(self.pauses) or self.stopped) and not self.aborted

    @property
    def since(self) -> datetime | None:
        """Return since when it waits; None where it does not, or does not say."""
        return min((one.since for one in self.pauses if one.since), default=None)

    @property
    def goes_on(self) -> datetime | None:
        """Return when it goes on by itself; None: a person has to say so, or it does not wait."""
        if not self.waits or self.stopped:
            return None
        ends = [one.ends for one in self.pauses]
        return None if None in ends else max(filter(None, ends), default=None)

    @property
    def state(self) -> str:
        """Return a short mark of what people decide by: it changes with each step and pause."""
        parts = [self.uid, self.new.hash, str(self.step), str(self.aborted), str(self.stopped)]
        parts += [str(self.promoting_fully)]
        parts += [f"{one.reason}@{one.since}" for one in self.pauses]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a button carries: which Rollout, and what of it the person saw.

    None of it is believed. *revision* and *state* may only stop a move: when the Rollout is another
    by then, the person has decided about something that is over.
    """

    service: str
    environment: str
    name: str
    revision: str
    state: str

    def __str__(self) -> str:
        """Return it as a button's value."""
        return f"{self.service}/{self.environment}/{self.name}#{self.revision}#{self.state}"


def reference_of(service: str, environment: str, rollout: Rollout) -> Reference:
    """Return what the buttons of *rollout* carry."""
    return Reference(service, environment, rollout.name, rollout.new.hash or "-", rollout.state)


def read_reference(text: str) -> Reference | None:
    """Return what a button carried; None for anything that is no such value."""
    if len(text) > LONGEST_REFERENCE:
        return None
    found = _REFERENCE.fullmatch(text)
    return Reference(**found.groupdict()) if found else None


def right_for(move: Move) -> Action:
    """Return the right that *move* takes: going back is a rollback, all else is a deploy."""
    return Action.ROLLBACK if move is Move.ABORT else Action.DEPLOY


def moves_now(rollout: Rollout) -> tuple[Move, ...]:
    """Return what may be done with *rollout* now, in the order in which it is offered."""
    return tuple(move for move in Move if _fits(move, rollout) and _is_offered(move, rollout))


def refused(move: Move, rollout: Rollout, seen: Reference) -> Problem | None:
    """Return why *move* does not fit *rollout* as it is now, or None.

    An abort or a restart is meant for a revision; everything else for the very step that was seen.
    """
    whole = move not in ONWARD
    same = rollout.new.hash == seen.revision and (whole or rollout.state == seen.state)
    facts = {
        "service": seen.service,
        "environment": seen.environment,
        "move": move.value,
        "state": stands(rollout),
    }
    if not same:
        return Problem(Reason.ROLLOUT_MOVED, facts)
    return None if move in moves_now(rollout) else Problem(Reason.ROLLOUT_UNFIT, facts)


def _fits(move: Move, rollout: Rollout) -> bool:
    match move:
        case Move.PROMOTE:
            return rollout.waits and rollout.observed
        case Move.PROMOTE_FULLY:
            going = not rollout.is_through and not rollout.aborted
            return going and not rollout.promoting_fully and rollout.observed
        case Move.ABORT:
            return not rollout.is_through and not rollout.aborted
        case Move.RETRY:
            return rollout.aborted and rollout.observed
        case Move.RESTART:
            return True


def _is_offered(move: Move, rollout: Rollout) -> bool:
    return rollout.offered is None or move.value in rollout.offered


def stands(rollout: Rollout) -> str:
    """Return in a word how it stands: ``paused at step 2 of 8``, ``aborted``, ``healthy``."""
    if rollout.aborted:
        return "aborted"
    if rollout.is_through and not rollout.waits:
        return "through"
    what = "paused" if rollout.waits else "going on"
    if rollout.step is None or rollout.steps == 0:
        return what
    return f"{what} at step {min(rollout.step + 1, rollout.steps)} of {rollout.steps}"


def of_image(rollouts: Iterable[Rollout], repository: str) -> tuple[Rollout, ...]:
    """Return those of *rollouts* whose pods are of the image *repository*, without other images."""
    mine = (
        replace(one, new=_tagged(one.new, repository), stable=_tagged(one.stable, repository))
        for one in rollouts
    )
    return tuple(one for one in mine if one.new.images)


def _tagged(side: Side, repository: str) -> Side:
    return replace(side, images=tags_of(side.images, repository))


def told_of_abort(
    problem: Problem | None, rollouts: Sequence[Rollout], facts: Mapping[str, str]
) -> Problem | None:
    """Return *problem* in the words for an abort, where that is why it is not well.

    *facts* are the app, service, environment and tag that Git still asks for.
    """
    aborted = [one for one in rollouts if one.aborted]
    if not aborted or problem is None or problem.reason is not Reason.DEGRADED:
        return problem
    resource = ", ".join(one.label for one in aborted)
    return Problem(Reason.ROLLOUT_ABORTED, {**facts, "resource": resource})


def told_of_pause(problem: Problem | None, rollouts: Sequence[Rollout]) -> Problem | None:
    """Return *problem*, of rollouts that are paused, with when all of these go on by themselves."""
    waiting = [one for one in rollouts if one.waits]
    if not waiting or problem is None or problem.reason is not Reason.PAUSED:
        return problem
    times = [one.goes_on for one in waiting]
    if None in times:
        return problem
    last = max(filter(None, times))
    return Problem(Reason.PAUSED, {**problem.facts, "goes_on": last.isoformat()})
