"""Auto-sync that is off because of a rollback by Argo CD: told, shown, reminded of, resumed."""

from datetime import datetime

from bot.domain.message import Message
from bot.domain.problems import Problem
from bot.domain.rollback.emergency import Ending, OpenItem
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.replies import reply
from bot.messages.rollback.auto_sync import button, owed, resume_command
from bot.messages.spans import Bold, Code, Line, Moment, Person, Text, code, line, listed, name
from bot.messages.stops.standstills import announcement
from bot.messages.times import elapsed


def switched_off(item: OpenItem) -> Message:
    """Tell everybody, loudly, that auto-sync is off."""
    said = line("🚨 ", Bold("Auto-sync of "), name(item.app), Bold(" is OFF"), ". ")
    said = line(*said, Code(item.operation), " by ", Person(item.owner), " rolled ", *_back(item))
    said = line(*said, " by Argo CD; Git does not know of it.")
    return _with_button(announcement("auto-sync-off", said, owed(item)), item)


def reminder(item: OpenItem, now: datetime) -> Message:
    """Remind of auto-sync that is still off."""
    since = elapsed(now - item.since)
    said = line("⏰ ", Bold("Auto-sync of "), name(item.app), Bold(" is still OFF"), f", {since}, ")
    said = line(*said, "since ", Code(item.operation), " rolled ", *_back(item), ".")
    return _with_button(announcement("auto-sync-still-off", said, owed(item)), item)


def back_on(item: OpenItem, ending: Ending, by: str) -> Message:
    """Tell everybody that auto-sync is on again, and by whom."""
    app = name(item.app)
    if ending is Ending.RESUMED:
        said = line("✅ ", Person(by), " resumed auto-sync of ", app, ".")
        return announcement("auto-sync-on", said)
    said = line("⚠️ Auto-sync of ", app, " is on again, and not by Shipmate: Argo CD deploys what ")
    return announcement("auto-sync-on", line(*said, "Git says. See whether that is what is meant."))


def standing(item: OpenItem) -> Line:
    """Say in one line that auto-sync is off, since when, for whom to end, and how."""
    said = line("🚨 Auto-sync of ", name(item.app), " is ", Bold("OFF"), " since ")
    said = line(*said, Moment(item.since), " by ", Code(item.operation), " of ")
    said = line(*said, Person(item.owner), ", to be on again by ", Moment(item.deadline), ": ")
    return line(*said, Code(resume_command(item)))


def resumed(answer: OpenItem | Problem) -> Message:
    """Say whether auto-sync is on again, to the person who asked for it."""
    if isinstance(answer, Problem):
        words = say(answer)
        return reply(line("Not resumed. ", *words.what), line(Bold("Next: "), *words.next))
    on = line("Auto-sync of ", name(answer.app), " is on again, as it was before ")
    return reply(line(*on, Code(answer.operation), "."))


def _back(item: OpenItem) -> Line:
    every = [line(name(one), " back to ", code(tag)) for one, tag in sorted(item.services.items())]
    joined = [span for each in every for span in (*each, Text(", "))]
    return line(*joined[:-1], " in ", *listed([name(item.environment)]))


def _with_button(message: Message, item: OpenItem) -> Message:
    row = blocks.actions([button(item)], f"{item.operation}:resume")
    return Message(message.text, (*message.blocks, row))
