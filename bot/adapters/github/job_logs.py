"""The end of a job's log. GitHub sends us to a storage of its own, which must not see our token.

A log may have any size and hold anything; it goes by line by line, and only a few lines stay.
"""

import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from bot.adapters.github.answers import SYSTEM
from bot.adapters.github.client import GitHub, quoted
from bot.domain.ci.excerpts import Tail, Window
from bot.domain.errors import Rejected, Unavailable

MOST_BYTES = 32 * 1024 * 1024
"""More of a log is not loaded: a step that fails behind so much text is looked up by people."""

LONGEST_LINE = 16 * 1024
SECONDS = 20.0
"""How long the loading of one log may take, on the wall."""

STORAGES = re.compile(
    r"[a-z0-9-]+\.blob\.core\.windows\.net"
    r"|(?:[a-z0-9-]+\.)*(?:actions\.githubusercontent\.com|github\.com|ghe\.com)"
)
"""Where github.com keeps logs. A server of one's own may keep them itself.

Source: https://docs.github.com/en/actions/reference/runners/self-hosted-runners (hosts to reach)
"""

DOING = "read the log of job {job} in {repo}"


class JobLogs:
    """Reads logs of jobs. *timeout* is seconds on the wall; *secrets* are our own, for the mask.

    Safe to use from any thread.
    """

    def __init__(
        self,
        github: GitHub,
        api_url: str,
        *,
        timeout: float = 10.0,
        secrets: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._github, self._api = github, urlsplit(api_url)
        self._secrets = secrets
        # No token, no cookies, no proxy login from this machine's files, and nowhere further.
        self._http = httpx.Client(timeout=timeout, follow_redirects=False)

    def tail(self, repo: str, job: int, window: Window) -> tuple[str, ...]:
        """Return the last lines of the step that ran in *window*, without secrets.

        Raises:
            NotFound: the log is gone.
            Forbidden: our login has no right actions:read.
            Rejected: it lies where we do not go, or is too long.

        Source: https://docs.github.com/en/rest/actions/workflow-jobs#download-job-logs-for-a-workflow-run
        """
        doing = DOING.format(job=job, repo=repo)
        path = f"/repos/{quoted(repo)}/actions/jobs/{job}/logs"
        address = self._github.location("logs", doing, path)
        self._check(address, doing)
        try:
            with self._http.stream("GET", address) as answer:
                return self._read(answer, window, doing)
        except httpx.TimeoutException as error:
            raise Unavailable(SYSTEM, doing, "the log did not come in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            detail = f"the connection to the log failed ({type(error).__name__})"
            raise Unavailable(SYSTEM, doing, detail) from error

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _check(self, address: str, doing: str) -> None:
        """Go only where logs can be: the address came from outside, and our network is inside.

        Raises:
            Rejected: it could be anything.
        """
        try:
            to = urlsplit(address)
            host, port = (to.hostname or "").lower(), to.port
        except ValueError:
            raise Rejected(SYSTEM, doing, "it lies at no address") from None
        own = (to.scheme, host, port) == (self._api.scheme, self._own_host(), self._api.port)
        known = to.scheme == "https" and port in {None, 443} and STORAGES.fullmatch(host)
        if to.username is not None or to.password is not None or not (own or known):
            raise Rejected(SYSTEM, doing, f"it lies at {host[:80]}, which we do not know")

    def _own_host(self) -> str:
        return (self._api.hostname or "").lower()

    def _read(self, answer: httpx.Response, window: Window, doing: str) -> tuple[str, ...]:
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable(SYSTEM, doing, f"the log's storage answered {answer.status_code}")
        if answer.status_code != HTTPStatus.OK:
            raise Rejected(SYSTEM, doing, f"the log's storage answered {answer.status_code}")
        kept = Tail(window)
        for line in _lines(answer, doing):
            kept.add(line)
            if kept.is_over:
                break
        return kept.lines(self._secrets())


def _lines(answer: httpx.Response, doing: str) -> Iterator[str]:
    """Yield the lines as they come, each cut; only a line feed ends one.

    Raises:
        Rejected: there are too many bytes.
        Unavailable: they come too slowly.
    """
    end, size, rest = time.monotonic() + SECONDS, 0, b""
    for chunk in answer.iter_bytes(64 * 1024):
        size += len(chunk)
        if size > MOST_BYTES:
            raise Rejected(SYSTEM, doing, "the log is too long")
        if time.monotonic() > end:
            raise Unavailable(SYSTEM, doing, "the log came too slowly")
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line[:LONGEST_LINE].decode("utf-8", "replace")
        rest = rest[:LONGEST_LINE]
    if rest:
        yield rest.decode("utf-8", "replace")
