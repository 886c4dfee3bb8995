"""What an Argo CD refusal means: an HTTP answer in, one of our errors out.

Argo CD tells its kinds of 400 and 403 apart only by text, so the texts stand here, together.
Anything in front of it may answer in HTML or plain words: never assume JSON.

Source: argo-cd v3.5.1 ``server/application/application.go``, ``util/argo/argo.go``; grpc-gateway
v1.16.0 ``runtime/errors.go`` for the numbers.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errors import (
    BotError,
    Conflict,
    Forbidden,
    NotFound,
    Rejected,
    Unauthorized,
    Unavailable,
)

_CHANGED = (
    "another operation is already in progress",
    "blocked by sync window",
    "application is deleting",
    "auto-sync currently set to",
    "rollback cannot be initiated when auto-sync is enabled",
    "Unable to terminate operation",
)
"""Refusals that stop being true by themselves: look again, decide again."""

_NEVER = ('required field "', "Invalid content type")
_PASSING = ("context deadline exceeded", "refresh deadline exceeded", "Too many conflicts")
_BARE = "permission denied"
_BY_STATUS: Mapping[int, type[Rejected]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
}
_SECONDS = re.compile(r"[0-9]{1,6}")
_TITLE = re.compile(r"<title[^>]*>([^<]*)</title>", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>|\s+")
_GRPC_TO_HTTP: Mapping[int, int] = {
    1: 408, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 12: 501,
    13: 500, 14: 503, 16: 401,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success: *status* of HTTP, *text* in Argo CD's words, cut later.

    *by_argo* is False when something else answered: a proxy, or a path that does not exist.
    *retry_after* is how long we shall stay away, or None.
    """

    status: int
    text: str
    by_argo: bool = True
    retry_after: timedelta | None = None


def refusal(status: int, body: str, headers: Mapping[str, str]) -> Refusal:
    """Return what an answer to a single call says."""
    message = _message(body)
    seconds = headers.get("retry-after", "")
    after = timedelta(seconds=int(seconds)) if _SECONDS.fullmatch(seconds) else None
    if message is not None:
        return Refusal(status, message, retry_after=after)
    return Refusal(status, plain(body), by_argo=False, retry_after=after)


def stream_refusal(error: object) -> Refusal:
    """Return what the error chunk of a stream says; ``{}`` comes when fields leave it out."""
    if not isinstance(error, dict):
        return Refusal(500, str(error))
    status, code = error.get("http_code"), error.get("grpc_code")
    if not isinstance(status, int):
        status = _GRPC_TO_HTTP.get(code, 500) if isinstance(code, int) else 500
    return Refusal(status, str(error.get("message") or "an error without words"))


def meaning(system: str, doing: str, said: Refusal, *, project: str | None) -> BotError:
    """Return the error that tells the caller what to do. *project* is what we sent, if any."""
    text = said.text
    if any(words in text for words in _NEVER):
        return Rejected(system, doing, text)
    if _passes(said):
        return Unavailable(system, doing, _numbered(said), said.retry_after)
    if not said.by_argo:
        return Rejected(system, doing, _not_argo(said))
    if said.status == 403 and text.strip() == _BARE and project is None:  # noqa: PLR2004
        hint = "not there, or our token may not see it (no project was named)"
        return NotFound(system, doing, f"{text}: {hint}")
    changed = any(words in text for words in _CHANGED)
    kind = Conflict if changed else _BY_STATUS.get(said.status, Rejected)
    return kind(system, doing, text if kind is not Rejected else _numbered(said))


def is_unknown_path(error: BotError) -> bool:
    """Tell whether the server does not know the path itself: it is older than that.

    Such an answer comes from the router, in plain words; nothing was done.
    """
    return type(error) is Rejected and error.detail.startswith("HTTP 404:")


def _passes(said: Refusal) -> bool:
    if any(words in said.text for words in _PASSING):
        return True
    return said.status in {408, 429} or (said.status >= 500 and said.status != 501)  # noqa: PLR2004


def plain(body: str) -> str:
    """Return what a page that is no JSON says, in one line: its title, else its words."""
    title = _TITLE.search(body)
    words = title.group(1) if title else _TAGS.sub(" ", body[:2000])
    return " ".join(words.split())[:200]


def _message(body: str) -> str | None:
    """Return Argo CD's words, or None when these are not its shape.

    A stream refused before its first event has the shape of a stream's error, as an event or not.
    """
    try:
        answer = json.loads(body.strip().removeprefix("data:"))
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    if isinstance(answer.get("error"), dict):
        return stream_refusal(answer["error"]).text
    words = answer.get("message") or answer.get("error")
    return words if isinstance(words, str) else None


def _numbered(said: Refusal) -> str:
    return f"HTTP {said.status}: {said.text}" if said.text else f"HTTP {said.status}"


def _not_argo(said: Refusal) -> str:
    if 300 <= said.status < 400:  # noqa: PLR2004  # redirects
        return f"{_numbered(said)} (a redirect: is the address in the configuration exact?)"
    return f"{_numbered(said)} (not Argo CD's own words: is the address exact, is a proxy there?)"
