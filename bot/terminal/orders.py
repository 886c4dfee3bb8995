"""``deploy``, ``promote`` and ``rollback``: written down for the running bot, and followed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.commands import Deploy, Misread, MisreadReason, Promote, Rollback
from bot.domain.operations import Request
from bot.domain.policy import refusal
from bot.domain.promoting import movable
from bot.domain.terminal import ASKED
from bot.messages.promoting import previewed
from bot.messages.replies import refused
from bot.messages.terminal import problem_row, received, still, under_way
from bot.operations.books.act_book import ActBook
from bot.operations.gathering.picking import Picking
from bot.operations.standstill.quiet import QuietRefusals
from bot.operations.store import Receipt
from bot.terminal.asking import misread_as, read
from bot.terminal.ends import End
from bot.terminal.following import follow
from bot.terminal.ground import Ground
from bot.terminal.outside import reached
from handlers.desk import Asker, promote_text, request_of

NOWHERE = ""
"""A terminal is no channel of Slack's."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long an order is followed: not at all, for *most*, or (None) until it ends."""

    wait: bool = True
    most: timedelta | None = None


def order(on: Ground, verb: str, words: Sequence[str], waiting: Waiting) -> End:
    """Order what *verb* and *words* say, and follow it.

    Raises:
        Ended: it was misread.
        Unavailable: the database is away; nothing was written.
    """
    command = read(on, verb, words)
    match command:
        case Promote(services=()):
            return _preview(on, command)
        case Rollback(environment=None):
            raise misread_as(_which_environment(on, command))
        case Deploy() | Promote() | Rollback():
            request = replace(request_of(command, asker(on)), login=on.me.login)
            return _written(on, request, waiting)
        case _:
            raise misread_as(_nothing_said(verb))


def asker(on: Ground) -> Asker:
    """Return who asks, by a delivery that there is once."""
    return Asker(on.user, NOWHERE, f"{ASKED}{uuid.uuid4().hex}")


def _written(on: Ground, request: Request, waiting: Waiting) -> End:
    asked = asker(on).asked
    if problem := refusal(request, on.config.catalog):
        QuietRefusals(ActBook(on.database), on.clock).order(request, asked, problem)
        on.out.say("refused", refused(problem), {"problem": problem_row(problem)})
        return End.REFUSED
    operation, receipt = on.box.receive(request, asked)
    if receipt is Receipt.UNDER_WAY:
        on.out.show("under_way", operation, [under_way(operation)])
    else:
        on.out.show("received", operation, [received(operation)])
    if not waiting.wait:
        on.out.show("still_under_way", operation, still(operation))
        return End.UNDER_WAY
    return follow(on, operation.id, waiting.most)


def _preview(on: Ground, command: Promote) -> End:
    """Show which services a promote of all would move, and the line that orders exactly these."""
    there = movable(command.origin, command.environment, on.config.catalog)
    request = request_of(replace(command, services=there), asker(on))
    with reached(on) as outside:
        previews = Picking(outside.gatherer).moves(request)
    lines = [promote_text(command, one) for one in previews]
    on.out.say("preview", previewed(previews, lines), {"commands": lines})
    return End.USAGE


def _which_environment(on: Ground, command: Rollback) -> Misread:
    """Return that an environment has to be named; never an implicit production."""
    catalog = on.config.catalog
    homes = [set(catalog.environments_of(one)) for one in command.services]
    places = [one for one in catalog.environments if all(one in each for each in homes)]
    names = ",".join(command.services)
    facts = {"service": names, "environments": ", ".join(places)}
    lines = tuple(f"/rollback {names} {one} {command.what}".rstrip() for one in places)
    return Misread(MisreadReason.MISSING_ENVIRONMENT, facts, lines)


def _nothing_said(verb: str) -> Misread:
    return Misread(MisreadReason.EMPTY, {"verb": verb}, (f"/ship help {verb}",))
