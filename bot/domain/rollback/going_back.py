"""Going back: what a target ran before, newest first, and which of it somebody means."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.catalog import Target
from bot.domain.operations import Operation, Phase
from bot.domain.problems import Problem, Reason

OPERATION = re.compile(r"d-([1-9][0-9]{0,8})", re.IGNORECASE)
ENTRY = re.compile(r"#([0-9]{1,4})")
SHA = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)


class Told(StrEnum):
    """Who told of a version."""

    OURS = "ours"
    GIT = "git"
    ARGOCD = "argocd"


@dataclass(frozen=True, slots=True)
class Past:
    """A *tag* that a target had before what it has now.

    *commit* is the full SHA of the code, empty where nobody knows. *at* is when it came there, by
    *operation* where that was one of ours. It was *verified* if that went live. *left* tells that
    somebody went back from it: it is never meant unless it is named. *gitops* is the GitOps commit
    that brought it, where Git told of it.
    """

    tag: str
    commit: str
    operation: str | None
    at: datetime | None
    source: Told
    verified: bool
    left: bool = False
    gitops: str = ""


@dataclass(frozen=True, slots=True)
class Lived:
    """A *tag* that the operation *operation* of ours brought live, asked for *by* a Slack user.

    *left* tells that a later rollback of ours took it away again.
    """

    tag: str
    commit: str
    operation: str
    at: datetime
    by: str
    left: bool = False


@dataclass(frozen=True, slots=True)
class GitValue:
    """A *tag* (None: none) that one value of a file had in Git.

    The GitOps *commit* brought it there, made *at* that time by *author*: a GitHub login, or the
    name that Git has.
    """

    tag: str | None
    commit: str
    at: datetime
    author: str = ""


def from_ours(current: str | None, lived: Sequence[Lived]) -> tuple[Past, ...]:
    """Return our own operations as the past of a target that has the tag *current* now.

    What came after the newest one that brought *current* was left: somebody is back from it. Where
    *current* itself was left, it came back by itself, and what took its place was well.
    """
    now = next((n for n, one in enumerate(lived) if one.tag == current), 0)
    if lived and lived[now].left:
        now = 0
    made = (
        Past(
            tag=one.tag,
            commit=one.commit,
            operation=one.operation,
            at=one.at,
            source=Told.OURS,
            verified=not one.left,
            left=one.left or n < now,
        )
        for n, one in enumerate(lived)
    )
    return without(current, made)


def from_others(
    current: str | None,
    values: Sequence[GitValue],
    source: Told = Told.GIT,
    *,
    returned: bool = False,
) -> tuple[Past, ...]:
    """Return the history of a value in Git, newest first, as the past; *source* told of it.

    What stood between two times of *current* was left: somebody put *current* back. Not so where
    it *returned*: it is held, and came back by itself.
    """
    times = [n for n, one in enumerate(values) if one.tag == current]
    last = times[-1] if times and not returned else -1
    made = (
        Past(one.tag, "", None, one.at, source, verified=False, left=n < last, gitops=one.commit)
        for n, one in enumerate(values)
        if one.tag is not None
    )
    return without(current, made)


def without(current: str | None, past: Iterable[Past]) -> tuple[Past, ...]:
    """Return *past* without what is there now, each tag once: as it was told of first."""
    found: dict[str, Past] = {}
    for one in past:
        if one.tag != current:
            found.setdefault(one.tag, one)
    return tuple(found.values())


def joined(*sources: Iterable[Past]) -> tuple[Past, ...]:
    """Return all *sources* as one list, newest first; for a tag the first source's word counts.

    What nobody knows the time of comes last.
    """
    found: dict[str, Past] = {}
    for one in (each for source in sources for each in source):
        known = found.setdefault(one.tag, one)
        if one.left and not known.left and not known.verified:
            found[one.tag] = replace(known, left=True)
    dated = [one for one in found.values() if one.at is not None]
    undated = [one for one in found.values() if one.at is None]
    return (*sorted(dated, key=_when, reverse=True), *undated)


def meant(past: Iterable[Past], held: Iterable[str] = ()) -> Past | None:
    """Return what is meant where nothing was named: the last one that was verified good.

    Where none was, it is the last one that others tell of. What somebody went back from, and what
    is held, is never meant.
    """
    barred = tuple(held)
    fit = [
        one
        for one in past
        if not one.left and not any(names(each, one.tag, one.commit) for each in barred)
    ]
    others = (one for one in fit if one.source is not Told.OURS)
    return next((one for one in fit if one.verified), None) or next(others, None)


def names(said: str, tag: str, commit: str = "") -> bool:
    """Tell whether *said* means *tag*, which is of *commit*: itself, or digits of its SHA.

    A SHA stands in many tags, whole or cut: ``main-a1b2c3d`` is of ``a1b2c3d4…``.
    """
    digits = said.lower()
    if said == tag or not SHA.fullmatch(digits):
        return said == tag
    inside = re.findall(r"(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])", tag.lower())
    shas = [commit] if commit else inside
    return any(sha.startswith(digits) or digits.startswith(sha) for sha in shas)


def choose(
    what: str,
    target: Target,
    current: str | None,
    past: Sequence[Past],
    *,
    held: Iterable[str] = (),
    named: Operation | None = None,
) -> Past | Problem:
    """Return which of *past*, newest first, *what* means, or why it means none.

    *what* is nothing, an entry (``#1`` is the first of *past*), an operation's id, a tag, or at
    least seven digits of a SHA. *current* is the tag that *target* has now, *held* are those that
    are held there. *named* is the operation of that id; None: there is no such one.
    """
    if not what:
        found = meant(past, held)
        return found or Problem(Reason.NOTHING_TO_GO_BACK_TO, _place(target, current))
    if entry := ENTRY.fullmatch(what):
        return _entry(int(entry[1]), what, target, current, past)
    if OPERATION.fullmatch(what):
        return _of_operation(what.upper(), target, current, past, named)
    if what == current:
        return Problem(Reason.ALREADY_THERE, {"tag": what})
    named_so = next((one for one in past if one.tag == what), None)
    return named_so or _by_digits(what, target, current, past)


def _entry(
    number: int, what: str, target: Target, current: str | None, past: Sequence[Past]
) -> Past | Problem:
    if not past:
        return Problem(Reason.NOTHING_TO_GO_BACK_TO, _place(target, current))
    if 1 <= number <= len(past):
        return past[number - 1]
    facts = {**_place(target), "entry": what, "last": f"#{len(past)}"}
    return Problem(Reason.NO_SUCH_ENTRY, facts)


def _of_operation(
    what: str,
    target: Target,
    current: str | None,
    past: Sequence[Past],
    named: Operation | None,
) -> Past | Problem:
    """Return the tag that an operation of ours brought to this target."""
    if named is None:
        return Problem(Reason.NO_SUCH_ENTRY, {**_place(target), "entry": what})
    request = named.request
    if request.environment != target.environment or target.service not in request.services:
        there = ", ".join(f"{service}/{request.environment}" for service in request.services)
        facts = {**_place(target), "operation": named.id, "there": there}
        return Problem(Reason.NOT_OF_HERE, facts)
    changes = named.plan.changes if named.plan is not None and named.written is not None else ()
    change = next((one for one in changes if one.service == target.service), None)
    if change is None:
        return Problem(Reason.NO_SUCH_ENTRY, {**_place(target), "entry": what})
    if change.new == current:
        return Problem(Reason.ALREADY_THERE, {"tag": change.new})
    known = next((one for one in past if one.tag == change.new), None)
    return known or Past(
        tag=change.new,
        commit=change.commit,
        operation=named.id,
        at=named.ended_at,
        source=Told.OURS,
        verified=named.phase is Phase.LIVE,
    )


def _by_digits(
    what: str, target: Target, current: str | None, past: Sequence[Past]
) -> Past | Problem:
    digits = what.lower()
    if SHA.fullmatch(digits):
        for one in past:
            if names(digits, one.tag, one.commit):
                return one
        if current is not None and names(digits, current):
            return Problem(Reason.ALREADY_THERE, {"tag": current})
    return Problem(Reason.NEVER_HERE, {**_place(target), "tag": what})


def _when(one: Past) -> datetime:
    assert one.at is not None, "only what has a time is sorted by it"
    return one.at


def _place(target: Target, current: str | None = None) -> dict[str, str]:
    runs = {"runs": current} if current else {}
    return {"service": target.service, "environment": target.environment, **runs}
