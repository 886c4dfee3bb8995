"""What Argo CD's notifications tell us: proved by a token, read strictly, taken in as a hint.

Argo CD signs nothing, waits for the answer with its only worker and never sends again what was
refused. So it is answered after one INSERT, and what it says is never believed: the application is
read again, later.

Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog

from bot.clock import Clock
from bot.domain.errors import Unavailable
from bot.operations.deliveries.inbox import Delivery

log = structlog.get_logger(__name__)

SOURCE = "argocd"
VERSION = 1
"""Of the body, as ``deploy/argocd/argocd-notifications-cm.yaml`` writes it."""

LARGEST = 16 * 1024
"""Bytes of a body; ours have a few hundred."""

EVENTS = frozenset(
    {
        "sync-running",
        "sync-succeeded",
        "sync-failed",
        "sync-unknown",
        "degraded",
        "healthy",
        "auto-sync-on",
        "auto-sync-off",
    }
)
"""One for each template there."""

TEXTS: Mapping[str, re.Pattern[str]] = {
    "instance": re.compile(r"[a-z0-9-]{1,42}"),
    "event": re.compile(r"[a-z-]{1,32}"),
    "ns": re.compile(r"[a-z0-9.-]{1,253}"),
    "name": re.compile(r"[a-z0-9.-]{1,253}"),
    "uid": re.compile(r"[A-Za-z0-9-]{1,64}"),
    "rv": re.compile(r"[A-Za-z0-9]{0,32}"),
}
"""What must be there, and what it may be."""

MOMENT = re.compile(r"[0-9TZ:.+-]{0,40}")

NO_JSON = "it is no JSON object: take the templates of deploy/argocd as they are"


class ArgoCDEvents:
    """Hears the notifications of *instances* that carry one of the *tokens* of the moment.

    There may be two tokens while one takes the place of the other. *take_in* writes a delivery
    down.
    """

    def __init__(
        self,
        tokens: Callable[[], Sequence[str]],
        instances: Collection[str],
        take_in: Callable[[Delivery], bool],
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._instances = frozenset(instances)
        self._take_in, self._clock = take_in, clock

    def hear(self, authorization: str, body: bytes) -> HTTPStatus:
        """Take in one notification and return the answer to it.

        *authorization* is the header as it came. Without a token nothing is heard: 404.
        """
        if not (tokens := self._tokens()):
            return HTTPStatus.NOT_FOUND
        if not _is_known(authorization, tokens):
            return _refused(HTTPStatus.UNAUTHORIZED, "it does not carry our token")
        if len(body) > LARGEST:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "it is too large")
        said = _parsed(body)
        if said is None:
            return _refused(HTTPStatus.BAD_REQUEST, NO_JSON)
        if (why := self._odd(said)) is not None:
            return _refused(HTTPStatus.BAD_REQUEST, why)
        return self._taken(Delivery(SOURCE, _id(said), said["event"], said, self._clock.now()))

    def _taken(self, delivery: Delivery) -> HTTPStatus:
        try:
            self._take_in(delivery)
        except Unavailable as away:
            why = f"it could not be written down: {away}"
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, why)
        except RecursionError:  # it was read a few calls nearer to the ground
            return _refused(HTTPStatus.BAD_REQUEST, "it is nested too deep")
        return HTTPStatus.OK

    def _odd(self, said: Mapping[str, Any]) -> str | None:
        """Return why *said* is nothing that our templates write, or None."""
        if said.get("v") != VERSION or isinstance(said["v"], bool):
            return f"it is not of version {VERSION}: take the templates of deploy/argocd anew"
        for key, fits in TEXTS.items():
            text = said.get(key)
            if not isinstance(text, str) or not fits.fullmatch(text):
                return f"its `{key}` is missing or odd"
        if said["instance"] not in self._instances:
            return "its `instance` is no Argo CD of the configuration"
        if said["event"] not in EVENTS:
            return "its `event` is unknown"
        if not _is_operation(said.get("op")):
            return "its `op` is odd"
        return None


def _is_known(authorization: str, tokens: Sequence[str]) -> bool:
    """Compare as bytes: as text, a letter that is not ASCII would be an error of ours."""
    given = authorization.encode("utf-8", "surrogateescape")
    return any(hmac.compare_digest(b"Bearer " + one.encode(), given) for one in tokens)


def _is_operation(value: Any) -> bool:
    """Tell whether *value* is an operation's phase and times, or none."""
    if value is None:
        return True
    if not isinstance(value, dict):
        return False
    times = (value.get(key) for key in ("startedAt", "finishedAt"))
    return isinstance(value.get("phase"), str) and all(
        one is None or (isinstance(one, str) and MOMENT.fullmatch(one)) for one in times
    )


def _id(said: Mapping[str, Any]) -> str:
    """Return what is the same for the same event, sent twice or told by two Argo CD replicas."""
    operation = said.get("op") or {}
    parts = [said[key] for key in ("instance", "ns", "name", "uid", "event")]
    # Times say more than versions, which differ at every write. Without them only versions do.
    times = [operation.get("startedAt"), operation.get("finishedAt")]
    if not said["event"].startswith("sync-") or not any(times):
        parts.append(said["rv"])
    return hashlib.sha256(json.dumps([parts, times]).encode()).hexdigest()


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _refused(status: HTTPStatus, why: str) -> HTTPStatus:
    log.warning("a notification of Argo CD was refused", why=why, status=status.value)
    return status
