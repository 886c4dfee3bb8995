"""In which time zone somebody lives, as Slack knows it."""

from zoneinfo import ZoneInfo

import structlog

from bot.adapters.slack import Slack
from bot.domain.errors import BotError
from bot.domain.stops.until import zone_named

log = structlog.get_logger(__name__)


class Zones:
    """Asks Slack for people's time zones. Every method is for any thread."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    def of(self, user: str) -> ZoneInfo:
        """Return the time zone of the Slack *user*; UTC where nobody can tell."""
        try:
            return zone_named(self._slack.person(user).zone)
        except BotError as error:
            log.warning("a time zone is not known", user=user, error=str(error))
            return zone_named("")
