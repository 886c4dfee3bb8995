"""How a deploy is followed through Argo CD: one look and what we remember in, one verdict out.

The table itself is in ``bot.domain.decision_table``. Here is what holds for every row: a good end
is believed only when seen twice, the deadline, and what is remembered from look to look.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.decision_table import RULES, Look, another_runs, found, names_of_degraded
from bot.domain.observation import Absence, Absent, Observation, Sync
from bot.domain.operations import Stage
from bot.domain.problems import Problem, Reason
from bot.domain.verdict import Ask, Evidence, Expectation, Relation, Verdict, Watched

__all__ = [
    "Ask",
    "Evidence",
    "Expectation",
    "Relation",
    "Verdict",
    "Watched",
    "judge",
    "revisions_to_relate",
]

CONFIRM_AFTER = timedelta(seconds=2)
"""A good end must look the same twice, at least this far apart: two loops write the status."""

CONFIRM_LOOK = timedelta(seconds=3)
EVIDENCE_LOOK = timedelta(seconds=2)
FIRST_LOOKS = timedelta(seconds=5)
LATER_LOOKS = timedelta(seconds=15)
LATER = timedelta(minutes=2)
"""Looks come every 5 s, then every 15 s once a row has held for two minutes."""

LATE_GRACE = timedelta(seconds=5)
"""Past the deadline we ask once more and look again, so a bot that was away tells no old news."""

LATE_EVIDENCE_GRACE = timedelta(seconds=60)
GONE_GRACE = timedelta(seconds=5)

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_WHY_ABSENT = {Absence.GONE: Reason.APP_MISSING, Absence.FORBIDDEN: Reason.APP_FORBIDDEN}
_OTHERS_TURN = frozenset({Reason.PAUSED, Reason.WINDOW_CLOSED})
_SAYS_WHY = frozenset({Reason.CANNOT_RENDER, Reason.DEGRADED})


def revisions_to_relate(observation: Observation) -> tuple[str, ...]:
    """Return the commits whose relation to ours ``judge`` needs, without repeats.

    Charts' versions and branch names are left out: they have no ancestry.
    """
    ordered, state, hydrated = (
        observation.operation,
        observation.operation_state,
        observation.hydrated,
    )
    revisions = [
        *observation.revisions,
        *(ordered.revisions if ordered else ()),
        *(state.revisions if state else ()),
    ]
    if hydrated is not None:
        revisions = [hydrated.dry]
    return tuple(dict.fromkeys(one for one in revisions if is_commit(one)))


def is_commit(revision: str) -> bool:
    """Tell whether *revision* is a commit, and no chart's version or branch."""
    return _SHA.fullmatch(revision) is not None


def judge(
    observation: Observation | Absent,
    expectation: Expectation,
    relations: Mapping[str, Relation],
    history: Watched,
    now: datetime,
    evidence: Evidence | None = None,
) -> tuple[Verdict, Watched]:
    """Return what this look means, and what to remember for the next.

    *relations* says how revisions stand to our commit; one that is missing is unknown. *evidence*
    is what the last verdict asked to be read besides. The caller makes the request in ``ask``
    once, whatever comes of it, and looks again after ``again``.
    """
    if isinstance(observation, Absent):
        return _absent(observation, history, now)
    recreated = bool(history.uid) and history.uid != observation.uid
    before = Watched(excused=history.excused) if recreated else history
    before = replace(before, excused=before.excused + _excuse(before, now))
    look = Look(observation, expectation, relations, before, now, evidence or Evidence())
    verdict = next(verdict for rule in RULES if (verdict := rule(look)) is not None)
    mark = _fingerprint(look) if verdict.stage is Stage.LIVE else ""
    verdict = _confirmed(look, verdict, mark)
    verdict = _in_time(look, verdict)
    verdict = replace(verdict, again=_pause(look, verdict, mark), recreated=recreated)
    return verdict, _remember(look, verdict, mark)


def _absent(absent: Absent, before: Watched, now: datetime) -> tuple[Verdict, Watched]:
    """Row 1: look for it anew once, then it is an end."""
    facts = {"app": absent.name, "instance": absent.instance, "detail": absent.detail}
    problem = Problem(_WHY_ABSENT[absent.why], facts)
    since = before.since.get("row:1", now)
    asked = "row:1" in before.since  # Its first look asked.
    final = asked and now - since >= GONE_GRACE
    verdict = Verdict(
        "1",
        Stage.FAILED if final else Stage.WAITING,
        final=final,
        problem=problem,
        ask=Ask.NOTHING if asked else Ask.RESOLVE,
        again=FIRST_LOOKS,
    )
    after = replace(before, row="1", looked_at=now, since={"row:1": since}, candidate="")
    return verdict, _count(after, verdict, now)


def _fingerprint(look: Look) -> str:
    """Return what must be the same in both looks at a good end."""
    seen, state = look.seen, look.seen.operation_state
    parts = (
        seen.uid,
        *seen.revisions,
        seen.sync,
        seen.health,
        state.phase if state else "",
        state.finished_at.isoformat() if state and state.finished_at else "",
        *found(look).tags,
        *sorted(seen.degraded),
    )
    return "|".join(parts)


def _confirmed(look: Look, verdict: Verdict, mark: str) -> Verdict:
    """Turn LIVE seen for the first time into ROLLING, and the second time into an end."""
    if verdict.stage is not Stage.LIVE:
        return verdict
    first = look.before.candidate_at
    same = look.before.candidate == mark and first is not None
    if same and first is not None and look.now - first >= CONFIRM_AFTER:
        return replace(verdict, final=True, ask=Ask.NOTHING)
    return replace(verdict, stage=Stage.ROLLING)


def _in_time(look: Look, verdict: Verdict) -> Verdict:
    """Make what is not there by the deadline an end, unless it is a person's or a window's turn."""
    if verdict.final or verdict.row == "8a" or look.now < look.wanted.deadline:
        return verdict
    if _others_turn(verdict) or verdict.row == "6d" or _blocked(look):
        return replace(verdict, late=True)  # The last two pass within seconds into another row.
    if not _late(look):
        return verdict
    unread = verdict.ask is Ask.WORKLOADS and look.evidence.workloads is None
    if look.held("late") < (LATE_EVIDENCE_GRACE if unread else LATE_GRACE):
        ask = Ask.REFRESH if verdict.ask is Ask.NOTHING else verdict.ask
        return replace(verdict, ask=ask, late=True)
    problem = _too_late(look, verdict)
    return replace(verdict, stage=Stage.FAILED, final=True, problem=problem, ask=Ask.NOTHING)


def _too_late(look: Look, verdict: Verdict) -> Problem:
    """Return the row's own problem where it explains the delay, else TOO_LATE with the state."""
    problem = verdict.problem
    if problem is not None and problem.reason in _SAYS_WHY:
        return problem
    if verdict.row.startswith("8b"):
        return another_runs(look, found(look))
    state = problem.reason.value if problem else f"{look.seen.sync}, {look.seen.health}"
    facts = {"deadline": look.wanted.deadline.isoformat(), "state": state}
    told = problem.facts.get("detail", "") if problem else ""
    return look.problem(Reason.TOO_LATE, **facts, detail=told or verdict.detail)


def _late(look: Look) -> bool:
    return look.now >= look.wanted.deadline + look.before.excused


def _blocked(look: Look) -> bool:
    state = look.seen.operation_state
    running = state is not None and not state.phase.completed
    return running and state is not None and "blocked by sync window" in state.message


def _others_turn(verdict: Verdict) -> bool:
    return verdict.problem is not None and verdict.problem.reason in _OTHERS_TURN


def _excuse(before: Watched, now: datetime) -> timedelta:
    """Return the time since the last look if nobody but a person or a window could act in it."""
    if "others' turn" not in before.since or before.looked_at is None:
        return timedelta()
    return max(now - before.looked_at, timedelta())


def _pause(look: Look, verdict: Verdict, mark: str) -> timedelta:
    if mark and not verdict.final:
        return CONFIRM_LOOK
    if verdict.ask is Ask.WORKLOADS and look.evidence.workloads is None:
        return EVIDENCE_LOOK
    return LATER_LOOKS if look.held(f"row:{verdict.row}") >= LATER else FIRST_LOOKS


def _remember(look: Look, verdict: Verdict, mark: str) -> Watched:
    before, now = look.before, look.now
    same = bool(mark) and mark == before.candidate
    after = Watched(
        uid=look.seen.uid,
        row=verdict.row,
        looked_at=now,
        since={name: before.since.get(name, now) for name in sorted(_holding(look, verdict))},
        asks=before.asks,
        asked_at=before.asked_at,
        excused=before.excused,
        candidate=mark,
        candidate_at=(before.candidate_at if same else now) if mark else None,
    )
    return _count(after, verdict, now)


def _holding(look: Look, verdict: Verdict) -> set[str]:
    """Return the names of the conditions that hold in this look."""
    seen, state = look.seen, look.seen.operation_state
    running = state is not None and not state.phase.completed
    named = {
        f"row:{verdict.row}": True,
        "others' turn": _others_turn(verdict),
        "late": _late(look),
        "drift": seen.sync is Sync.OUT_OF_SYNC and look.ended is not None,
        "lost": running and seen.operation is None,
        "blocked": _blocked(look),
    }
    return {name for name, holds in named.items() if holds} | names_of_degraded(look)


def _count(after: Watched, verdict: Verdict, now: datetime) -> Watched:
    if verdict.ask is Ask.NOTHING:
        return after
    key = f"{verdict.ask}:{verdict.row}"
    return replace(
        after,
        asks={**after.asks, key: after.asks.get(key, 0) + 1},
        asked_at={**after.asked_at, key: now},
    )
