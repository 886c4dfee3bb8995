"""``/promote all``: which services would move, what would go live, and a button to go on."""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.approving.approval_case import Commits, InBetween
from bot.domain.message import Message
from bot.domain.previews import Moves, News, Preview, Stays, by_author
from bot.domain.problems import Problem
from bot.domain.rules import NeedsApproval, Refused
from bot.domain.unknown import Unknown
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.spans import (
    NAME,
    Bold,
    Line,
    Text,
    code,
    cut,
    fitting,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
)

PROMOTE_THESE = "promote_these:"
"""How the action id of each button begins; its number follows. Its value is a command."""

MOST_VALUE = 2_000
"""Source: https://docs.slack.dev/reference/block-kit/block-elements/button-element"""
MOST = 5
"""Previews in one message; a system has one GitOps branch, or a few."""
ROWS = 3_600
NEWS = 2_400
"""The most characters of all services, and of all commits; what does not fit is counted."""
MOST_AUTHORS = 8
MOST_TITLES = 4
TITLE = 90
ROW = 400


def looking(origin: str | None, environment: str) -> Message:
    """Say that every service is being looked at."""
    said = line("Looking at what can move ", *_way(origin, environment), "…")
    return Message(mrkdwn(said, blocks.TEXT), (blocks.prose("moves", [blocks.lines(said)]),))


def previewed(previews: Sequence[Preview | Problem], commands: Sequence[str]) -> Message:
    """Return *previews*, each with a button; *commands* are what these order, in that order."""
    said: list[blocks.Block] = []
    spoken: list[Line] = []
    buttons = []
    for index, (one, command) in enumerate(zip(previews[:MOST], commands, strict=False)):
        if isinstance(one, Problem):
            return _refused(one)
        opening, ending = _opening(one), _ending(one, command)
        rows = fitting(list(_rows(one)), ROWS // len(previews[:MOST]))
        elements = [blocks.lines(opening), blocks.bullets(rows)]
        if news := fitting(list(_news(one.news)), NEWS // len(previews[:MOST])):
            elements += [blocks.lines(line(Bold("What would go live:"))), blocks.bullets(news)]
        said.append(blocks.prose(f"moves:{index}", [*elements, blocks.lines(ending)]))
        spoken += [opening, *rows, *news, ending]
        if one.is_open and len(command) <= MOST_VALUE:
            buttons.append(_button(one, index, command))
    if buttons:
        said.append(blocks.actions(buttons, "moves:actions"))
    together = [span for each in spoken for span in (*each, Text(" "))]
    return Message(mrkdwn(together, blocks.TEXT), tuple(said))


def _refused(problem: Problem) -> Message:
    words = say(problem)
    said = blocks.prose("moves", [blocks.lines(words.what, words.next)])
    return Message(mrkdwn(line(*words.what, " ", *words.next), blocks.TEXT), (said,))


def _way(origin: str | None, environment: str) -> Line:
    start = line("from ", name(origin), " ") if origin else ()
    return line(*start, "to ", name(environment))


def _opening(one: Preview) -> Line:
    every = len(one.moves) + len(one.stays)
    how_many = f"{len(one.moves)} of {every} services would move "
    return line(Bold(how_many), *_way(one.origin, one.environment), ". Nothing was started.")


def _rows(one: Preview) -> Iterator[Line]:
    yield from (_moves(each) for each in one.moves)
    yield from (_stays(each) for each in one.stays)


def _moves(one: Moves) -> Line:
    now = code(one.now) if one.now is not None else "no tag"
    return line(name(one.service), "  ", now, " → ", code(one.new))


def _stays(one: Stays) -> Line:
    at = line(" at ", code(one.now)) if one.now is not None else ()
    return cut(line(name(one.service), "  stays", *at, ". ", *say(one.why).what), ROW)


def _news(news: Iterable[News]) -> Iterator[Line]:
    """Say who wrote what would go live, the busiest first."""
    for one in news:
        where = name(one.source)
        if isinstance(one.commits, Unknown):
            yield line(where, ": not known. ", quoted(one.commits.why, NAME), ".")
            continue
        yield line(where, ": ", *_counted(one.commits))
        authors = by_author(one.commits.newest)
        yield from (_author(*each) for each in authors[:MOST_AUTHORS])
        if (hidden := len(authors) - MOST_AUTHORS) > 0:
            yield line(f"and {hidden} more authors")


def _counted(commits: Commits) -> Line:
    if not commits.total:
        return line("no new commit")
    noun = "commit" if commits.total == 1 else "commits"
    unlisted = commits.total - len(commits.newest)
    more = f", the {len(commits.newest)} newest of them listed" if unlisted > 0 else ""
    return line(f"{commits.total} {noun}{more}")


def _author(author: str, theirs: Sequence[InBetween]) -> Line:
    titles = [quoted(each.title, TITLE) for each in theirs[:MOST_TITLES]]
    said = [span for title in titles for span in (title, Text("; "))][:-1]
    hidden = len(theirs) - len(titles)
    more = f"; and {hidden} more" if hidden > 0 else ""
    return line(Bold(quoted(author, NAME).text or "somebody"), f" ({len(theirs)}): ", *said, more)


def _ending(one: Preview, command: str) -> Line:
    """Say what the button does, or why there is none."""
    if not one.moves:
        return line("Nothing can move now.")
    decision = one.decision
    if isinstance(decision, Refused):
        words = say(decision.problem)
        return line("They can't move now: ", *words.what, " ", *words.next)
    asked: Line = ()
    if isinstance(decision, NeedsApproval):
        rule = decision.rule
        teams = listed([name(team) for team in sorted(rule.teams)], last=" or ")
        people = "person" if rule.count == 1 else "people"
        asked = line(f" {rule.count} {people} of ", *teams, " will have to approve it.")
    if len(command) > MOST_VALUE:
        return line("These are too many for one button; send the command with their names.")
    return line("They move by one plan and one commit.", *asked)


def _button(one: Preview, index: int, command: str) -> blocks.Block:
    many = len(one.moves)
    these = one.moves[0].service if many == 1 else f"these {many}"
    steps = "; ".join(f"{each.service} {each.now} → {each.new}" for each in one.moves)
    question = blocks.confirm(f"Promote to {one.environment}?", steps, "Promote", "Not now")
    return blocks.go(f"Promote {these}", f"{PROMOTE_THESE}{index}", command, question)
