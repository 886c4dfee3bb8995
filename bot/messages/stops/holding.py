"""Holds in words: what became of a wish, what the channel reads, and what came back by itself."""

from collections.abc import Sequence

from bot.domain.facts import Hold
from bot.domain.message import Message
from bot.domain.rights import Actor
from bot.domain.rollback.going_back import GitValue
from bot.domain.stops.holds import WHOLE, Held, HoldAnswer, NothingHeld, ReleaseAnswer, Released
from bot.domain.stops.locking import Refused
from bot.domain.stops.locks import environment_of
from bot.messages.replies import refused, reply
from bot.messages.spans import (
    NAME,
    Code,
    Line,
    Link,
    Moment,
    Person,
    Span,
    code,
    line,
    listed,
    quoted,
    short,
)
from bot.messages.stops.standstills import (
    AFTER_ASKING,
    MOST,
    announcement,
    because,
    of_targets,
    several,
)

MOST_LINES = 2
"""The most lines to copy under what stands instead of the hold that was named."""

STOPS = "Nobody deploys or promotes there; a rollback goes on. "


def hold_answer(answer: HoldAnswer) -> Message:
    """Say what became of the wish for a hold, to the person who had it."""
    if isinstance(answer, Refused):
        return refused(answer.problem)
    new = [one.held for one in answer if one.new]
    old = [one.held for one in answer if not one.new]
    said: list[Line] = []
    for each in grouped(new):
        until = line(" until somebody releases it.")
        said.append(line("Held: ", *_what(each[0].hold.tag, _targets(each)), *until))
    said += several([line("It was held before: ", *standing(each)) for each in grouped(old)])
    return reply(*said, line("To end it:"), copy=_releases([*new, *old])[:MOST_LINES])


def release_answer(answer: ReleaseAnswer, asker: str) -> Message:
    """Say what became of the wish to release, to the Slack user *asker*."""
    match answer:
        case Released(holds, still):
            others = [one for one in holds if one.hold.by.slack != asker]
            told = line(*_holders(others), " held it, and is told.") if others else ()
            stays = several([line("Still: ", *standing(each)) for each in grouped(still)])
            done = line("Released: ", *_all(holds), ".")
            return reply(done, *filter(None, [told]), *stays, copy=_releases(still)[:MOST_LINES])
        case NothingHeld(targets, tag, others):
            what = line(code(tag), " of ", *of_targets(targets)) if tag else of_targets(targets)
            if any(one.target in targets and tag in {None, one.hold.tag} for one in others):
                said = [line("Nothing was changed: the hold on ", *what, AFTER_ASKING)]
            else:
                said = [line("Nobody holds ", *what, ". Nothing was changed.")]
            said += several([standing(each) for each in grouped(others)])
            return reply(*said, copy=_releases(others)[:MOST_LINES])
        case Refused(problem):
            return refused(problem)


def announced(begun: Sequence[Held]) -> Message:
    """Tell everybody that holds were *begun*, all by one command."""
    hold, targets = begun[0].hold, _targets(begun)
    way_out = Code(_release(hold.tag, targets))
    if hold.tag == WHOLE:
        said = line("📌 ", Person(hold.by.slack), " holds ", *of_targets(targets), " as it is")
        end = line(STOPS, way_out, " lets it go on.")
    else:
        said = line("📌 ", Person(hold.by.slack), " holds ", code(hold.tag), " back from ")
        said, end = line(*said, *of_targets(targets)), line(way_out, " lets it come.")
    return announcement("hold", line(*said, *because(hold.reason)), end)


def announced_end(ended: Sequence[Held], by: Actor) -> Message:
    """Tell everybody that *by* released what was held."""
    others = [one for one in ended if one.hold.by.github.id != by.github.id]
    held = line(", held by ", *_holders(others)) if others else ()
    said = line("📌 ", Person(by.slack), " released ", *_all(ended), *held, ".")
    return announcement("release", said)


def ended_for_you(yours: Sequence[Held], by: Actor) -> Message:
    """Tell the holder of *yours* in person that *by* released it."""
    said = line(Person(by.slack), " released what you held: ", *_all(yours), ".")
    again = [Code(_again(each)) for each in grouped(yours)]
    back = line("If it has to be held all the same, send ", *listed(again, most=3), ".")
    return announcement("released", said, back)


def returned(held: Held, value: GitValue, url: str) -> Message:
    """Tell everybody that a commit, whose address is *url*, brought back what is *held*."""
    hold, service = held.hold, held.target.partition("/")[0]
    environment = environment_of(held.target)
    author = line(" by ", code(value.author, NAME)) if value.author else ()
    commit = line(Link(url, short(value.commit)), *author, ", ", Moment(value.at))
    opening = line("⚠️ ", code(hold.tag), " stands in Git again for ", *of_targets([held.target]))
    return announcement(
        "comeback",
        line(*opening, ", where it is held back. It was brought by ", *commit, "."),
        line(*standing([held])),
        line(
            "To take it back, send ",
            Code(f"/rollback {service} {environment} because …"),
            "; if it is well after all, ",
            Code(_release(hold.tag, [held.target])),
            ".",
        ),
    )


def standing(held: Sequence[Held]) -> Line:
    """Say what is held by holds that are alike, since when, by whom and why."""
    hold, targets = held[0].hold, _targets(held)
    since = line(" since ", Moment(hold.since))
    what = (
        line(*of_targets(targets), " is held as it is")
        if hold.tag == WHOLE
        else line(code(hold.tag), " is held back from ", *of_targets(targets))
    )
    return line(*what, *since, *_origin(hold), *because(hold.reason))


def brief(hold: Hold) -> Line:
    """Say in few words what *hold* keeps away, where it is plain where."""
    what = line("held as it is") if hold.tag == WHOLE else line(code(hold.tag), " is held back")
    why = quoted(hold.reason.rstrip(". \n"), 120)
    return line(*what, *_origin(hold), *(line(": ", why) if why.text else ()))


def _origin(hold: Hold) -> Line:
    rolled_back = line(", rolled back by ", Code(hold.operation)) if hold.operation else ()
    return line(*rolled_back, ", by ", Person(hold.by.slack))


def _what(tag: str, targets: Sequence[str]) -> Line:
    if tag == WHOLE:
        return line("nobody deploys or promotes ", *of_targets(targets))
    return line(code(tag), " does not come to ", *of_targets(targets))


def _all(holds: Sequence[Held]) -> Line:
    """Name everything that is held: ``core-prod-bad of core in prod, and all of batch in prod``."""
    spans: list[Span] = []
    groups = grouped(holds)
    for n, each in enumerate(groups[:MOST]):
        tag = each[0].hold.tag
        of = of_targets(_targets(each))
        spans += line("; " if n else "", *((code(tag), *line(" of ")) if tag != WHOLE else ()), *of)
    hidden = len(groups) - MOST
    return (*spans, *(line(f" and {hidden} more") if hidden > 0 else ()))


def grouped(holds: Sequence[Held]) -> list[list[Held]]:
    """Return *holds* together that one person began for one reason, of the same tag."""
    groups: dict[object, list[Held]] = {}
    for one in holds:
        hold = one.hold
        place = environment_of(one.target)
        key = (hold.tag, hold.by.github.id, hold.reason, hold.since, hold.operation, place)
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _targets(holds: Sequence[Held]) -> list[str]:
    return [one.target for one in holds]


def _holders(holds: Sequence[Held]) -> Line:
    return listed(dict.fromkeys(Person(one.hold.by.slack) for one in holds))


def _releases(holds: Sequence[Held]) -> list[str]:
    return [_release(each[0].hold.tag, _targets(each)) for each in grouped(holds)]


def _release(tag: str, targets: Sequence[str]) -> str:
    return _command("release", tag, targets)


def _again(holds: Sequence[Held]) -> str:
    return f"{_command('hold', holds[0].hold.tag, _targets(holds))} because …"


def _command(verb: str, tag: str, targets: Sequence[str]) -> str:
    services = ",".join(one.rpartition("/")[0] for one in targets)
    words = ("/ship", verb, services, environment_of(targets[0]), "" if tag == WHOLE else tag)
    return " ".join(filter(None, words))
