"""The approvers' card: everything needed to decide, the two buttons, and how it ended.

The buttons carry the operation's id and nothing that is believed. Once it has ended they are gone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from bot.domain.approving.approval_case import (
    ApprovalCase,
    Commits,
    End,
    InBetween,
    ServiceCase,
)
from bot.domain.approving.approvals import Approved, Cancelled, Expired, Rejected, Superseded, Void
from bot.domain.checks import (
    ChecksVerdict,
    Green,
    Missing,
    NotAsked,
    NothingReported,
    Pending,
    Red,
)
from bot.domain.facts import Hold, NoEarlierHome, RanBefore, RunsNow
from bot.domain.message import Message
from bot.domain.operations import Change
from bot.domain.rights import NOBODY, Action, Actor
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.messages import blocks
from bot.messages.cards import Links, ask_anew
from bot.messages.problems import say
from bot.messages.rollback.retreats import retreat_lines
from bot.messages.spans import (
    NAME,
    Bold,
    Line,
    Link,
    Moment,
    Person,
    Span,
    Text,
    code,
    cut,
    length,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
    short,
)
from bot.messages.stops.holding import brief
from bot.messages.templates import PARTS

APPROVE = "approve_operation"
REJECT = "reject_operation"
"""Action ids; the value of each button is the operation's id."""

NAMES = 500
SERVICES = 2_400
"""The most characters of all services together; what does not fit is counted."""
COMMITS = 1_600
MOST_COMMITS = 12
DIFF = 2_000
MOST_LINES = 40
TITLE = 100
ONE = 700

DOING: Mapping[Action, str] = {
    Action.DEPLOY: "deploy",
    Action.PROMOTE: "promote",
    Action.ROLLBACK: "roll back",
}


def approval_card(case: ApprovalCase, links: Links) -> Message:
    """Return the card of *case*.

    Every time on it is absolute: it is drawn anew when something changes, not as time goes by.
    """
    block = f"{case.operation}:"
    said = [
        blocks.header(headline(case), f"{block}headline"),
        blocks.prose(f"{block}asked", [blocks.lines(*_asked(case))]),
        blocks.prose(f"{block}services", [blocks.bullets(_services(case))]),
    ]
    if how_far := retreat_lines(case.retreats):
        said.append(blocks.prose(f"{block}retreats", [blocks.lines(*how_far)]))
    if rows := _commits(case, links):
        said.append(blocks.prose(f"{block}commits", rows))
    if case.diff:
        said.append(blocks.prose(f"{block}diff", _diff(case.diff)))
    said.append(blocks.prose(f"{block}state", [blocks.lines(*_state(case))]))
    if case.end is None:
        said.append(blocks.actions([_approve(case), _reject(case)], f"{block}decide"))
    elif isinstance(case.end, Void | Expired):
        said.append(blocks.actions([ask_anew(case.operation)], f"{block}anew"))
    small = line(f"{case.operation} · asked ", Moment(case.asked_at))
    said.append(blocks.context(small, f"{block}id"))
    return Message(summary(case), tuple(said))


def headline(case: ApprovalCase) -> str:
    """Return how it stands and what it is, in a few plain words."""
    services = listed((Text(name(one).text) for one in _names(case)), most=3)
    names = "".join(span.text for span in services if isinstance(span, Text))
    way = "back in" if case.action is Action.ROLLBACK else "to"
    return f"{_stands(case.end)}: {names} {way} {name(case.environment).text}"


def summary(case: ApprovalCase) -> str:
    """Return the whole news as escaped sentences, for screen readers and phones."""
    called = line(" ", *_called(case)) if _called(case) else ()
    said = line(f"{case.operation}: ", *_wish(case), ". ", *ended(case), *called)
    return mrkdwn(said, blocks.TEXT)


def ended(case: ApprovalCase) -> Line:  # noqa: PLR0911  # one for each end
    """Say who did what when, or how many people are still missing."""
    end = case.end
    match end:
        case None:
            return line(*_quorum(case), ".")
        case Approved(by=by, at=at):
            whom = _people(by) if by else line("nobody: none is asked for")
            return line("Approved by ", *whom, ", ", Moment(at), ". It goes on by itself.")
        case Rejected(by=by, at=at, reason=reason):
            because = line(": ", quoted(reason.rstrip(". \n"))) if reason.strip() else ()
            said = line("Rejected by ", Person(by.slack), ", ", Moment(at), *because)
            return line(*said, ". Nothing was changed. Talk it over before you ask again.")
        case Expired(at=at):
            said = line("Expired, ", Moment(at), ": not enough people approved it in time")
            return line(*said, ", or it could not begin. Nothing was changed. Send it again.")
        case Superseded(operation=operation, by=by, at=at):
            newer = line("Superseded by ", code(operation, NAME), ", which ", Person(by.slack))
            return line(*newer, " asked for, ", Moment(at), ". Nothing was changed; decide there.")
        case Cancelled(by=by, at=at):
            said = line("Cancelled by ", Person(by.slack), ", ", Moment(at))
            return line(*said, ". Nothing was changed. It can be asked for again.")
        case Void(moved=moved, at=at):
            parts = listed(Text(PARTS[part]) for part in moved)
            said = line("Void since ", Moment(at), ": no longer as asked are ", *parts)
            return line(*said, ". Nothing was changed. Send it again for a fresh plan.")
        case _:
            assert_never(end)


def _stands(end: End | None) -> str:  # noqa: PLR0911  # one for each end
    match end:
        case None:
            return "🔐 Waits for approval"
        case Approved():
            return "✅ Approved"
        case Rejected():
            return "⛔ Rejected"
        case Expired():
            return "⌛ Expired"
        case Superseded():
            return "↪ Superseded"
        case Cancelled():
            return "🚫 Cancelled"
        case Void():
            return "♻ Void"
        case _:
            assert_never(end)


def _asked(case: ApprovalCase) -> Iterator[Line]:
    yield line(*_wish(case), ".")
    if case.by_argocd:
        opening = line("⚠️ ", Bold("By Argo CD itself"))
        yield line(*opening, ": auto-sync is switched off, and Git still names what is left.")
    if case.without_hooks:
        yield line("⚠️ ", Bold("Without hooks"), ": what runs before a sync is skipped.")
    if called := _called(case):
        yield called
    if case.reason and (reason := quoted(case.reason)).text:
        yield line("Because: ", reason)
    else:
        yield line("No reason was given.")
    if case.instead_of:
        older = listed([code(one, NAME) for one in case.instead_of], most=3)
        yield line("It takes the place of ", *older, ", which waited for approval as well.")


def _called(case: ApprovalCase) -> Line:
    """Say whose turn it is, as long as it is theirs."""
    if case.end is not None or not case.whom:
        return ()
    return line("For ", *listed(map(Person, case.whom), len(case.whom), " or "), " to decide.")


def _wish(case: ApprovalCase) -> Line:
    verb = DOING.get(case.action, case.action.value)
    names = listed(map(name, _names(case)), room=NAMES)
    where = line(" to " if case.action is not Action.ROLLBACK else " in ", name(case.environment))
    at = line(" at ", code(case.version, 80)) if case.version else ()
    return line(*_asker(case.requester), f" {verb} ", *names, *where, *at)


def _asker(who: Actor) -> Line:
    if who == NOBODY:  # no account is behind it, so none is named
        return line(Person(who.slack), " asks by itself to")
    return line(Person(who.slack), " (", code(who.github.login, NAME), ") asks to")


def _names(case: ApprovalCase) -> Iterator[str]:
    return (one.change.service for one in case.services)


def _services(case: ApprovalCase) -> list[Line]:
    lines = [cut(line(*_join(about_service(one))), ONE) for one in case.services]
    return _fitting(lines, SERVICES, "service") or [line("Nothing would change.")]


def about_service(one: ServiceCase) -> Iterator[Line]:
    """Yield how the service changes, and then what is known of it."""
    yield line(name(one.change.service), "  ", *_change(one.change))
    yield line("runs now: ", *_runs(one.runs))
    yield line("checks: ", *_checks(one.checks))
    yield line("image: ", *_digest(one.digest))
    if before := _before(one.before):
        yield before
    yield from _locks(one.locks)
    yield from _holds(one.holds)
    if one.drift.strip():
        yield line("drift: ", quoted(one.drift, 150))


def _change(change: Change) -> Line:
    if change.old == change.new:
        return line(code(change.new), " (as it was)")
    old: Span = code(change.old) if change.old is not None else Text("no tag")
    return line(old, " → ", code(change.new))


def _runs(runs: RunsNow | Unknown) -> Line:
    if isinstance(runs, Unknown):
        return _unknown(runs)
    tags = listed([code(tag) for tag in runs.tags], most=3) or line("nothing")
    return line(*tags, ", ", quoted(runs.health, 20))


def _checks(checks: ChecksVerdict) -> Line:
    match checks:
        case Green(count):
            return line(Bold(f"all {count} green"))
        case Red(names):
            return line(Bold("failed"), *_named(names))
        case Pending(names):
            return line(Bold("not ended"), *_named(names))
        case Missing(names):
            return line(Bold("never reported"), *_named(names))
        case NothingReported() | NotAsked():
            nothing = isinstance(checks, NothingReported)
            return line(Bold("none reported") if nothing else "none are asked for")
        case Unknown():
            return _unknown(checks)
        case _:
            assert_never(checks)


def _digest(digest: str | Unknown) -> Line:
    return _unknown(digest) if isinstance(digest, Unknown) else line(code(digest))


def _before(before: RanBefore | NoEarlierHome | Unknown) -> Line:
    if isinstance(before, NoEarlierHome):
        return ()
    if isinstance(before, Unknown):
        return line("before: ", *_unknown(before))
    if not before.same:
        return line("another version runs in ", name(before.environment))
    where = line("runs in ", name(before.environment), ", ", quoted(before.health, 20))
    since = before.healthy_since
    return line(*where, " since ", Moment(since)) if since else where


def _locks(locks: tuple[Lock, ...] | Unknown) -> Iterator[Line]:
    if isinstance(locks, Unknown):
        yield line("locks: ", *_unknown(locks))
        return
    for lock in locks[:2]:
        warns = " (it only warns)" if lock.warn_only else ""
        yield line("locked by ", Person(lock.owner.slack), warns, ": ", quoted(lock.reason, 120))


def _holds(holds: tuple[Hold, ...] | Unknown) -> Iterator[Line]:
    if isinstance(holds, Unknown):
        yield line("holds: ", *_unknown(holds))
        return
    for hold in holds[:2]:
        yield cut(brief(hold), 200)


def _named(names: Sequence[str]) -> Line:
    return line(": ", *listed([code(one, NAME) for one in names], most=3)) if names else ()


def _unknown(unknown: Unknown) -> Line:
    return line(Bold("unknown"), " (", quoted(unknown.why, 120), ")")


def _commits(case: ApprovalCase, links: Links) -> list[blocks.Block]:
    """Return the commits of each source once, with how many there are in all."""
    made: list[blocks.Block] = []
    room = COMMITS
    for source, commits in {one.source: one.commits for one in case.services}.items():
        head, rows = commits_between(source, commits, links)
        room -= length(head) + sum(map(length, rows))
        if room < 0 and made:
            made.append(blocks.lines(line("The commits of other repositories are on GitHub.")))
            break
        made.append(blocks.lines(head))
        if rows:
            made.append(blocks.bullets(rows))
    return made


def commits_between(
    source: str, commits: Commits | Unknown, links: Links
) -> tuple[Line, list[Line]]:
    """Return how many commits of *source* come with it, and the newest of them."""
    where = line(" of ", code(source, NAME))
    if isinstance(commits, Unknown):
        return line("Commits in between", *where, ": ", *_unknown(commits)), []
    commit = "commit" if commits.behind == 1 else "commits"
    back = f"; goes back {commits.behind} {commit}" if commits.behind else ""
    count = "1 commit" if commits.total == 1 else f"{commits.total} commits"
    shown = commits.newest[:MOST_COMMITS]
    rows = _fitting([_commit(one, source, links) for one in shown], COMMITS - 300, "commit")
    if hidden := max(commits.total - len(shown), 0):
        rows.append(line(f"and {hidden} older"))
    return line(f"{count} in between", *where, back), rows


def _commit(one: InBetween, source: str, links: Links) -> Line:
    which = Link(links.commit(source, one.sha), short(one.sha) or "(no sha)")
    said = line(which, " ", quoted(one.title, TITLE), " by ", quoted(one.author, 40))
    return line(*said, f" (#{one.pull_request})") if one.pull_request is not None else said


def _diff(lines: Sequence[str]) -> list[blocks.Block]:
    shown, room = [], DIFF
    for each in lines[:MOST_LINES]:
        room -= min(len(each), blocks.LINE) + 1
        if room < 0:
            break
        shown.append(each)
    made = [blocks.verbatim(shown)]
    if hidden := len(lines) - len(shown):
        made.append(blocks.lines(line(f"and {hidden} more lines: read the whole diff first.")))
    return made


def _state(case: ApprovalCase) -> Iterator[Line]:
    if case.end is not None:
        yield line(Bold("How it ended: "), *ended(case))
        return
    yield line(Bold("Approvals: "), *_quorum(case))
    yield line("It expires ", Moment(case.until), ".")
    if case.trouble is not None:
        words = say(case.trouble)
        yield line(Bold("Why it waits: "), *words.what)


def _quorum(case: ApprovalCase) -> Line:
    teams = listed(map(name, sorted(case.rule.teams)), most=5, last=" or ")
    by = line(" by ", *_people(case.approved)) if case.approved else ()
    whom = line(", from ", *teams) if teams else line(", and no team is named that could")
    return line(f"{len(case.approved)} of {case.rule.count}", *by, *whom)


def _people(people: Iterable[Actor]) -> Line:
    return listed([Person(one.slack) for one in people], most=8)


def _approve(case: ApprovalCase) -> blocks.Block:
    question = blocks.confirm(f"Approve {case.operation}?", versions(case), "Approve", "Not yet")
    return blocks.go(f"Approve for {case.environment}", APPROVE, case.operation, question)


def _reject(case: ApprovalCase) -> blocks.Block:
    question = blocks.confirm(f"Reject {case.operation}?", versions(case), "Reject", "Not yet")
    return blocks.button("Reject", REJECT, case.operation, question)


def versions(case: ApprovalCase) -> str:
    """Return services, environment and versions for a dialog: ``To prod: core v1 → v2``.

    Of many services some are counted, so that no line is cut in its middle.
    """
    said, left = f"To {name(case.environment).text}: ", len(case.services)
    for one in case.services:
        change = one.change
        old = code(change.old, 90).text if change.old is not None else "no tag"
        part = f"{name(change.service).text} {old} → {code(change.new, 90).text}; "
        if len(said) + len(part) > 270 and left < len(case.services):  # noqa: PLR2004  # of 300
            return f"{said}and {left} more"
        said, left = said + part, left - 1
    return said.rstrip("; ")


def _fitting(lines: Sequence[Line], room: int, what: str) -> list[Line]:
    shown: list[Line] = []
    for each in lines:
        room -= length(each)
        if room < 0 and shown:
            hidden = len(lines) - len(shown)
            return [*shown, line(f"and {hidden} more {what}{'s' if hidden > 1 else ''}")]
        shown.append(each)
    return shown


def _join(lines: Iterable[Line]) -> Iterator[str | Span]:
    for index, each in enumerate(lines):
        if index:
            yield " · " if index > 1 else "\n"
        yield from each
