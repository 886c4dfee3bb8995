"""GitHub's device flow: a code that a person types on GitHub's page, then a token of theirs.

Answers come form-encoded unless JSON is asked for; refusals come as HTTP 200 with an ``error``.
What a code that was used, or never given, is answered with is GitHub's ``incorrect_device_code``.

Source: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from sandbox.github.access import Token
from sandbox.github.accounts import Account
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

LIFE = timedelta(seconds=900)
INTERVAL = timedelta(seconds=5)
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_LIFE = timedelta(hours=8)
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"


class No(Exception):  # noqa: N818  # it is an answer, not a failure of ours
    """GitHub says no by the word *error*."""

    def __init__(self, error: str, words: str, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(words)
        self.error, self.more = error, dict(more or {})


@dataclass
class Flow:
    """One code that was given out. *person* approved it; *denied*: they pressed Cancel."""

    client: str
    device_code: str = field(repr=False)
    user_code: str
    ends: datetime
    interval: timedelta = INTERVAL
    asked: datetime | None = None
    person: Account | None = None
    denied: bool = False


@dataclass
class DeviceFlows:
    """The Apps that may use the flow (switched on or not), and the codes that are out."""

    clients: dict[str, bool] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)

    def of_user(self, user_code: str) -> Flow:
        """Return the flow that a person sees under *user_code*; KeyError: there is none."""
        found = [flow for flow in self.flows.values() if flow.user_code == user_code.upper()]
        if not found:
            raise KeyError(user_code)
        return found[0]


def begin(state: "State", request: Request) -> Response:
    """Answer ``POST /login/device/code``."""
    client = request.form.get("client_id", "")
    known = state.device_flows.clients
    if client not in known:
        return _said(request, {"error": "Not Found"}, 404)
    if not known[client]:
        return _refused(request, "device_flow_disabled", "Device Flow must be enabled.")
    word = "".join(secrets.choice(_LETTERS) for _ in range(8))
    flow = Flow(client, secrets.token_hex(20), f"{word[:4]}-{word[4:]}", state.clock.now() + LIFE)
    state.device_flows.flows[flow.device_code] = flow
    body = {
        "device_code": flow.device_code,
        "user_code": flow.user_code,
        "verification_uri": f"{state.site}/login/device",
        "expires_in": int(LIFE.total_seconds()),
        "interval": int(INTERVAL.total_seconds()),
    }
    return _said(request, body)


def poll(state: "State", request: Request) -> Response:
    """Answer ``POST /login/oauth/access_token``."""
    try:
        flow = _asked_for(state, request.form)
        _keep_pace(flow, state.clock.now())
        body = _token(state, _decided(state, flow))
    except No as no:
        return _refused(request, no.error, str(no), no.more)
    return _said(request, body)


def _asked_for(state: "State", form: Mapping[str, str]) -> Flow:
    if form.get("client_id", "") not in state.device_flows.clients:
        words = "The client_id and/or client_secret passed are incorrect."
        raise No("incorrect_client_credentials", words)
    if form.get("grant_type") != GRANT:
        raise No("unsupported_grant_type", f"The grant type must be {GRANT}.")
    flow = state.device_flows.flows.get(form.get("device_code", ""))
    if flow is None or flow.client != form["client_id"]:
        raise No("incorrect_device_code", "The device_code provided is not valid.")
    if state.clock.now() >= flow.ends:
        raise No("expired_token", "This 'device_code' has expired.")
    return flow


def _keep_pace(flow: Flow, now: datetime) -> None:
    """Refuse who asks sooner than the interval; it is longer from then on."""
    asked, flow.asked = flow.asked, now
    if asked is not None and now - asked < flow.interval:
        flow.interval += INTERVAL
        more = {"interval": int(flow.interval.total_seconds())}
        raise No("slow_down", "Too many requests have been made.", more)


def _decided(state: "State", flow: Flow) -> Account:
    """Return who approved. A code ends with its answer."""
    if flow.person is None and not flow.denied:
        raise No("authorization_pending", "The authorization request is still pending.")
    del state.device_flows.flows[flow.device_code]
    if flow.person is None or flow.denied:
        raise No("access_denied", "The authorization request was denied.")
    return flow.person


def _token(state: "State", person: Account) -> dict[str, Any]:
    value = f"ghu_{secrets.token_urlsafe(27)}"
    token = Token(value, person, {}, expires=state.wall.now() + TOKEN_LIFE)
    state.access.tokens[value] = token
    return {
        "access_token": value,
        "expires_in": int(TOKEN_LIFE.total_seconds()),
        "refresh_token": f"ghr_{secrets.token_urlsafe(57)}",
        "refresh_token_expires_in": 15897600,
        "token_type": "bearer",
        "scope": "",
    }


def _refused(
    request: Request, error: str, words: str, more: Mapping[str, Any] | None = None
) -> Response:
    body = {"error": error, "error_description": words, "error_uri": "https://docs.github.com"}
    return _said(request, body | dict(more or {}))


def _said(request: Request, body: dict[str, Any], status: int = 200) -> Response:
    if "application/json" in request.headers.get("Accept", ""):
        return answer(body, status)
    return Response(
        urlencode(body), status, content_type="application/x-www-form-urlencoded; charset=utf-8"
    )
