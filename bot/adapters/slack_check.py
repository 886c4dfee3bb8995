"""What only the doctor asks Slack: which scopes a token has, which channels it may read.

Nothing is posted, joined or changed, and no scope is needed that the bot does not need anyway.
"""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from slack_sdk.errors import SlackApiError

from bot.adapters.calls import OnAnswer, nobody_hears
from bot.adapters.slack_calls import CountedClient
from bot.adapters.slack_refusals import refused
from bot.domain.errors import Garbled, Unavailable

SCOPES = "x-oauth-scopes"
"""The header in which every answer names the token's scopes.

Source: https://docs.slack.dev/authentication/tokens
"""


@dataclass(frozen=True, slots=True)
class TokenHeld:
    """Who a bot token makes us: names of the *bot* and its *team*, and the *scopes* it has.

    *scopes* is None where Slack did not say.
    """

    bot: str
    team: str
    scopes: frozenset[str] | None


class SlackCheck:
    """The workspace of one bot *token*; *timeout* is for each call. For any thread."""

    def __init__(
        self, token: str, base_url: str, timeout: timedelta, on_answer: OnAnswer = nobody_hears
    ) -> None:
        self._token, self._on_answer = token.strip(), on_answer
        self._base_url, self._seconds = base_url, int(timeout.total_seconds())

    def whoami(self) -> TokenHeld:
        """Return whose token it is and what it may do.

        Source: https://docs.slack.dev/reference/methods/auth.test
        """
        doing = "say who we are"
        answer, headers = self._ask(self._token, doing, "auth.test", {})
        said = {name: answer.get(name) for name in ("user", "team")}
        if not all(isinstance(one, str) for one in said.values()):
            raise Garbled("Slack", doing, "no user or no team")
        given = headers.get(SCOPES)
        names = None if given is None else frozenset(filter(None, map(str.strip, given.split(","))))
        return TokenHeld(str(said["user"]), str(said["team"]), names)

    def read(self, channel: str) -> None:
        """Read the newest message of *channel*, which only a member may.

        ``conversations.info`` would tell the same, but for a scope of its own.

        Raises:
            NotFound: there is no such channel, or a private one without the bot.
            Forbidden: the bot is not in it.

        Source: https://docs.slack.dev/reference/methods/conversations.history
        """
        asked = {"channel": channel, "limit": 1}
        self._ask(self._token, f"look into {channel}", "conversations.history", asked)

    def open_socket(self, app_token: str) -> None:
        """Ask for an address of Socket Mode, and leave it alone: nobody connects.

        Source: https://docs.slack.dev/reference/methods/apps.connections.open
        """
        self._ask(app_token.strip(), "open a socket", "apps.connections.open", {})

    def _ask(
        self, token: str, doing: str, method: str, arguments: Mapping[str, object]
    ) -> tuple[Mapping[str, object], Mapping[str, str]]:
        """Return what was answered, and the headers with their names in lower case."""
        client = CountedClient(
            token,
            base_url=self._base_url,
            timeout=self._seconds,
            retry_handlers=[],
            on_answer=self._on_answer,
        )
        if proxy_bypass(urlsplit(self._base_url).hostname or ""):
            client.proxy = None  # the SDK takes HTTPS_PROXY but not NO_PROXY
        try:
            answer = client.api_call(method, params=dict(arguments))
        except SlackApiError as error:
            raise refused(error.response, doing) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                "Slack", doing, f"the connection failed ({type(error).__name__})"
            ) from None
        except (AttributeError, ValueError) as error:  # the SDK itself trips over a strange body
            raise Garbled("Slack", doing, type(error).__name__) from None
        if not isinstance(answer.data, dict):
            raise Garbled("Slack", doing, "no JSON object")
        return answer.data, {name.lower(): _text(value) for name, value in answer.headers.items()}


def _text(value: object) -> str:
    """Return a header, which the SDK may give as a list of its lines."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
