"""Slack's own client, with somebody told of each call."""

import time
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.adapters.calls import OnCall


class CountedClient(WebClient):
    """A ``WebClient`` that tells *on_call* of each of its calls."""

    def __init__(self, *args: Any, on_call: OnCall, **others: Any) -> None:
        super().__init__(*args, **others)
        self._on_call = on_call

    def api_call(self, api_method: str, **arguments: Any) -> SlackResponse:
        """Call Slack as the client above does, and tell of it."""
        start, status = time.perf_counter(), None
        try:
            answer = super().api_call(api_method, **arguments)
            status = answer.status_code
        except SlackApiError as error:
            status = error.response.status_code
            raise
        else:
            return answer
        finally:
            self._on_call("Slack", api_method, status, time.perf_counter() - start)
