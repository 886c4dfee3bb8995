"""Webhooks: signed deliveries, their list, and redelivery with the same GUID."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.github.rest import Asked, Route, missing, page, stamp
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

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
        "status": "OK" if 200 <= delivery.status < 300 else "failed",
        "status_code": delivery.status,
        "event": delivery.event,
        "action": json.loads(delivery.body).get("action"),
        "installation_id": None,
        "repository_id": None,
    }


def _deliveries(state: "State", asked: Asked) -> Response:
    state.access.app(asked.request)
    with state.lock:
        made = [_shown(one) for one in state.webhooks.deliveries][::-1]
    wanted = asked.query.get("status")
    if wanted:
        made = [one for one in made if (one["status"] == "OK") == (wanted == "success")]
    shown, links = page(asked, made)
    return answer(shown, headers=links)


def _find(state: "State", asked: Asked) -> Delivery:
    state.access.app(asked.request)
    found = [one for one in state.webhooks.deliveries if one.id == asked.path["number"]]
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
