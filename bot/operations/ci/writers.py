"""Whether somebody may run CI again or mute it: who may push to the repository may."""

from typing import assert_never

from bot.adapters.github.collaborators import Collaborators
from bot.domain.errors import BotError
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor, Identified, Itself, Unidentified, WhyNot
from bot.domain.rules.people import unidentified
from bot.domain.rules.rulings import RuleName
from bot.domain.unknown import Unknown
from bot.operations.identity.people import People


class Writers:
    """Reads it live at each click: a rule of our own could allow what GitHub would not."""

    def __init__(self, people: People, collaborators: Collaborators) -> None:
        self._people, self._collaborators = people, collaborators

    def may(self, slack_user: str, repository: str) -> Actor | Problem:
        """Return who it is if they may push to *repository* now, else why not. It never raises."""
        who = self._people.who(slack_user, (), live=True)
        match who.identity:
            case Unidentified():
                return unidentified(slack_user, who.identity)
            case Itself():  # it never clicks
                return unidentified(slack_user, Unidentified(WhyNot.BOT))
            case Unknown(why):
                return Problem(Reason.NOT_ANSWERED, {"question": RuleName.IDENTITY, "detail": why})
            case Identified(user):
                actor = Actor(slack_user, user)
            case _:
                assert_never(who.identity)
        try:
            if self._collaborators.may_write(repository, actor.github):
                return actor
        except BotError as error:
            facts = {"question": RuleName.RIGHT, "detail": str(error)}
            return Problem(Reason.NOT_ANSWERED, facts)
        facts = {"user": slack_user, "login": actor.github.login, "repo": repository}
        return Problem(Reason.NOT_A_WRITER, facts)
