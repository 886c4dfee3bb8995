"""What a person reads of an operation on a terminal: what is new since the last look, in lines."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.domain.approving.approvals import Approved, Decision, Outcome, Waiting
from bot.domain.belief import Held
from bot.domain.operations import Change, Operation, Phase, Progress
from bot.domain.problems import Problem
from bot.domain.rights import GitHubUser
from bot.messages.cards import SENTENCES, STATES
from bot.messages.plain import PROGRAM, spoken
from bot.messages.problems import say
from bot.messages.spans import NAME, Line, code, line, listed, name, quoted
from bot.messages.times import lasted
from bot.messages.wishes import asker, thing, to_do

SILENT = "No bot has begun it yet: is one running on this database? It begins when one does."
RETRYING = "The database does not answer; looking again."
GOES_ON = "It goes on without this terminal."
INTERRUPTED = "Interrupted. What was asked for goes on without this terminal."


def received(operation: Operation) -> str:
    """Say that it is written down, as what."""
    return spoken(line(f"{operation.id}: ", *to_do(operation.request)))


def under_way(operation: Operation) -> str:
    """Say that the same was asked for before and has not ended; nothing new was started."""
    said = line(*thing(operation.request), ", asked by ", asker(operation.request))
    return spoken(
        line(f"Already under way as {operation.id}: ", *said, ". Nothing new was started.")
    )


def still(operation: Operation) -> tuple[str, ...]:
    """Say that it is still under way, and how it is followed or stopped."""
    return (
        f"{operation.id}: {SENTENCES[operation.phase]} {GOES_ON}",
        f"    {PROGRAM} follow {operation.id}",
        f"    {PROGRAM} cancel {operation.id}",
    )


def headline(operation: Operation) -> str:
    """Return what it is and how it stands, in a few words."""
    return spoken(line(f"{operation.id} ", *thing(operation.request), f": {state(operation)}"))


def state(operation: Operation) -> str:
    """Return how it stands."""
    return STATES[operation.phase]


def news(before: Operation | None, after: Operation) -> Iterator[str]:
    """Yield what is new in *after*, a line each; *before* None: everything is."""
    if before is None or before.phase is not after.phase:
        yield from _phase(after)
    if after.plan is not None and (before is None or before.plan != after.plan):
        yield from (spoken(_change(one)) for one in after.plan.changes)
    if after.pull is not None and (before is None or before.pull is None):
        yield f"  pull request #{after.pull.number} {after.pull.url}"
    if after.written is not None and (before is None or before.written is None):
        yield f"  commit {after.written.sha[:8]} {after.written.url}"
    if not after.phase.ended:
        seen = {} if before is None else {one.service: _progress(one) for one in before.progress}
        for one in after.progress:
            if (said := _progress(one)) != seen.get(one.service):
                yield spoken(said)
    if after.problem is not None and (before is None or before.problem != after.problem):
        yield from trouble(after.problem)


def trouble(problem: Problem) -> Iterator[str]:
    """Yield what happened, and what to do next."""
    said = say(problem)
    yield f"  {spoken(said.what)}"
    if following := spoken(said.next):
        yield f"  Next: {following}"


def _phase(operation: Operation) -> Iterator[str]:
    at = operation.entered.get(operation.phase.value, operation.requested_at)
    took = ""
    if operation.phase.ended and operation.ended_at is not None:
        took = f" · after {lasted(operation.ended_at - operation.requested_at)}"
    yield f"{at:%H:%M:%S}  {state(operation)}{took}"
    if operation.phase is Phase.AWAITING:
        yield f"  {PROGRAM} approve {operation.id}    (somebody else, who may)"
    if operation.phase is Phase.QUEUED and operation.ahead:
        yield f"  behind {', '.join(operation.ahead)}"


def _change(one: Change) -> Line:
    old = code(one.old) if one.old is not None else line("no tag")[0]
    return line("  ", name(one.service), ": ", old, " → ", code(one.new))


def _progress(one: Progress) -> Line:
    words = listed((quoted(word, 20) for word in (one.sync, one.health) if word), last=", ")
    seen = line(" (", *words, ")") if words else ()
    said = line("  ", name(one.service), f": {one.stage.value}", *seen)
    why = say(one.problem).what if one.problem is not None else ()
    return line(*said, ". ", *why) if why else said


# for programs


def operation_row(operation: Operation) -> dict[str, Any]:
    """Return what a program reads of an operation; names stay as they are."""
    request, written, pull = operation.request, operation.written, operation.pull
    return {
        "operation": operation.id,
        "kind": request.kind.value,
        "services": list(request.services),
        "environment": request.environment,
        "version": request.version or None,
        "requester": request.requester,
        "reason": request.reason,
        "phase": operation.phase.value,
        "ended": operation.phase.ended,
        "requested_at": operation.requested_at.isoformat(),
        "ended_at": operation.ended_at.isoformat() if operation.ended_at else None,
        "ahead": list(operation.ahead),
        "commit": {"sha": written.sha, "url": written.url} if written else None,
        "pull_request": pull.url if pull else None,
        "targets": _target_rows(operation),
        "problem": problem_row(operation.problem),
    }


def _target_rows(operation: Operation) -> list[dict[str, Any]]:
    progress = {one.service: one for one in operation.progress}
    changes = operation.plan.changes if operation.plan is not None else ()
    return [
        {"service": one.service, "old": one.old, "new": one.new, **_seen(progress.get(one.service))}
        for one in changes
    ]


def _seen(progress: Progress | None) -> dict[str, Any]:
    if progress is None:
        return {"stage": None, "sync": None, "health": None, "url": None}
    said = {"stage": progress.stage.value, "sync": progress.sync, "health": progress.health}
    return {**said, "url": progress.url}


def problem_row(problem: Problem | None) -> Mapping[str, Any] | None:
    """Return a problem for programs: its reason is one of a closed set."""
    if problem is None:
        return None
    said = say(problem)
    told = {"reason": problem.reason.value, "facts": dict(problem.facts)}
    return {**told, "what": spoken(said.what), "next": spoken(said.next)}


def decision_row(operation: Operation, decision: Decision, tallied: Outcome) -> dict[str, Any]:
    """Return for programs what a decision came to."""
    missing = tallied.missing if isinstance(tallied, Waiting) else None
    return {
        "operation": operation.id,
        "decision": type(decision).__name__.lower(),
        "outcome": "approved" if isinstance(tallied, Approved) else type(tallied).__name__.lower(),
        "missing": missing,
    }


def rights_lines(me: GitHubUser, held: Iterable[Held]) -> Iterator[str]:
    """Yield who somebody is on GitHub, and each right that their teams give them."""
    yield spoken(line("You are ", code(me.login, NAME), f" on GitHub (account {me.id})."))
    rights = [_right(one) for one in held]
    yield from rights or ("No team of yours may do anything here.",)


def _right(held: Held) -> str:
    which = listed(map(name, held.services)) if held.services else line("everything")
    said = line("- ", held.action.value, " ", *which, " in ", name(held.environment))
    return spoken(said)
