"""GitHub's device flow: a person proves which account is theirs by typing a code on GitHub.

It needs the App's client id and no secret. The token that comes of it is used for one question,
"who are you", and is kept nowhere.

Source: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.adapters.calls import OnCall
from bot.adapters.github.addresses import web_address
from bot.adapters.github.answers import SYSTEM, Answer, count, decoded, failure, text
from bot.adapters.github.client import API_VERSION
from bot.adapters.github.teams import person
from bot.clock import Clock
from bot.domain.errors import BotError, Garbled, Rejected, Unauthorized, Unavailable
from bot.domain.rights import GitHubUser

GRANT = "urn:ietf:params:oauth:grant-type:device_code"

SLOWER_BY = timedelta(seconds=5)
"""What ``slow_down`` adds to the interval where it does not name the new one. Source: as above."""

LONGEST_LIFE = timedelta(hours=1)
"""The longest span that is believed; GitHub's codes live 15 minutes and are asked for each 5 s."""

TRIES = 3
"""The code is used up when the token comes, so a failing question for the account is repeated."""

DOING = "link an account"


class Why(StrEnum):
    """Why a link did not come about."""

    EXPIRED = "expired"  # nobody typed the code in time
    DENIED = "denied"  # they pressed Cancel
    USED = "used"  # the code is known no more: it was answered before, or never given


@dataclass(frozen=True, slots=True)
class Code:
    """What a person types (*user_code*) and where; *device_code* is ours to ask with, a secret.

    GitHub takes no question sooner than *interval* after the last, and none after *expires_in*.
    """

    user_code: str
    verification_uri: str
    expires_in: timedelta
    interval: timedelta
    device_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """They have not typed it yet. Ask with *code*, which may be slower now, *again* from now."""

    again: timedelta
    code: Code


@dataclass(frozen=True, slots=True)
class Linked:
    """GitHub says that it was *user* who typed the code."""

    user: GitHubUser


@dataclass(frozen=True, slots=True)
class Ended:
    """It will not come about."""

    why: Why


Polled = Pending | Linked | Ended

_ENDS = {
    "expired_token": Why.EXPIRED,
    "access_denied": Why.DENIED,
    "incorrect_device_code": Why.USED,
}
_MISCONFIGURED: Mapping[str, str] = {
    "device_flow_disabled": "the App's settings have the device flow switched off",
    "incorrect_client_credentials": "GitHub knows no App with the configured client id",
    "Not Found": "GitHub knows no App with the configured client id",
}


class DeviceFlow:
    """Links people by the App with *client_id*. *timeout* is in seconds for each wait."""

    def __init__(
        self,
        client_id: str,
        api_url: str = "https://api.github.com",
        *,
        clock: Clock,
        timeout: float = 10.0,
        on_call: OnCall | None = None,
    ) -> None:
        self._client_id = client_id
        self._api_url = api_url.rstrip("/")
        self._web = web_address(api_url)
        self._clock = clock
        self._on_call = on_call
        headers = {"Accept": "application/json", "User-Agent": "shipmate"}
        self._http = httpx.Client(timeout=timeout, headers=headers, follow_redirects=False)

    def begin(self) -> Code:
        """Return a new code for one person to type.

        Raises:
            Rejected: the App does not allow it; the text says what to switch on.
        """
        body = self._post("device code", "/login/device/code", {})
        if "error" in body:
            raise _refused(body["error"])
        code = decoded(DOING, _code, body)
        if urlsplit(code.verification_uri)[:2] != urlsplit(self._web)[:2]:
            raise Garbled(SYSTEM, DOING, "the page to type the code on is not GitHub's")
        return code

    def poll(self, code: Code) -> Polled:
        """Ask once whether somebody typed *code*.

        Raises:
            Unavailable: no answer; ask again after the interval.
            Rejected: the App does not allow it any more.
        """
        order = {"device_code": code.device_code, "grant_type": GRANT}
        body = self._post("device token", "/login/oauth/access_token", order)
        match body.get("error"):
            case None:
                return Linked(self._whose(decoded(DOING, _token, body)))
            case "authorization_pending":
                return Pending(code.interval, code)
            case "slow_down":
                slower = decoded(DOING, lambda body: _slower(body, code.interval), body)
                return Pending(slower, replace(code, interval=slower))
            case str(error) if error in _ENDS:
                return Ended(_ENDS[error])
            case error:
                raise _refused(error)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _whose(self, token: str) -> GitHubUser:
        """Return whose token it is. It is forgotten with the end of this call."""
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": API_VERSION,
        }
        url = f"{self._api_url}/user"
        for left in reversed(range(TRIES)):
            try:
                body = self._ask("me", "GET", url, headers=headers)
            except Unavailable:
                if not left:
                    raise
                continue
            return decoded(DOING, lambda body: person(body, DOING), body)
        raise AssertionError("unreachable: the last try returns or raises")

    def _post(self, what: str, path: str, order: Mapping[str, str]) -> dict[str, Any]:
        """Return the mapping that GitHub's site answers with; refusals are in it, too."""
        form = {"client_id": self._client_id, **order}
        body = self._ask(what, "POST", self._web + path, form=form)
        if not isinstance(body, dict):
            raise Garbled(SYSTEM, DOING, "an answer that is no mapping")
        return body

    def _ask(
        self,
        what: str,
        verb: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the JSON of an answer that is a success, or that names an ``error``.

        No text of an answer gets into an error: it could hold the token.
        """
        start, status = time.perf_counter(), None
        try:
            answer = self._http.request(verb, url, headers=headers, data=form)
            status = answer.status_code
        except httpx.TimeoutException as error:
            raise Unavailable(SYSTEM, DOING, "no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            detail = f"the connection failed ({type(error).__name__})"
            raise Unavailable(SYSTEM, DOING, detail) from error
        finally:
            if self._on_call is not None:
                self._on_call(SYSTEM, what, status, time.perf_counter() - start)
        return _read(answer, self._clock.now())


def _read(answer: httpx.Response, now: datetime) -> Any:
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = None
    if isinstance(body, dict) and "error" in body and not answer.is_server_error:
        return body
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if error := failure(Answer(answer.status_code, headers, ""), DOING, now):
        raise error
    if body is None:
        raise Garbled(SYSTEM, DOING, "an answer that is not JSON")
    return body


def _refused(error: Any) -> BotError:
    """Return our error for a refusal that no waiting changes."""
    if isinstance(error, str) and error in _MISCONFIGURED:
        return Unauthorized(SYSTEM, DOING, _MISCONFIGURED[error])
    return Rejected(SYSTEM, DOING, f"GitHub answered {error!r:.60}")


# decoders


def _code(body: Any) -> Code:
    return Code(
        user_code=text(body["user_code"]),
        verification_uri=text(body["verification_uri"]),
        expires_in=_seconds(body["expires_in"]),
        interval=_seconds(body["interval"]),
        device_code=text(body["device_code"]),
    )


def _token(body: Any) -> str:
    token = body["access_token"]
    if isinstance(token, str) and token and token.isascii() and token.isprintable():
        return token
    raise ValueError("not a token")  # without the value: it may be one after all


def _slower(body: Any, interval: timedelta) -> timedelta:
    named = _seconds(body["interval"]) if "interval" in body else interval + SLOWER_BY
    return max(named, interval)


def _seconds(value: Any) -> timedelta:
    """Return a span of at least one second: nobody is asked without a pause."""
    return timedelta(seconds=min(max(count(value), 1), int(LONGEST_LIFE.total_seconds())))
