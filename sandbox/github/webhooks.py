"""Webhooks: signed deliveries, their list, and redelivery with the same GUID."""

import hashlib
import hmac
import json
import re
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from sandbox.github.rest import Asked, Refused, Route, missing, stamp
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

KEPT = timedelta(days=3)
"""How long a delivery is listed. Source: GitHub Docs, "Viewing webhook deliveries"."""

CURSOR = re.compile(r"v1_[0-9]+")

PATIENCE = 10.0
"""Real seconds to wait for an answer. Source: GitHub Docs, "Best practices for using webhooks"."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to tell a subscriber. *status* is its HTTP answer, 0 when there was none."""

    id: int
    guid: str
    event: str
    body: bytes = field(repr=False)
    at: datetime
    status: int = 0
    redelivery: bool = False

    @property
    def is_heard(self) -> bool:
        """Tell whether the subscriber took it."""
        return 200 <= self.status < 300


@dataclass
class Webhooks:
    """The subscriber and every delivery made, oldest first."""

    url: str | None = None
    secret: str = field(default="", repr=False)
    deliveries: list[Delivery] = field(default_factory=list)
    _next: int = 100

    def deliver(
        self, event: str, payload: Mapping[str, Any], at: datetime, guid: str | None = None
    ) -> Delivery:
        """Send an event, signed; return the attempt. Nothing is ever sent again by itself."""
        body = json.dumps(payload).encode()
        return self._send(Delivery(0, guid or str(uuid.uuid4()), event, body, at))

    def redeliver(self, delivery: Delivery, at: datetime) -> Delivery:
        """Send a delivery again under its GUID."""
        return self._send(replace(delivery, at=at, redelivery=True))

    def _send(self, delivery: Delivery) -> Delivery:
        assert self.url is not None, "nobody subscribed"
        self._next += 1
        done = replace(
            delivery, id=self._next, status=_post(self.url, self._headers(delivery), delivery.body)
        )
        self.deliveries.append(done)
        return done

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/fake",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": signature(self.secret, delivery.body),
        }


def signature(secret: str, body: bytes) -> str:
    """Return the value of ``X-Hub-Signature-256``."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
    except OSError:
        return 0


def _shown(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": stamp(delivery.at),
        "redelivery": delivery.redelivery,
        "duration": 0.01,
        "status": "OK" if delivery.is_heard else "failed",
        "status_code": delivery.status,
        "event": delivery.event,
        "action": json.loads(delivery.body).get("action"),
        "installation_id": None,
        "repository_id": None,
    }


def _deliveries(state: "State", asked: Asked) -> Response:
    """List attempts, newest first, by cursors: a page's number means nothing here."""
    state.access.app(asked.request)
    per_page, wanted = asked.query.get("per_page", "30"), asked.query.get("status")
    if not per_page.isdecimal() or wanted not in (None, "success", "failure"):
        raise Refused(422, "Validation Failed")
    oldest = state.clock.now() - KEPT
    with state.lock:
        made = [one for one in state.webhooks.deliveries[::-1] if one.at >= oldest]
    if wanted:
        made = [one for one in made if one.is_heard == (wanted == "success")]
    if (cursor := asked.query.get("cursor")) is not None:
        if not CURSOR.fullmatch(cursor):
            raise Refused(400, "Invalid cursor")
        made = [one for one in made if one.id <= int(cursor.removeprefix("v1_"))]
    size = min(max(int(per_page), 1), 100)
    links = {}
    if len(made) > size:
        kept = {key: value for key, value in asked.query.items() if key != "cursor"}
        turned = urlencode({**kept, "cursor": f"v1_{made[size].id}"})
        links = {"Link": f'<{asked.request.base_url}?{turned}>; rel="next"'}
    return answer([_shown(one) for one in made[:size]], headers=links)


def _find(state: "State", asked: Asked) -> Delivery:
    state.access.app(asked.request)
    oldest = state.clock.now() - KEPT
    kept = [one for one in state.webhooks.deliveries if one.at >= oldest]
    found = [one for one in kept if one.id == asked.path["number"]]
    if not found:
        raise missing()
    return found[0]


def _delivery(state: "State", asked: Asked) -> Response:
    found = _find(state, asked)
    return answer(_shown(found) | {"request": {"payload": json.loads(found.body)}})


def _attempt(state: "State", asked: Asked) -> Response:
    state.webhooks.redeliver(_find(state, asked), state.clock.now())
    return answer({}, 202)


ROUTES = (
    Route("deliveries", "GET", "/app/hook/deliveries", _deliveries, of_repository=False, jwt=True),
    Route(
        "delivery",
        "GET",
        "/app/hook/deliveries/<int:number>",
        _delivery,
        of_repository=False,
        jwt=True,
    ),
    Route(
        "redeliver",
        "POST",
        "/app/hook/deliveries/<int:number>/attempts",
        _attempt,
        of_repository=False,
        jwt=True,
    ),
)
