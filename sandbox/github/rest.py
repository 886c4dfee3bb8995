"""The manners of GitHub's REST API: refusals, pages, conditional answers, times."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.access import Token
    from sandbox.github.repositories import Repository
    from sandbox.github.state import State

DOCS = "https://docs.github.com/rest"
JSON = "application/json; charset=utf-8"


class Refused(Exception):  # noqa: N818  # it is an answer, not a failure of ours
    """GitHub says no: an HTTP *status* and its JSON body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        docs: str = DOCS,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors
        self.headers, self.docs = dict(headers or {}), docs

    def response(self) -> Response:
        """Return the answer a client sees."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = list(self.errors)
        body |= {"documentation_url": self.docs, "status": str(self.status)}
        return answer(body, self.status, self.headers)


def missing() -> Refused:
    """Return the refusal for what is not there or must not be seen."""
    return Refused(404, "Not Found")


@dataclass(frozen=True, slots=True)
class Asked:
    """One REST request: who asked, about which repository, with which words of the path.

    *token* is None for a stranger. Reading ``repository`` of a route without one is a mistake.
    """

    request: Request
    token: "Token | None"
    path: Mapping[str, Any]
    home: "Repository | None" = None

    @property
    def repository(self) -> "Repository":
        """Return the repository that the path names."""
        assert self.home is not None
        return self.home

    @property
    def query(self) -> Mapping[str, str]:
        """Return the query's words, the first of each name."""
        return self.request.args.to_dict()

    def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent; 400 when it is not one."""
        if not self.request.data:
            return {}
        try:
            value = json.loads(self.request.data)
        except ValueError:
            raise Refused(400, "Problems parsing JSON") from None
        if not isinstance(value, dict):
            raise Refused(400, "Body should be a JSON object")
        return value

    def required(self, *names: str) -> dict[str, Any]:
        """Return the JSON object that was sent; 422 when one of *names* is not in it."""
        body = self.body()
        absent = [name for name in names if name not in body]
        if absent:
            words = ", ".join(f'"{name}"' for name in absent)
            verb = "wasn't" if len(absent) == 1 else "weren't"
            raise Refused(422, f"Invalid request.\n\n{words} {verb} supplied.")
        return body

    def accepts(self, word: str) -> bool:
        """Tell whether the Accept header asks for GitHub's media type *word* (``sha``, ``raw``)."""
        accepted = self.request.headers.get("Accept", "")
        kinds = [kind.partition(";")[0].strip() for kind in accepted.split(",")]
        return any(
            kind.startswith("application/vnd.github.")
            and word in kind.removeprefix("application/vnd.github.").replace("+", ".").split(".")
            for kind in kinds
        )


Answering = Callable[["State", Asked], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One REST route. *name* is what faults are armed by.

    *rule* follows ``/repos/{owner}/{repo}`` when *of_repository*, else the API's root. *needs* is
    the App permission and level it asks for; None: any token will do.
    *jwt*: the caller shows an App's JWT, not a token. *free*: it costs nothing of the rate limit.
    """

    name: str
    method: str
    rule: str
    answering: Answering
    needs: tuple[str, str] | None = None
    of_repository: bool = True
    jwt: bool = False
    free: bool = False


def paged(asked: Asked, items: Sequence[Any], *, most: int = 100, usual: int = 30) -> Response:
    """Return one page of *items* as a JSON list, with GitHub's Link header."""
    chosen, links = page(asked, items, most=most, usual=usual)
    return answer(chosen, headers=links)


def page(
    asked: Asked, items: Sequence[Any], *, most: int = 100, usual: int = 30
) -> tuple[list[Any], dict[str, str]]:
    """Return the page that was asked for and the headers that lead to the others."""
    size = min(max(_number(asked, "per_page", usual), 1), most)
    number = max(_number(asked, "page", 1), 1)
    last = max(1, -(-len(items) // size))
    turns = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
    if number <= 1:
        del turns["prev"], turns["first"]
    if number >= last:
        del turns["next"], turns["last"]
    links = ", ".join(f'<{_turned(asked, to)}>; rel="{rel}"' for rel, to in turns.items())
    return list(items[(number - 1) * size : number * size]), {"Link": links} if links else {}


def _number(asked: Asked, name: str, usual: int) -> int:
    text = asked.query.get(name, "")
    return int(text) if text.isdecimal() else usual


def _turned(asked: Asked, number: int) -> str:
    kept = {key: value for key, value in asked.query.items() if key != "page"}
    words = "&".join(f"{key}={value}" for key, value in {**kept, "page": str(number)}.items())
    return f"{asked.request.base_url}?{words}"


def conditional(request: Request, response: Response) -> Response:
    """Return *response* with an ETag, or 304 when the client has that already.

    The tag covers the body, and so whatever of the query changed it.
    """
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:
        return response
    seen = request.full_path.encode() + request.headers.get("Accept", "").encode()
    tag = f'W/"{hashlib.sha256(seen + response.get_data()).hexdigest()}"'
    wanted = request.headers.get("If-None-Match", "")
    if tag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in wanted.split(",")}:
        return Response(status=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response


def stamp(at: datetime) -> str:
    """Return a time as GitHub writes it, in UTC to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
