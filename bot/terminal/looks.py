"""``status``, ``why``, ``diff``, ``rollout`` and ``whoami``: they read, and write nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.belief import rights_held
from bot.domain.commands import Diff, Misread, MisreadReason, Promote, Rollout, Status, Why
from bot.domain.problems import Problem
from bot.domain.rights import Identified
from bot.domain.rules import Allowed, NeedsApproval, Refused
from bot.domain.status import InGit, StatusRow, Unanswered
from bot.domain.stops.standstills import Standstill, standstills
from bot.messages import differences, rollout, status, why
from bot.messages.cards import Links
from bot.messages.replies import refused
from bot.messages.terminal import problem_row, rights_lines
from bot.messages.terminal_rows import difference_row, rollout_row
from bot.operations.books.move_book import MoveBook
from bot.operations.gathering.judging import Judging
from bot.operations.looking.differing import Differing
from bot.operations.looking.status import StatusReader
from bot.operations.rollouts import RolloutDesk
from bot.operations.waking.changes import Changes
from bot.terminal.asking import misread_as, read
from bot.terminal.ends import End, end_of
from bot.terminal.ground import Ground, approvals
from bot.terminal.orders import asker
from bot.terminal.outside import Reached, reached
from handlers.desk import request_of


def show_status(on: Ground, words: Sequence[str]) -> End:
    """Show what Git says and what runs.

    Raises:
        Ended: it was misread.
        Unavailable: our own database is away.
    """
    command = read(on, "status", words)
    if not isinstance(command, Status):
        raise misread_as(_empty("status"))
    with reached(on) as outside:
        reader = StatusReader(on.store, on.config.catalog, outside.out.gitops, outside.out.argocd)
        rows, left_off = reader.read(command.service, command.environment)
        still = _standing(on, outside, command)
        off = outside.books.open_items.standing(command.environment)
    said = status.status(rows, on.clock.now(), left_off, still, off)
    on.out.rows("status", map(_status_row, rows), said, {"left_off": left_off})
    silent = any(isinstance(part, Unanswered) for row in rows for part in (row.git, row.runs))
    return End.AWAY if silent else End.DONE


def show_why(on: Ground, words: Sequence[str]) -> End:
    """Show what the policy says of a whole command, and do nothing; raises as ``show_status``."""
    command = read(on, "why", words)
    if not isinstance(command, Why):
        raise misread_as(_empty("why"))
    wish = command.command
    if isinstance(wish, Promote) and not wish.services:
        raise misread_as(Misread(MisreadReason.MISSING_SERVICE, {}))
    with reached(on) as outside:
        proposal, judgement = Judging(outside.gatherer).why(request_of(wish, asker(on)))
    decision = judgement.decision
    comes_to = {Allowed: "allowed", NeedsApproval: "needs_approval", Refused: "refused"}
    problem = decision.problem if isinstance(decision, Refused) else None
    rulings: list[dict[str, Any]] = [
        {
            "rule": one.rule.value,
            "verdict": one.verdict.value,
            "target": one.target or None,
            "reason": one.reason.value if one.reason else None,
            "facts": dict(one.facts),
        }
        for one in judgement.rulings
    ]
    facts = {"decision": comes_to[type(decision)], "problem": problem_row(problem)}
    on.out.say("why", why.why(proposal, judgement), {**facts, "rulings": rulings})
    return End.DONE if problem is None else end_of(problem)


def show_diff(on: Ground, words: Sequence[str]) -> End:
    """Show what lies between two places; raises as ``show_status``."""
    command = read(on, "diff", words)
    if not isinstance(command, Diff):
        raise misread_as(_empty("diff"))
    with reached(on) as outside:
        out = outside.out
        differing = Differing(
            on.config.catalog, out.argocd, out.gitops, out.commits, out.comparisons
        )
        found = differing.between(command.service, command.environments, command.versions)
        links = Links(out.github.web)
    if isinstance(found, Problem):
        on.out.say("refused", refused(found), {"problem": problem_row(found)})
        return end_of(found)
    on.out.say("diff", differences.difference(found, links), difference_row(found))
    return End.DONE


def show_rollout(on: Ground, words: Sequence[str]) -> End:
    """Show how far a service has rolled out; raises as ``show_status``."""
    command = read(on, "rollout", words)
    if not isinstance(command, Rollout):
        raise misread_as(_empty("rollout"))
    where = (command.service, command.environment)
    with reached(on) as outside:
        desk = RolloutDesk(
            on.config.catalog,
            outside.out.argocd,
            outside.rights.may,
            outside.books,
            approvals(on),
            MoveBook(on.database),
            outside.acts,
            Changes(),
            on.clock,
        )
        shown = desk.show(*where)
    if isinstance(shown, Problem):
        on.out.say("refused", refused(shown), {"problem": problem_row(shown)})
        return end_of(shown)
    facts = {"service": command.service, "environment": command.environment, "url": shown.url}
    said = rollout.rollout_card(*where, shown.rollouts, shown.url)
    rows = [rollout_row(one) for one in shown.rollouts]
    on.out.say("rollout", said, {**facts, "rollouts": rows})
    return End.DONE


def show_whoami(on: Ground, words: Sequence[str]) -> End:
    """Show who whoever sits here is, and what they may; raises as ``show_status``."""
    read(on, "whoami", words)
    catalog = on.config.catalog
    slugs = frozenset().union(*(one.teams for one in catalog.permissions.grants))
    with reached(on) as outside:
        who = outside.people.who(on.user, slugs, live=True)
    held = rights_held(catalog, who.memberships)
    facts = {
        "id": on.me.id,
        "login": on.me.login,
        "requester": on.user,
        "teams": {slug: one.standing.value for slug, one in sorted(who.memberships.items())},
        "rights": [
            {"environment": one.environment, "action": one.action.value}
            | {"services": list(one.services)}
            for one in held
        ],
    }
    said = "\n".join(rights_lines(on.me, held))
    known = isinstance(who.identity, Identified)
    on.out.say("whoami", said if known else f"{said}\nGitHub does not say what you may.", facts)
    return End.DONE if known else End.AWAY


def _standing(on: Ground, outside: Reached, command: Status) -> tuple[Standstill, ...]:
    at, environment = on.clock.now(), command.environment
    books = outside.books
    locks = (one.lock for one in books.locks.standing(at, environment))
    freezes = books.freezes.standing(at, environment)
    holds = books.holds.standing(environment)
    return standstills(on.config.catalog, locks, freezes, holds, at, command.service, environment)


def _status_row(row: StatusRow) -> Mapping[str, Any]:
    git, runs = row.git, row.runs
    said = {"service": row.service, "environment": row.environment}
    in_git = {"git": git.tag if isinstance(git, InGit) else None}
    silent = {
        "unanswered": [one.why for one in (git, runs) if isinstance(one, Unanswered)],
    }
    seen: Mapping[str, Any] = {"runs": None, "sync": None, "health": None, "url": None}
    if not isinstance(runs, Unanswered):
        seen = {"runs": list(runs.tags), "sync": runs.sync, "health": runs.health, "url": runs.url}
    current = {"under_way": row.current.id if row.current else None}
    last = {"last": {"operation": row.last.id, "phase": row.last.phase.value} if row.last else None}
    return {**said, **in_git, **seen, **silent, **current, **last}


def _empty(verb: str) -> Misread:
    return Misread(MisreadReason.EMPTY, {"verb": verb}, (f"/ship help {verb}",))
