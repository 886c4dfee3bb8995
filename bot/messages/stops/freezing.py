"""Freezes in words: what became of a wish, and what the channel reads."""

from typing import assert_never

from bot.domain.message import Message
from bot.domain.rights import Actor
from bot.domain.stops.freezes import AdHocFreeze, CalendarFreeze, Frozen
from bot.domain.stops.freezing import FreezeAnswer, Lifted, Stopped, UnfreezeAnswer
from bot.domain.stops.locking import Refused
from bot.domain.stops.until import BadEnd
from bot.messages.replies import refused, reply
from bot.messages.spans import Bold, Code, Line, Moment, Person, line, listed, name, quoted
from bot.messages.stops.standstills import announcement, bad_end, because, several, until


def freeze_answer(answer: FreezeAnswer) -> Message:
    """Say what became of the wish to freeze, to the person who had it."""
    match answer:
        case Stopped(freeze, beside):
            here = name(freeze.environment)
            ends = until(freeze.until) or line(" until somebody lifts it")
            said = [
                line("Froze ", here, *ends, "."),
                line(
                    "Nothing new is committed there; what is committed already goes on, but"
                    " nobody promotes a paused rollout."
                ),
            ]
            said += several([line("Beside it, ", *by_person(one)) for one in beside])
            return reply(*said, line("To lift it:"), copy=[_lift(freeze.environment)])
        case BadEnd():
            return bad_end(answer)
        case Refused(problem):
            return refused(problem)
        case _:
            assert_never(answer)


def unfreeze_answer(answer: UnfreezeAnswer) -> Message:
    """Say what became of the wish to lift, to the person who had it."""
    match answer:
        case Lifted(environment, lifted, still):
            here, said = name(environment), list[Line]()
            if lifted:
                froze = several([by_person(one) for one in lifted])
                said = [line("Lifted in ", here, ":"), *froze]
            elif not answer.newer:
                said = [line("Nobody has frozen ", here, ". Nothing was changed.")]
            if answer.newer:
                said += [line(here, " was frozen after you had asked, and stays so:")]
                said += several([by_person(one) for one in answer.newer])
            return reply(*said, *filter(None, [_still(environment, still)]))
        case Refused(problem):
            return refused(problem)
        case _:
            assert_never(answer)


def announced(freeze: AdHocFreeze) -> Message:
    """Tell everybody that the line was stopped, by whom, and how it is let go on."""
    opening = line("🧊 ", Person(freeze.by.slack), " froze ", name(freeze.environment))
    return announcement(
        "freeze",
        line(*opening, *until(freeze.until), *because(freeze.reason)),
        line("Nothing new is committed there; ", Code(_lift(freeze.environment)), " lifts it."),
    )


def announced_end(done: Lifted, by: Actor) -> Message:
    """Tell everybody that *by* lifted what people had frozen, and whether the calendar goes on."""
    owners = dict.fromkeys(Person(one.by.slack) for one in done.lifted)
    of = line(", frozen by ", *listed(owners))
    said = line(Person(by.slack), " lifted the freeze of ", name(done.environment), *of, ".")
    still = _still(done.environment, done.still)
    return announcement("unfreeze", said, *filter(None, [still]))


def by_person(freeze: AdHocFreeze) -> Line:
    """Say who froze it, since when, until when and why."""
    since = line(" froze it ", Moment(freeze.since))
    ends = line(",", *until(freeze.until)) if freeze.until else ()
    return line(Person(freeze.by.slack), *since, *ends, *because(freeze.reason))


def _still(environment: str, still: Frozen | None) -> Line:
    if still is None:
        return ()
    rules = [quoted(one.text) for one in still.by if isinstance(one, CalendarFreeze)]
    ends = until(still.until) or line(" with no end in sight")
    return line(
        Bold("Still frozen"),
        *ends,
        " by the calendar: ",
        *listed(rules),
        ". That is ",
        Code(f"environments.{environment}.freeze"),
        " in ",
        Code("shipmate.yaml"),
        ".",
    )


def _lift(environment: str) -> str:
    return f"/ship unfreeze {environment}"
