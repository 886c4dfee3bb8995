"""What GitHub's answers mean: an answer in, our error or a checked value out. Pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from bot.domain.errors import (
    Ambiguous,
    BotError,
    BranchProtected,
    Conflict,
    Forbidden,
    Garbled,
    NotFound,
    Rejected,
    Unauthorized,
    Unavailable,
)

SYSTEM = "GitHub"

SECONDARY_PAUSE = timedelta(minutes=1)
"""The wait after a secondary limit that names none.

Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

LONGEST_PAUSE = timedelta(hours=1)
"""The primary limit is counted by the hour; a later reset is a clock that went wrong."""

PROTECTED = re.compile(
    r"changes must be made through a pull request|repository rule violations found"
    r"|protected branch|required status check|approving review",
    re.IGNORECASE,
)
LIMITED = re.compile(r"rate limit|abuse detection", re.IGNORECASE)
NO_RIGHT = re.compile(r"resource not accessible|must have admin rights", re.IGNORECASE)
MOVED_ON = re.compile(r"fast[ -]forward|reference does not exist", re.IGNORECASE)
NO_COMMIT = re.compile(r"no commit found|repository is empty", re.IGNORECASE)
NEXT = re.compile(r'<([^<>]*)>;\s*rel="next"')
NUMBER = re.compile(r"[0-9]{1,11}")  # seconds; longer ones are no time

GRAPH_ERRORS: Mapping[str, type[BotError]] = {
    "STALE_DATA": Conflict,
    "NOT_FOUND": NotFound,
    "FORBIDDEN": Forbidden,
    "INSUFFICIENT_SCOPES": Forbidden,
    "BRANCH_PROTECTION_RULE_VIOLATION": BranchProtected,
    "SERVICE_UNAVAILABLE": Unavailable,
    "INTERNAL": Unavailable,
}
GRAPH_LIMITS = frozenset({"RATE_LIMITED", "RATE_LIMIT"})  # both spellings were seen
GRAPH_TROUBLE = re.compile(r"something went wrong|timed? ?out|try again later", re.IGNORECASE)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; the names of *headers* are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


def ends_of(headers: Mapping[str, str]) -> datetime | None:
    """Return when the personal token ends that was asked with; None where that is not said.

    Source: https://github.blog/changelog/2021-07-26-expiration-options-for-personal-access-tokens/
    """
    said = headers.get("github-authentication-token-expiration", "").replace("UTC", "+0000")
    try:
        return datetime.strptime(said.strip(), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


def parsed(answer: Answer, doing: str) -> Any:
    """Return the JSON of a 2xx *answer*; None for an empty one.

    Raises:
        Garbled: it is not JSON.
    """
    if not answer.body:
        return None
    try:
        return json.loads(answer.body)
    except ValueError as error:
        detail = f"answered {answer.status} with something that is not JSON"
        raise Garbled(SYSTEM, doing, detail) from error


def decoded(doing: str, decode: Callable[[Any], T], body: Any) -> T:
    """Return what *decode* makes of *body*.

    Raises:
        Garbled: a field is missing or has the wrong shape.
    """
    try:
        return decode(body)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Garbled(SYSTEM, doing, f"an answer of an unknown shape: {error!r}") from error


def failure(answer: Answer, doing: str, now: datetime) -> BotError | None:
    """Return the error that *answer* stands for, or None for a 2xx.

    Source: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    status, said = answer.status, message(answer)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status < HTTPStatus.BAD_REQUEST:
        return Garbled(SYSTEM, doing, f"answered {status}: the address leads elsewhere")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unavailable(SYSTEM, doing, f"answered {status}", asked_pause(answer.headers))
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(SYSTEM, doing, said)
    if _limited(answer, said):
        return Unavailable(SYSTEM, doing, said, limit_pause(answer.headers, now))
    return _refusal(status, said, doing)


def _limited(answer: Answer, said: str) -> bool:
    """Tell a limit from a missing right: GitHub answers 403 to both, and 429 to limits only."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if answer.status != HTTPStatus.FORBIDDEN or NO_RIGHT.search(said):
        return False
    headers = answer.headers
    spent = headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in headers or bool(LIMITED.search(said))


def _refusal(status: int, said: str, doing: str) -> BotError:
    kind: type[BotError] = Rejected
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) or NO_COMMIT.search(said):
        kind = NotFound
    elif "ambiguous" in said.lower():
        kind = Ambiguous
    elif PROTECTED.search(said):
        kind = BranchProtected
    elif status == HTTPStatus.FORBIDDEN:
        kind = Forbidden
    elif status == HTTPStatus.CONFLICT or MOVED_ON.search(said):
        kind = Conflict
    return kind(SYSTEM, doing, said)


def graph_failure(
    errors: Sequence[Any], headers: Mapping[str, str], doing: str, now: datetime
) -> BotError:
    """Return the error for the ``errors`` of a GraphQL answer, which comes as HTTP 200.

    Several errors count as the one that says most: a limit, then a known type, then the rest.
    """
    found = [_graph_error(error, headers, doing, now) for error in errors]
    return min(found, key=_weight, default=Garbled(SYSTEM, doing, "an empty list of errors"))


def _graph_error(error: Any, headers: Mapping[str, str], doing: str, now: datetime) -> BotError:
    kind = str(error.get("type") or "") if isinstance(error, dict) else ""
    said = str(error.get("message") or kind) if isinstance(error, dict) else str(error)
    if kind in GRAPH_LIMITS or LIMITED.search(said):
        return Unavailable(SYSTEM, doing, said, limit_pause(headers, now))
    if PROTECTED.search(said):
        return BranchProtected(SYSTEM, doing, said)
    if known := GRAPH_ERRORS.get(kind):
        return known(SYSTEM, doing, said)
    if not kind and GRAPH_TROUBLE.search(said):
        return Unavailable(SYSTEM, doing, said)
    return Rejected(SYSTEM, doing, said)


def _weight(error: BotError) -> int:
    if isinstance(error, Unavailable):
        return 0
    return 2 if type(error) is Rejected else 1


def message(answer: Answer) -> str:
    """Return what GitHub says of a refusal, or the status where it says nothing readable."""
    try:
        body = json.loads(answer.body)
        said = body["message"]
    except (ValueError, KeyError, TypeError):
        return f"answered {answer.status}"
    return str(said) + "".join(f"; {detail}" for detail in _details(body.get("errors")))


def _details(errors: Any) -> list[str]:
    """Return the texts of REST's ``errors``: strings, or mappings with a ``message``."""
    if not isinstance(errors, list):
        return []
    texts = [error.get("message") if isinstance(error, dict) else error for error in errors]
    return [text for text in texts if isinstance(text, str)]


def next_cursor(headers: Mapping[str, str]) -> str | None:
    """Return the cursor of the page that ``Link`` calls the next one, or None.

    Source: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    found = NEXT.search(headers.get("link", ""))
    cursors = parse_qs(urlsplit(found[1]).query).get("cursor", []) if found else []
    return cursors[0] if cursors else None


def asked_pause(headers: Mapping[str, str]) -> timedelta | None:
    """Return what ``Retry-After`` asks for, if it does so in seconds."""
    asked = headers.get("retry-after", "").strip()
    return min(timedelta(seconds=int(asked)), LONGEST_PAUSE) if _is_number(asked) else None


def limit_pause(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return how long to stay away after a limit, at least a second and at most an hour."""
    asked = asked_pause(headers)
    reset = headers.get("x-ratelimit-reset", "").strip()
    if asked is not None:
        pause = asked
    elif headers.get("x-ratelimit-remaining") == "0" and _is_number(reset):
        pause = datetime.fromtimestamp(int(reset), UTC) - now
    else:
        pause = SECONDARY_PAUSE
    return min(max(pause, timedelta(seconds=1)), LONGEST_PAUSE)


def calls_left(headers: Mapping[str, str]) -> tuple[str, int] | None:
    """Return which of its limits GitHub speaks of, and how many calls are left; None: of none."""
    which = headers.get("x-ratelimit-resource", "")
    left = headers.get("x-ratelimit-remaining", "")
    if not which.isascii() or not which.replace("_", "").isalpha() or not _is_number(left):
        return None
    return which, int(left)


def _is_number(said: str) -> bool:
    return NUMBER.fullmatch(said) is not None


# the shapes that every decoder asks for

FULL_SHA = re.compile(r"[0-9a-f]{40}")


def full_sha(value: Any) -> str:
    """Return *value* if it is a full SHA-1 in lower case; else raise ValueError."""
    if isinstance(value, str) and FULL_SHA.fullmatch(value):
        return value
    raise ValueError(f"not a full SHA: {value!r:.60}")


def text(value: Any) -> str:
    """Return *value* if it is text; else raise TypeError."""
    if isinstance(value, str):
        return value
    raise TypeError(f"not a text: {value!r:.60}")


def moment(value: Any) -> datetime:
    """Return an aware time. Raises ValueError for a text that is none, or knows no zone."""
    at = datetime.fromisoformat(text(value))
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {value:.40}")
    return at


def count(value: Any) -> int:
    """Return *value* if it is a whole number from 0; else raise TypeError."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise TypeError(f"not a count: {value!r:.60}")


def repository_of(data: Any) -> Any:
    """Return the repository in GraphQL's *data*.

    Raises:
        NotFound: there is none that we may see.
    """
    if data["repository"] is None:
        raise NotFound(SYSTEM, "find the repository", "there is none that we may see")
    return data["repository"]


def author_of(author: Any) -> str:
    """Return the login of GraphQL's Git *author*, else the name that Git has; empty: nobody."""
    if author is None:
        return ""
    user = author["user"]
    return text(user["login"]) if user else text(author["name"] or "")
