"""What a person reads who clicked on a note of CI."""

from typing import assert_never

from bot.domain.ci.clicks import (
    Answered,
    AskedBefore,
    Clicked,
    Muted,
    NotReran,
    Overtaken,
    Reran,
    RunsAlready,
    Unmuted,
)
from bot.domain.ci.notes import Extent
from bot.domain.message import Message
from bot.domain.problems import Problem
from bot.messages.replies import refused, reply
from bot.messages.spans import Bold, Line, Link, Moment, Person, line, name, quoted


def answer(clicked: Clicked) -> Message:
    """Return what the person who clicked reads."""
    if isinstance(clicked, Problem):
        return refused(clicked)
    return reply(*_lines(clicked))


def _lines(clicked: Answered) -> tuple[Line, ...]:
    match clicked:
        case Reran(url):
            said = line("The failed jobs run again; ", _page(url), " shows how they do.")
        case AskedBefore(by, at):
            said = line(Person(by), " asked for the same, ", Moment(at), ".")
        case RunsAlready(url):
            said = line("It is running again already; ", _page(url), " shows how it does.")
        case NotReran():
            return _not_reran(clicked)
        case Overtaken():
            said = line("That is over: the message shows what is true now.")
        case Muted(mute, workflow, branch):
            where = name(branch) if mute.extent is Extent.BRANCH else "all branches"
            until = Moment(mute.until)
            said = line(name(workflow), " is muted on ", where, " until ", until, ".")
        case Unmuted(was, workflow):
            said = line(name(workflow), " is told of again." if was else " was not muted.")
        case _:
            assert_never(clicked)
    return (said,)


def _not_reran(told: NotReran) -> tuple[Line, ...]:
    why = line("The failed jobs were not run again. GitHub says: ", quoted(told.detail))
    how = "Click once more in a while" if told.again else "Push a commit, or start the workflow"
    return why, line(Bold("Next: "), f"{how}; ", _page(told.url), " may say more.")


def _page(url: str) -> Link:
    return Link(url, "the run's page")
