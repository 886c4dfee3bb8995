"""One door to GitHub: a PyGithub client per thread, every failure as one of our errors.

The door is PyGithub's requester, which answers with status, headers and body; its own exceptions
would hide which of these it saw. What the answers mean stands in ``answers``.
"""

import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests
import urllib3
from github import Auth, Github, GithubException, GithubIntegration
from github.Requester import Requester
from pydantic import SecretStr

from bot.adapters.calls import (
    Answered,
    OnAnswer,
    OnCall,
    OnLimit,
    nobody_hears,
    nobody_listens,
    nobody_minds,
)
from bot.adapters.github.addresses import web_address
from bot.adapters.github.answers import (
    SYSTEM,
    Answer,
    calls_left,
    decoded,
    ends_of,
    failure,
    graph_failure,
    message,
    next_cursor,
    parsed,
    text,
)
from bot.adapters.github.credentials import (
    PERMISSIONS,
    AppItself,
    BadKeyError,
    Credentials,
    QuietAppAuth,
    SharedInstallationAuth,
    TokenRefusedError,
)
from bot.clock import Clock
from bot.domain.clocks import is_off, skew
from bot.domain.errors import BotError, Conflict, Garbled, Rejected, Unauthorized, Unavailable
from bot.secret_files import look_again
from bot.settings import AppKey, Token

API_VERSION = "2022-11-28"

READS = frozenset({"GET", "HEAD"})
"""Only these are sent again without asking: PyGithub's default would repeat a POST."""

GRAPHQL_LOOK_AGAIN = timedelta(minutes=10)
"""How long a server without GraphQL is believed to stay without."""

TOKENS = re.compile(r"gh[a-z]_\S+|github_pat_\w+|v1\.[0-9a-f]{40}|-----BEGIN[^-]*-----[^-]*")


class NoGraphQL(Rejected):
    """The server has no GraphQL address."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A GraphQL answer: *data*, perhaps in part, and the *failure* it came with, or None."""

    data: Any
    failure: BotError | None

    def whole(self) -> Any:
        """Return the data.

        Raises:
            BotError: the answer came with a failure.
        """
        if self.failure is not None:
            raise self.failure
        return self.data


@dataclass(frozen=True, slots=True)
class _Login:
    """One authentication, shared by all threads; *number* tells it from the ones before.

    *secret* is the token or key that it was made with.
    """

    number: int
    auth: Auth.Auth
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Client:
    """One thread's client and the number of the login it was made with."""

    login: int
    requester: Requester


class GitHub:
    """GitHub, or a GitHub Enterprise Server, as one token or one App installation sees it.

    *timeout* is in whole seconds, for the connection and for each wait for bytes. *wall* tells when
    tokens end; it differs from *clock* only where that runs fast. *permissions* are those that an
    App's tokens are asked for. Safe to use from any thread; each gets a client and connections of
    its own.
    """

    def __init__(
        self,
        credentials: Credentials,
        api_url: str = "https://api.github.com",
        *,
        timeout: int = 10,
        clock: Clock,
        wall: Clock | None = None,
        on_call: OnCall | None = None,
        on_limit: OnLimit | None = None,
        on_answer: OnAnswer | None = None,
        permissions: Mapping[str, str] = PERMISSIONS,
    ) -> None:
        self.system = SYSTEM
        self._credentials = credentials
        self._api_url = api_url.rstrip("/")
        self.web = web_address(api_url)
        self._timeout = timeout
        self._clock = clock
        self._wall = wall or Clock()
        self._on_call = on_call or nobody_listens
        self._on_limit = on_limit or nobody_minds
        self._on_answer = on_answer or nobody_hears
        self._permissions = permissions
        self._guard = threading.Lock()
        self._local = threading.local()
        self._login: _Login | None = None
        self._names: dict[str, str] = {}
        self._no_graphql_until: datetime | None = None
        self.token_ends: datetime | None = None
        """When our personal token ends, as the last answer told; None: unknown, or never."""

    # calls

    def rest(
        self,
        what: str,
        doing: str,
        verb: str,
        path: str,
        *,
        input: Any = None,  # noqa: A002  # PyGithub's name for the body
        parameters: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the JSON of a REST answer.

        *what* is a short, constant name for counting; *doing* completes "could not …". *path*
        starts with ``/`` and is already quoted.

        Raises:
            BotError: as ``bot.domain.errors`` sorts it.
        """
        answer = self._ask(what, doing, verb, path, input, parameters)
        if error := failure(answer, doing, self._clock.now()):
            raise self._clean(error)
        return parsed(answer, doing)

    def headed(self, what: str, doing: str, path: str) -> tuple[Any, Mapping[str, str]]:
        """Return the JSON of a REST answer and its headers, whose names are in lower case.

        Raises:
            BotError: as ``bot.domain.errors`` sorts it.
        """
        answer = self._ask(what, doing, "GET", path, None, None)
        if error := failure(answer, doing, self._clock.now()):
            raise self._clean(error)
        return parsed(answer, doing), answer.headers

    def listed(
        self, what: str, doing: str, path: str, parameters: Mapping[str, str]
    ) -> tuple[Any, str | None]:
        """Return one page of a list as JSON, and the cursor of the next page, or None.

        For lists that are paged by cursors. The arguments are those of ``rest``.

        Raises:
            BotError: as ``bot.domain.errors`` sorts it.
        """
        answer = self._ask(what, doing, "GET", path, None, parameters)
        if error := failure(answer, doing, self._clock.now()):
            raise self._clean(error)
        return parsed(answer, doing), next_cursor(answer.headers)

    def location(self, what: str, doing: str, path: str) -> str:
        """Return the address that GitHub sends us to for *path*; nobody has gone there yet.

        Raises:
            Garbled: it answers, and sends us nowhere.
            BotError: as ``bot.domain.errors`` sorts it.
        """
        answer = self._ask(what, doing, "GET", path, None, None)
        if answer.status == HTTPStatus.FOUND and (address := answer.headers.get("location")):
            return address
        if error := failure(answer, doing, self._clock.now()):
            raise self._clean(error)
        raise Garbled(SYSTEM, doing, "an answer without an address")

    def graphql(self, what: str, doing: str, query: str, variables: Mapping[str, Any]) -> Graph:
        """Return the answer to a GraphQL query or mutation. It is sent once and never repeated.

        Raises:
            NoGraphQL: the server has none.
            BotError: there is no GraphQL answer; one with errors in it is returned.
        """
        if not self.has_graphql:
            raise NoGraphQL(SYSTEM, doing, "the server has no GraphQL")
        body = {"query": query, "variables": dict(variables)}
        answer = self._ask(what, doing, "POST", "graphql", body, None)
        if answer.status == HTTPStatus.NOT_FOUND:
            self._no_graphql_until = self._clock.now() + GRAPHQL_LOOK_AGAIN
            raise NoGraphQL(SYSTEM, doing, "the server has no GraphQL")
        if error := failure(answer, doing, self._clock.now()):
            raise self._clean(error)
        return self._graph(answer, doing)

    def _graph(self, answer: Answer, doing: str) -> Graph:
        body = parsed(answer, doing)
        if not isinstance(body, dict) or not ("data" in body or "errors" in body):
            raise Garbled(SYSTEM, doing, "an answer without data")
        errors = body.get("errors")
        if not errors:
            return Graph(body.get("data"), None)
        listed = errors if isinstance(errors, list) else [errors]
        error = graph_failure(listed, answer.headers, doing, self._clock.now())
        return Graph(body.get("data"), self._clean(error))

    @property
    def has_graphql(self) -> bool:
        """Tell whether GraphQL is worth asking: no recent answer said that there is none."""
        until = self._no_graphql_until
        return until is None or until <= self._clock.now()

    # names

    def canonical(self, repo: str) -> str:
        """Return the ``owner/name`` that *repo* has today; asked once, then remembered.

        A renamed repository answers reads under its old name, but drops writes.

        Raises:
            NotFound: there is none that we may see.
        """
        known = self._names.get(repo.lower())
        if known is None:
            doing = f"find the repository {repo}"
            body = self.rest("repository", doing, "GET", f"/repos/{quoted(repo)}")
            known = decoded(doing, lambda answer: text(answer["full_name"]), body)
            self.learn(repo, known)
        return known

    def learn(self, repo: str, full_name: str) -> None:
        """Remember that *repo* is called *full_name* today."""
        self._names[repo.lower()] = full_name

    def forget(self, repo: str) -> None:
        """Ask again for the name of *repo* when it is needed next."""
        self._names.pop(repo.lower(), None)

    def renamed(self, repo: str, doing: str) -> Conflict | None:
        """Return a Conflict if *repo* has got another name by now: a new look at it goes right."""
        self.forget(repo)
        name = self.canonical(repo)
        if name == repo:
            return None
        return Conflict(SYSTEM, doing, f"{repo} is called {name} now")

    # life

    def close(self) -> None:
        """Close the calling thread's connections; those of ended threads close with them."""
        client: _Client | None = getattr(self._local, "client", None)
        if client is not None:
            client.requester.close()
            del self._local.client
        if self._login and isinstance(self._login.auth, SharedInstallationAuth):
            self._login.auth.close()

    # asking

    def _ask(
        self,
        what: str,
        doing: str,
        verb: str,
        path: str,
        body: Any,
        parameters: Mapping[str, str] | None,
    ) -> Answer:
        """Send one call; after a 401 in mid-life log in anew and send it once more.

        A 401 means that nothing was done, so even a write may be sent again. Where our token or
        key stands in a file, that is read again first.
        """
        client = self._client()
        try:
            answer = self._send(client.requester, what, doing, verb, path, body, parameters)
        except Unauthorized as refused:  # we got no token to ask with
            if not self._has_another(client.login):
                self._refused(refused.detail)
                raise
            self._log_in_again(client.login)
        else:
            if answer.status != HTTPStatus.UNAUTHORIZED:
                return answer
            if not self._log_in_again(client.login):
                self._refused(message(answer))
                return answer
        client = self._client()
        try:
            answer = self._send(client.requester, what, doing, verb, path, body, parameters)
        except Unauthorized as refused:
            self._refused(refused.detail)
            raise
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._refused(message(answer))
        return answer

    def _refused(self, why: str) -> None:
        self._on_answer(Answered(SYSTEM, "", 0.0, TOKENS.sub("…", why) or "401"))

    def _send(
        self,
        requester: Requester,
        what: str,
        doing: str,
        verb: str,
        path: str,
        body: Any,
        parameters: Mapping[str, str] | None,
    ) -> Answer:
        url = requester.graphql_url if path == "graphql" else path
        start, status = time.perf_counter(), None
        try:
            status, headers, said = requester.requestJson(
                verb, url, dict(parameters or {}), {"Accept": "application/vnd.github+json"}, body
            )
        except Exception as error:  # noqa: BLE001  # PyGithub lets anything through, asserts too
            raise self._clean(self._unanswered(error, doing)) from None
        finally:
            self._on_call(SYSTEM, what, status, time.perf_counter() - start)
        self.token_ends = ends_of(headers) or self.token_ends
        if left := calls_left(headers):
            self._on_limit(SYSTEM, *left)
        if status != HTTPStatus.UNAUTHORIZED:
            spent = time.perf_counter() - start
            self._on_answer(Answered(SYSTEM, str(headers.get("date", "")), spent))
        return Answer(status, headers, said)

    def _unanswered(self, error: BaseException | None, doing: str) -> BotError:
        """Return our error for a call that brought no answer. Outside text is kept short."""
        match error:
            case TokenRefusedError():
                return self._no_token(error.__cause__, doing)
            case BadKeyError():
                detail = "the App's private key is not a PEM key that can sign"
                return Unauthorized(SYSTEM, doing, detail)
            case requests.exceptions.Timeout():
                return Unavailable(SYSTEM, doing, f"no answer within {self._timeout} s")
            case requests.exceptions.RequestException() | OSError():
                return Unavailable(SYSTEM, doing, f"the connection failed ({type(error).__name__})")
            case _:
                return Garbled(SYSTEM, doing, f"an answer that makes no sense: {error!r}")

    def _no_token(self, cause: BaseException | None, doing: str) -> BotError:
        """Return our error for an installation token that we did not get.

        A missing, suspended or foreign installation is our own login that fails, whatever the
        status; outages and limits stay what they are.
        """
        if not isinstance(cause, GithubException):
            return self._unanswered(cause, doing)
        answer = Answer(cause.status, cause.headers or {}, json.dumps(cause.data))
        error = failure(answer, doing, self._clock.now())
        if isinstance(error, Unavailable):
            return error
        detail = f"no token for the App's installation: {message(answer)}{self._clock_off(answer)}"
        return Unauthorized(SYSTEM, doing, detail)

    def _clock_off(self, answer: Answer) -> str:
        """Return that our clock is wrong, where GitHub's date says so: JWTs are dated by ours."""
        by = skew(str(answer.headers.get("date", "")), Clock().epoch, 0.0)
        if answer.status != HTTPStatus.UNAUTHORIZED or by is None or not is_off(by):
            return ""
        way = "ahead of" if by > timedelta() else "behind"
        seconds = abs(round(by.total_seconds()))
        return f"; our clock is {seconds} s {way} GitHub's: set the time of this machine"

    # clients

    def _client(self) -> _Client:
        """Return this thread's client, made anew when the login behind it is no longer the last."""
        login = self._current_login()
        client: _Client | None = getattr(self._local, "client", None)
        if client is None or client.login != login.number:
            if client is not None:
                client.requester.close()
            client = _Client(login.number, self._github(login.auth).requester)
            self._local.client = client
        return client

    def _current_login(self) -> _Login:
        """Return the login, made anew when our token or key has changed since."""
        secret = self._secret()
        with self._guard:
            last = self._login
            if last is None or last.secret != secret:
                self.token_ends = None
                self._login = last = _Login(last.number + 1 if last else 1, self._auth(), secret)
            return last

    def _log_in_again(self, refused: int) -> bool:
        """Replace the login number *refused*, once for all threads; False if nothing can change."""
        changed = self._has_another(refused)
        if not (changed or isinstance(self._credentials, AppKey)):
            return False
        secret = self._secret()
        with self._guard:
            if self._login is not None and self._login.number == refused:
                self._login = _Login(refused + 1, self._auth(), secret)
        return True

    def _has_another(self, refused: int) -> bool:
        """Tell whether there is another token or key by now than in the login number *refused*."""
        with self._guard:
            last = self._login
        if last is None or last.number != refused:
            return last is not None  # Another thread was quicker.
        return look_again(self._held(), last.secret)

    def _auth(self) -> Auth.Auth:
        match self._credentials:
            case Token(token=token):
                return Auth.Token(token.get_secret_value())
            case AppItself(key):
                return QuietAppAuth(key.app_id, key.private_key.get_secret_value())
            case AppKey() as key:
                auth = QuietAppAuth(key.app_id, key.private_key.get_secret_value())
                integration = GithubIntegration(auth=auth, **self._settings())
                return SharedInstallationAuth(
                    integration, key.installation_id, self._wall, self._permissions
                )

    def _github(self, auth: Auth.Auth) -> Github:
        return Github(auth=auth, **self._settings())

    def _settings(self) -> dict[str, Any]:
        """Return what all clients share. Nothing throttles and nothing but reads is repeated."""
        retry = urllib3.Retry(
            total=2,
            connect=1,
            read=1,
            backoff_factor=0.2,
            allowed_methods=READS,
            status_forcelist=[502, 503, 504],
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        return {
            "base_url": self._api_url,
            "timeout": self._timeout,
            "user_agent": "shipmate",
            "per_page": 100,
            "retry": retry,
            "lazy": True,
            "api_version": API_VERSION,
            "seconds_between_requests": None,
            "seconds_between_writes": None,
        }

    # secrets

    def _clean(self, error: BotError) -> BotError:
        """Return *error* without anything that looks like a token, or is ours."""
        cleaned = TOKENS.sub("…", error.detail.replace(self._secret(), "…"))
        if cleaned == error.detail:
            return error
        if isinstance(error, Unavailable):
            return Unavailable(error.system, error.doing, cleaned, error.retry_after)
        return type(error)(error.system, error.doing, cleaned)

    def _secret(self) -> str:
        return self._held().get_secret_value()

    def _held(self) -> SecretStr:
        match self._credentials:
            case (
                Token(token=secret)
                | AppKey(private_key=secret)
                | AppItself(AppKey(private_key=secret))
            ):
                return secret


def quoted(path: str) -> str:
    """Return *path* fit for a URL; its slashes stay."""
    return quote(path, safe="/")
