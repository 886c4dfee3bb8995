"""The bytes of a file on their way to Slack: an address of its own takes them, not the Web API."""

import httpx

from bot.domain.errors import Rejected, Unavailable

SYSTEM = "Slack"


def send(url: str, content: bytes, seconds: float) -> None:
    """Post *content* to the *url* that Slack gave for it; its own path is the permission.

    Raises:
        Unavailable: no answer, or Slack is in trouble.
        Rejected: it does not take the file.

    Source: https://docs.slack.dev/messaging/working-with-files#upload
    """
    doing = "take a file"
    headers = {"Content-Type": "application/octet-stream"}
    try:
        response = httpx.post(url, content=content, headers=headers, timeout=seconds)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(SYSTEM, doing, type(error).__name__) from error  # no address in it
    if response.is_server_error:
        raise Unavailable(SYSTEM, doing, f"status {response.status_code}")
    if not response.is_success:
        raise Rejected(SYSTEM, doing, f"status {response.status_code}")
