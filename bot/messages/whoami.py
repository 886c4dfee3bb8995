"""``/ship whoami``: who the bot takes somebody for, why, what they may do, and what they can do."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import assert_never

from bot.domain.belief import Belief, Held
from bot.domain.message import Message
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Identified, Itself, Standing, Unidentified
from bot.domain.rules.people import unidentified
from bot.domain.unknown import Unknown
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.spans import (
    Bold,
    Code,
    Line,
    Person,
    Text,
    code,
    fitting,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
)

SOURCES = {
    "map": line(Code("people.map"), " in ", Code("shipmate.yaml")),
    "profile": line("a field of your Slack profile that only admins fill in"),
    "link": line("your own link, which GitHub confirmed"),
}
MOST_SERVICES = 6
ROOM = 6_000
"""The most characters of all rights together; the environments left off are counted."""


def whoami(belief: Belief) -> Message:
    """Say everything that is believed of a person, to that person alone."""
    said = [*_identity(belief), *_others(belief), *_sources(belief)]
    shown = fitting(list(_rights(belief)), ROOM)
    elements = [blocks.lines(*said)]
    if shown:
        elements += [blocks.lines(line(Bold("What you may do"))), blocks.bullets(shown)]
    advice = list(_advice(belief))
    if advice:
        elements.append(blocks.lines(*advice))
    spoken = [span for each in (*said, *shown, *advice) for span in (*each, Text(" "))]
    return Message(mrkdwn(spoken[:-1], blocks.TEXT), (blocks.prose("whoami", elements),))


def _identity(belief: Belief) -> Iterator[Line]:
    match belief.identity:
        case Identified(user, source):
            account = f" on GitHub, the account number {user.id}."
            yield line("You are ", code(user.login), account)
            why = SOURCES.get(source, line(code(source)))
            yield line("The bot knows it from ", *why, *_since(belief.since), ".")
        case Itself():
            yield line("You are the bot itself.")
        case Unidentified():
            words = say(unidentified(belief.user, belief.identity))
            yield words.what
            yield words.next
        case Unknown(why):
            facts = {"question": "identity", "detail": why}
            words = say(Problem(Reason.NOT_ANSWERED, facts))
            yield words.what
            yield line("While that is not known, you may do nothing that needs a right.")
        case _:
            assert_never(belief.identity)


def _since(at: datetime | None) -> Line:
    return line(f", since {at:%Y-%m-%d %H:%M} UTC") if at else ()


def _others(belief: Belief) -> Iterator[Line]:
    if belief.others:
        people = listed(map(Person, belief.others))
        yield line("The same account is also that of ", *people, ": you count as one person.")


def _sources(belief: Belief) -> Iterator[Line]:
    """Say where the bot looked, where it found nobody."""
    if isinstance(belief.identity, Identified):
        return
    asked = [SOURCES.get(source, line(code(source))) for source in belief.sources]
    joined = [span for index, one in enumerate(asked) for span in (*_comma(index), *one)]
    yield line("It looks, in this order, at ", *joined, ".")
    if belief.open_profile:
        yield line(
            "The profile field is not believed: anybody could type a login into it. A Slack admin"
            " can make it a field that only admins or a directory fill in."
        )


def _comma(index: int) -> Line:
    return line(", ") if index else ()


def _rights(belief: Belief) -> Iterator[Line]:
    for environment, rights in groupby(belief.held, key=lambda held: held.environment):
        parts = [_right(held) for held in rights]
        joined = [span for index, one in enumerate(parts) for span in (*_comma(index), *one)]
        yield line(name(environment), ": ", *joined)


def _right(held: Held) -> Line:
    services = listed(map(name, held.services), most=MOST_SERVICES)
    return line(held.action.value, *(line(" (only ", *services, ")") if services else ()))


def _advice(belief: Belief) -> Iterator[Line]:
    if isinstance(belief.identity, Identified):
        yield from _of_teams(belief)
        if not belief.held:
            yield line(
                "Your teams on GitHub give you no right here: ask a platform engineer to add one of"
                " them under ",
                Code("permissions"),
                " in ",
                Code("shipmate.yaml"),
                ".",
            )
    elif not belief.may_link:
        yield line(
            "Linking by yourself (",
            Code("/ship link"),
            ") is switched off here: ask a platform engineer.",
        )


def _of_teams(belief: Belief) -> Iterator[Line]:
    by = {
        standing: sorted(
            slug for slug, one in belief.memberships.items() if one.standing is standing
        )
        for standing in Standing
    }
    if by[Standing.YES]:
        yield line("You have it by ", *listed(map(name, by[Standing.YES])), ".")
    if by[Standing.PENDING]:
        teams = listed(map(name, by[Standing.PENDING]))
        yield line("You are invited to ", *teams, ": accept it on GitHub, then it counts.")
    if by[Standing.UNKNOWN]:
        why = quoted(belief.memberships[by[Standing.UNKNOWN][0]].why)
        teams = listed(map(name, by[Standing.UNKNOWN]))
        yield line("It is not known whether you are in ", *teams, ": ", why)
