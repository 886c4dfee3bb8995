"""Locks in words: what became of a wish, what the channel reads, what people are told in person."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from bot.domain.commands.nouns import Lock as Wish
from bot.domain.message import Message
from bot.domain.rights import Actor
from bot.domain.stops.locking import (
    HeldByOthers,
    LockAnswer,
    Locked,
    NothingLocked,
    Refused,
    UnlockAnswer,
    Unlocked,
)
from bot.domain.stops.locks import ALL, Lock
from bot.domain.stops.until import BadEnd
from bot.messages.replies import refused, reply
from bot.messages.spans import Code, Line, Moment, Person, Span, line, listed
from bot.messages.stops.standstills import (
    AFTER_ASKING,
    EVERYTHING,
    announcement,
    bad_end,
    because,
    command,
    grouped,
    of_targets,
    of_what,
    several,
    typed,
    until,
)
from bot.messages.times import elapsed

MOST_LINES = 2
"""The most lines to copy under what stands instead of the lock that was named."""

WARNS = "It only warns: nobody is kept from deploying."


def lock_answer(answer: LockAnswer) -> Message:
    """Say what became of the wish for a lock, to the person who had it."""
    match answer:
        case Locked():
            return _locked(answer)
        case HeldByOthers():
            return _held(answer)
        case BadEnd():
            return bad_end(answer)
        case Refused(problem):
            return refused(problem)
        case _:
            assert_never(answer)


def unlock_answer(answer: UnlockAnswer, asker: str) -> Message:
    """Say what became of the wish to unlock, to the Slack user *asker*."""
    match answer:
        case Unlocked(locks):
            others = [one for one in locks if one.owner.slack != asker]
            told = line(*_owners(others), " held it, and is told.") if others else ()
            return reply(line("Unlocked ", *of_what(locks), "."), *filter(None, [told]))
        case NothingLocked():
            return _nothing(answer)
        case Refused(problem):
            return refused(problem)
        case _:
            assert_never(answer)


def announced(locks: Sequence[Lock], former: Sequence[Lock]) -> Message:
    """Tell everybody that *locks* were taken, those in *former* from others."""
    first = locks[0]
    verb = " put a lock that only warns on " if first.warn_only else " locked "
    taken = line(", taken from ", *_owners(former)) if former else ()
    opening = line("🔒 ", Person(first.owner.slack), verb, *of_what(locks))
    return announcement("lock", line(*opening, *until(first.until), *taken, *because(first.reason)))


def announced_end(locks: Sequence[Lock], by: Actor) -> Message:
    """Tell everybody that *by* ended *locks*."""
    others = [one for one in locks if one.owner.github.id != by.github.id]
    held = line(", held by ", *_owners(others)) if others else ()
    said = line("🔓 ", Person(by.slack), " unlocked ", *of_what(locks), *held, ".")
    return announcement("unlock", said)


def announced_over(locks: Sequence[Lock]) -> Message:
    """Tell everybody that the time of *locks* of one owner is over."""
    owner = Person(locks[0].owner.slack)
    said = line("🔓 The time of the lock on ", *of_what(locks), " is over; ", owner, " had it.")
    return announcement("lock-over", said)


def taken_from_you(yours: Sequence[Lock], by: Lock) -> Message:
    """Tell the owner of the locks *yours* in person who took them with the lock *by*."""
    said = line(Person(by.owner.slack), " took your lock on ", *of_what(yours))
    back = command("lock", yours, "steal because …")
    return announcement(
        "lock-taken",
        line(*said, *because(by.reason)),
        line("Talk to them; if it has to be yours again, send ", Code(back), "."),
    )


def ended_for_you(yours: Sequence[Lock], by: Actor) -> Message:
    """Tell the owner of the locks *yours* in person that *by* ended them."""
    return announcement(
        "lock-ended",
        line(Person(by.slack), " ended your lock on ", *of_what(yours), *because(yours[0].reason)),
        line("If you still need it, send ", Code(command("lock", yours, "because …")), "."),
    )


def over_for_you(yours: Sequence[Lock]) -> Message:
    """Tell the owner of the locks *yours* in person that their time is over."""
    return announcement(
        "lock-over",
        line("The time of your lock on ", *of_what(yours), " is over", *because(yours[0].reason)),
        line("If you still need it, send ", Code(command("lock", yours, "because …")), "."),
    )


def reminded(yours: Sequence[Lock], now: datetime) -> Message:
    """Remind the owner of the locks *yours* in person that they still stand."""
    first = yours[0]
    held = line("You have held the lock on ", *of_what(yours), f" for {elapsed(now - first.since)}")
    ends = line(" It ends ", Moment(first.until), ".") if first.until else line(" It has no end.")
    return announcement(
        "lock-reminder",
        line(*held, *because(first.reason), *ends),
        line("If you no longer need it, send ", Code(command("unlock", yours)), "."),
    )


def standing(locks: Sequence[Lock]) -> Line:
    """Say who holds *locks*, taken together, of what, since when and why."""
    first = locks[0]
    holds = " has a lock that only warns on " if first.warn_only else " holds the lock on "
    since = line(" since ", Moment(first.since))
    return line(
        Person(first.owner.slack),
        holds,
        *of_what(locks),
        *since,
        *(line(",", *until(first.until)) if first.until else ()),
        *because(first.reason),
    )


def _locked(answer: Locked) -> Message:
    first = answer.locks[0]
    ends = until(first.until) or line(
        " until somebody unlocks it; you are reminded of it every day"
    )
    said = [line("Locked ", *of_what(answer.locks), *ends, ".")]
    if first.warn_only:
        said.append(line(WARNS))
    if answer.former:
        said.append(line("Taken from ", *_owners(answer.former), ", who is told in person."))
    beside = [line("Beside it, ", *standing(locks)) for locks in grouped(answer.beside)]
    said += several(beside)
    return reply(*said, line("To end it:"), copy=[command("unlock", answer.locks)])


def _held(answer: HeldByOthers) -> Message:
    asked = answer.asked
    said = several([standing(locks) for locks in grouped(answer.locks)])
    said.append(line("Nothing was locked. Ask them to unlock it, or take it from them:"))
    return reply(*said, copy=[_steal(asked)])


def _steal(asked: Wish) -> str:
    services = ",".join(asked.services) or EVERYTHING
    words = ("/ship lock", services, asked.environment, typed(asked.until), "steal")
    warn = "warn" if asked.warn else ""
    return " ".join(filter(None, (*words, warn, f"because {asked.reason}")))


def _nothing(answer: NothingLocked) -> Message:
    services = answer.asked.services or (ALL,)
    here = [f"{service}/{answer.asked.environment}" for service in services]
    if any(lock.targets & set(here) for lock in answer.others):
        said = [line("Nothing was changed: the lock on ", *of_targets(here), AFTER_ASKING)]
    else:
        said = [line("Nobody holds a lock on ", *of_targets(here), ". Nothing was changed.")]
    groups = grouped(answer.others)
    said += several([standing(locks) for locks in groups])
    return reply(*said, copy=[command("unlock", locks) for locks in groups[:MOST_LINES]])


def _owners(locks: Sequence[Lock]) -> Line:
    spans: dict[Span, None] = {Person(one.owner.slack): None for one in locks}
    return listed(spans)
