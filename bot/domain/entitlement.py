"""Whether somebody may do something now, in the words of the rules about who asks."""

from collections.abc import Callable, Collection
from typing import assert_never

from bot.domain.problems import Problem, Reason
from bot.domain.rights import (
    Action,
    Actor,
    Identified,
    Itself,
    Unidentified,
    Who,
    WhyNot,
    permitted,
)
from bot.domain.rules.people import right_found, unidentified
from bot.domain.rules.rulings import RuleName
from bot.domain.unknown import Unknown

WHOLE = ""
"""Stands for no service: the environment as a whole, of which only what is said of all counts."""


def entitled(
    action: Action,
    slack_user: str,
    who: Who,
    services: Collection[str],
    environment: str,
    teams_of: Callable[[str], frozenset[str]],
) -> Actor | Problem:
    """Return who it is if they may do *action* to each of *services*, else why not.

    *teams_of* returns the teams that may do it to a service. No services mean the environment as a
    whole (``WHOLE``). One service that they may not stops all; the first one is told.
    """
    match who.identity:
        case Unidentified():
            return unidentified(slack_user, who.identity)
        case Itself():  # it asks for rollbacks and never clicks or types
            return unidentified(slack_user, Unidentified(WhyNot.BOT))
        case Unknown(why):
            return Problem(Reason.NOT_ANSWERED, {"question": RuleName.IDENTITY, "detail": why})
        case Identified(user):
            actor = Actor(slack_user, user)
        case _:
            assert_never(who.identity)
    for service in services or (WHOLE,):
        right = permitted(teams_of(service), who.memberships)
        found = right_found(slack_user, action, service, environment, right)
        if isinstance(found, Problem):
            return found
        if isinstance(found, Unknown):
            named = {"service": service} if service else {}
            facts = {"question": RuleName.RIGHT, "detail": found.why, **named}
            return Problem(Reason.NOT_ANSWERED, facts)
    return actor
