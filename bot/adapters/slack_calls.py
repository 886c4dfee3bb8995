"""Slack's own client, with a token that may change and somebody told of each call."""

import time
from typing import Any

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.adapters.calls import Answered, OnAnswer, OnCall, nobody_hears, nobody_listens
from bot.adapters.slack_refusals import is_of_login
from bot.secret_files import current, look_again

SYSTEM = "Slack"


class CountedClient(WebClient):
    """A ``WebClient`` that tells *on_call* of each of its calls, and *on_answer* of each answer.

    *token* is asked for at each call. One that is refused is read again, where it stands in a file,
    and a new one is tried at once: a call that was refused for its token did nothing. *system* is
    what it is called where it is told of.
    """

    def __init__(
        self,
        token: SecretStr | str,
        *args: Any,
        system: str = SYSTEM,
        on_call: OnCall = nobody_listens,
        on_answer: OnAnswer = nobody_hears,
        **others: Any,
    ) -> None:
        self._secret = token
        super().__init__(current(token), *args, **others)
        self._system, self._on_call, self._on_answer = system, on_call, on_answer

    def api_call(self, api_method: str, **arguments: Any) -> SlackResponse:
        """Call Slack as the client above does, and tell of it."""
        tried = self.token = current(self._secret).strip()
        try:
            return self._counted(api_method, **arguments)
        except SlackApiError as error:
            if not (is_of_login(error.response) and look_again(self._secret, tried)):
                raise
        self.token = current(self._secret).strip()
        return self._counted(api_method, **arguments)

    def apps_connections_open(self, *, app_token: str, **arguments: Any) -> SlackResponse:
        """Ask for the address of a socket. Our token counts, not the *app_token* of long ago."""
        del app_token
        return self.api_call("apps.connections.open", http_verb="POST", params=arguments)

    def _counted(self, api_method: str, **arguments: Any) -> SlackResponse:
        start, status = time.perf_counter(), None
        try:
            answer = super().api_call(api_method, **arguments)
            status = answer.status_code
            self._heard(answer, start, "")
        except SlackApiError as error:
            status = error.response.status_code
            word = str(error.response.get("error", "")) if is_of_login(error.response) else ""
            self._heard(error.response, start, word)
            raise
        else:
            return answer
        finally:
            self._on_call(self._system, api_method, status, time.perf_counter() - start)

    def _heard(self, response: SlackResponse, start: float, refused: str) -> None:
        headers = {str(name).lower(): value for name, value in dict(response.headers or {}).items()}
        date = headers.get("date", "")
        if isinstance(date, list):  # the SDK keeps headers as lists
            date = date[0] if date else ""
        spent = time.perf_counter() - start
        self._on_answer(Answered(self._system, str(date), spent, refused))
