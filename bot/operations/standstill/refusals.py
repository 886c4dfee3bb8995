"""Refusals of what is done at once, written down as acts."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from bot.domain.problems import Problem
from bot.domain.rights import Action, Actor
from bot.operations.books.act_book import Act, Deed

SUBJECT = 255
MARK = 255

May = Callable[[str, Action, Collection[str], str], Actor | Problem]
"""Whether a Slack user may do it to services in an environment: ``RightsDesk.may``."""


def refusal(
    wish: str,
    by: str,
    environment: str,
    services: Collection[str],
    asked: str,
    at: datetime,
    why: Mapping[str, str],
) -> Act:
    """Return the act of refusing *wish* (``lock``) to the Slack user *by*; once for a delivery."""
    subject = f"{','.join(services) or '*'}/{environment}"
    if len(subject) > SUBJECT:
        subject = environment
    mark = f"refused:{asked}"[:MARK]
    return Act(mark, at, by, Deed.REFUSED, subject, environment, {"wish": wish, **why})
