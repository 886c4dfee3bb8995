"""How Slack reaches the bot: signed HTTP with a clock of three seconds, and retries of events.

Sources: https://docs.slack.dev/authentication/verifying-requests-from-slack and
https://docs.slack.dev/apis/events-api
"""

import hashlib
import hmac
import http.client
import itertools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import Message
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from sandbox.slack.workspace import Ticking

FORM = "application/x-www-form-urlencoded"

RETRIES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
"""When an event is sent again: at once, after a minute, after five."""


class What(StrEnum):
    """What kind of thing is brought to the bot; the names are those of Socket Mode envelopes."""

    COMMAND = "slash_commands"
    INTERACTION = "interactive"
    EVENT = "events_api"


class End(StrEnum):
    """How a delivery ended."""

    ACKED = "acked"
    LATE = "late"  # no answer in time; what comes later is ignored
    UNREACHED = "unreached"  # nobody there, or the line broke
    REFUSED = "refused"  # an HTTP status other than 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one delivery. *said* is the body as an object, {"text": …} for plain text.

    *status* is the HTTP status, None without an answer and over Socket Mode.
    """

    end: End
    said: Mapping[str, Any] | None = None
    status: int | None = None
    no_retry: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """Which repetition of an event this is, and what went wrong with the one before."""

    number: int
    reason: str


class Line(Protocol):
    """A way to the bot: HTTP or Socket Mode."""

    def send(self, what: What, payload: Mapping[str, Any], retry: Retry | None = None) -> Outcome:
        """Bring *payload* to the bot and wait for its ack, as long as Slack waits."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One HTTP request as it went out, to be replayed."""

    body: bytes
    headers: Mapping[str, str] = field(repr=False)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the ``X-Slack-Signature`` of *body* at *timestamp*."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class HttpLine:
    """Signed HTTP requests to one address of the bot.

    *patience* is how many real seconds Slack waits. *wall* gives the real Unix time that
    signatures carry: the bot checks them against the wall clock whatever the pretend clock says.
    """

    def __init__(self, url: str, secret: str, patience: float, wall: Callable[[], float]) -> None:
        self._url, self._secret, self._patience, self._wall = urlsplit(url), secret, patience, wall
        self.sent: list[Sent] = []

    def send(self, what: What, payload: Mapping[str, Any], retry: Retry | None = None) -> Outcome:
        """Post *payload* signed, in the form its kind has."""
        body, kind = _encoded(what, payload)
        headers = self.signed(body, kind)
        if retry:
            headers |= {
                "X-Slack-Retry-Num": str(retry.number),
                "X-Slack-Retry-Reason": retry.reason,
            }
        return self.post(Sent(body, headers))

    def signed(self, body: bytes, kind: str, *, age: float = 0.0) -> dict[str, str]:
        """Return the headers of *body*, signed *age* seconds ago (negative: in the future)."""
        timestamp = str(int(self._wall() - age))
        return {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
        }

    def post(self, request: Sent) -> Outcome:
        """Send *request* as it is, and read the answer."""
        self.sent.append(request)
        connection = http.client.HTTPConnection(
            self._url.hostname or "", self._url.port, timeout=self._patience
        )
        try:
            connection.request("POST", self._url.path, request.body, dict(request.headers))
            response = connection.getresponse()
            return _outcome(response.status, response.headers, response.read())
        except TimeoutError:
            return Outcome(End.LATE)
        except (OSError, http.client.HTTPException):
            return Outcome(End.UNREACHED)
        finally:
            connection.close()


class Balancer:
    """Several addresses behind one: whatever comes goes to each of the *lines* in turn."""

    def __init__(self, lines: Sequence[HttpLine]) -> None:
        self._lines, self._turns = lines, itertools.count()

    def send(self, what: What, payload: Mapping[str, Any], retry: Retry | None = None) -> Outcome:
        """Post *payload* to the next one."""
        return self._lines[next(self._turns) % len(self._lines)].send(what, payload, retry)


def _encoded(what: What, payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the body and content type of *payload* as its kind is sent."""
    match what:
        case What.COMMAND:
            return urlencode(payload).encode(), FORM
        case What.INTERACTION:
            return urlencode({"payload": json.dumps(payload)}).encode(), FORM
        case What.EVENT:
            return json.dumps(payload).encode(), "application/json"


def _outcome(status: int, headers: Message, body: bytes) -> Outcome:
    no_retry = headers.get("x-slack-no-retry") == "1"
    if status != 200:
        return Outcome(End.REFUSED, _said(headers, body), status, no_retry)
    return Outcome(End.ACKED, _said(headers, body), status, no_retry)


def _said(headers: Message, body: bytes) -> Mapping[str, Any] | None:
    text = body.decode("utf-8", "replace")
    if not text:
        return None
    if headers.get_content_type() == "application/json":
        try:
            said = json.loads(text)
        except ValueError:
            return {"text": text}
        return said if isinstance(said, dict) else {"text": text}
    return {"text": text}


class Events:
    """Brings events to the bot, each again until it is acked or the retries are used up."""

    def __init__(self, clock: Ticking) -> None:
        self._clock = clock
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self.outcomes: list[tuple[str, int, Outcome]] = []  # event id, retry number (0: first)

    def bring(self, line: Line, event: Mapping[str, Any]) -> Outcome:
        """Send *event* once and return what came of it; repetitions go on in the background."""
        outcome = line.send(What.EVENT, event)
        self.outcomes.append((event["event_id"], 0, outcome))
        if outcome.end is not End.ACKED and not outcome.no_retry:
            thread = threading.Thread(
                target=self._again, args=(line, event, outcome), name="slack-retries", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        return outcome

    def _again(self, line: Line, event: Mapping[str, Any], outcome: Outcome) -> None:
        for number, after in enumerate(RETRIES, start=1):
            if self._stopped.wait(self._clock.pause(after)):
                return
            outcome = line.send(What.EVENT, event, Retry(number, _REASONS[outcome.end]))
            self.outcomes.append((event["event_id"], number, outcome))
            if outcome.end is End.ACKED or outcome.no_retry:
                return

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until no event is to be sent again, at most *seconds* for each."""
        for thread in self._threads:
            thread.join(seconds)

    def stop(self) -> None:
        """Send nothing again."""
        self._stopped.set()


_REASONS = {
    End.ACKED: "",
    End.LATE: "http_timeout",
    End.UNREACHED: "connection_failed",
    End.REFUSED: "http_error",
}
