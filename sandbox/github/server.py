"""The fake GitHub as a server: its routes, who may call them, and what every answer bears."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox.github import (
    access,
    actions_api,
    checks,
    commits,
    contents,
    device_flow,
    git_data,
    limits,
    protection,
    pulls,
    teams,
    webhooks,
)
from sandbox.github.access import Token
from sandbox.github.ci_handles import CiHandles
from sandbox.github.graphql import checked, is_mutation, run
from sandbox.github.limits import STRANGER
from sandbox.github.mutations import Mutation
from sandbox.github.nodes import Asking, Query
from sandbox.github.repositories import Repository
from sandbox.github.rest import Asked, Refused, Route, conditional, missing
from sandbox.github.state import Time
from sandbox.wire import answer

ROUTES: tuple[Route, ...] = (
    *access.ROUTES,
    *limits.ROUTES,
    *teams.ROUTES,
    *webhooks.ROUTES,
    *contents.ROUTES,
    *commits.ROUTES,
    *checks.ROUTES,
    *actions_api.ROUTES,
    *git_data.ROUTES,
    *pulls.ROUTES,
    *protection.ROUTES,
)


class GitHub(CiHandles):
    """GitHub Enterprise-like addresses on loopback over real bare repositories below *root*.

    REST is under ``/api/v3``, GraphQL at ``/api/graphql``. *clock* dates commits, limits and
    reports; tokens expire by real time, because clients renew them by real time.
    """

    def __init__(self, root: Path, clock: Time) -> None:
        super().__init__(root, clock)
        for route in ROUTES:
            handler = partial(self._rest, route)
            if route.of_repository:
                rule = f"/api/v3/repos/<owner>/<repository>{route.rule}"
                self.route(route.name, [route.method], rule, handler)
                rule = f"/api/v3/repositories/<int:repository_id>{route.rule}"
                self.route(route.name, [route.method], rule, handler)
            else:
                self.route(route.name, [route.method], f"/api/v3{route.rule}", handler)
        self.route("graphql", ["POST"], "/api/graphql", self._graphql)
        self.route("log_file", ["GET"], "/_logs", self._log_file)
        self.route("device_code", ["POST"], "/login/device/code", self._begin_linking)
        self.route("device_token", ["POST"], "/login/oauth/access_token", self._poll_linking)

    @property
    def api_url(self) -> str:
        """Return what a client is given as the API's base URL."""
        return self.state.api

    def stop(self) -> None:
        """Stop listening and end every reading process."""
        super().stop()
        for repository in self.state.repositories.all():
            repository.close()

    # serving

    def unknown(self, request: Request, missing: HTTPException) -> Response:  # noqa: ARG002
        """Answer what is no route as GitHub does."""
        return Refused(404, "Not Found").response()

    def _rest(self, route: Route, request: Request, **words: Any) -> Response:
        whose = STRANGER
        try:
            self._secondary(request)
            token = self._token(route, request)
            whose = token.whose if token else STRANGER
            if not (route.free or route.jwt):
                self._spend(request, whose)
            response = self._answered(route, request, token, words)
            if token is not None and token.scopes is not None:
                response.headers["X-OAuth-Scopes"] = ", ".join(token.scopes)
        except Refused as refused:
            response = refused.response()
        if response.status_code == 304:
            with self.lock:
                self.state.limits.give_back(whose)
        return self._signed(response, "core", whose)

    def _secondary(self, request: Request) -> None:
        with self.lock:
            self.state.limits.secondary(request)

    def _spend(self, request: Request, whose: str) -> None:
        with self.lock:
            self.state.limits.spend(whose)
            if request.method not in {"GET", "HEAD"}:
                self.state.limits.write()

    def _token(self, route: Route, request: Request) -> Token | None:
        if route.jwt:
            return None
        with self.lock:
            return self.state.access.token(request, self.state.wall.now())

    def _answered(
        self, route: Route, request: Request, token: Token | None, words: Mapping[str, Any]
    ) -> Response:
        home = None
        if route.of_repository:
            home = self._home(words, token)
            if home is None:
                return self._moved(request, words, token)
        if route.needs and token is None:
            raise Refused(401, "Requires authentication")
        if route.needs and token is not None and not token.may(*route.needs):
            raise Refused(403, token.refusal())
        response = route.answering(self.state, Asked(request, token, words, home))
        return conditional(request, response)

    def _home(self, words: Mapping[str, Any], token: Token | None) -> Repository | None:
        with self.lock:
            if "repository_id" in words:
                found = self.state.repositories.by_id(words["repository_id"])
            else:
                full_name = f"{words['owner']}/{words['repository']}"
                found = self.state.repositories.get(full_name)
        visible = found is not None and token is not None and token.sees(found.full_name)
        return found if visible else None

    def _moved(self, request: Request, words: Mapping[str, Any], token: Token | None) -> Response:
        """Answer for a repository under a former name; the query is not carried over."""
        full_name = f"{words.get('owner')}/{words.get('repository')}"
        with self.lock:
            now = self.state.repositories.former(full_name)
        if now is None or token is None or not token.sees(now.full_name):
            raise missing()
        tail = request.path.partition(f"/repos/{full_name}")[2]
        url = f"{self.state.api}/repositories/{now.id}{tail}"
        read = request.method in {"GET", "HEAD"}
        message = "Moved Permanently" if read else "Temporary Redirect"
        body = {"message": message, "url": url}
        return answer(body, 301 if read else 307, {"Location": url})

    def _signed(self, response: Response, bucket: str, whose: str) -> Response:
        with self.lock:
            response.headers.extend(self.state.limits.headers(bucket, whose))
            response.headers["X-GitHub-Request-Id"] = f"FAKE:{len(self.calls)}"
        response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        return response

    def _graphql(self, request: Request) -> Response:
        whose = STRANGER
        try:
            self._secondary(request)
            with self.lock:
                token = self._known(request)
                whose = token.whose
                spent = self.state.limits.spend_point(whose)
            body = spent if spent is not None else self._executed(request, token)
            response = answer(body)
        except Refused as refused:
            response = refused.response()
        return self._signed(response, "graphql", whose)

    def _known(self, request: Request) -> Token:
        token = self.state.access.token(request, self.state.wall.now())
        if token is None:
            raise Refused(401, "This endpoint requires you to be authenticated.")
        return token

    def _executed(self, request: Request, token: Token) -> dict[str, Any]:
        asked = Asked(request, token, {}).body()
        query = asked.get("query")
        if not isinstance(query, str):
            raise Refused(400, "A query attribute must be specified and must be a string.")
        asking = Asking(self.state, token)
        document, _ = checked(query)
        writes = document is not None and is_mutation(document)
        if writes:
            with self.lock:
                self.state.limits.write()
        root = Mutation(asking) if writes else Query(asking)
        return run(query, asked.get("variables") or {}, root, asking, self._strange)

    def _log_file(self, request: Request) -> Response:
        return actions_api.log_file(self.state, request)

    def _begin_linking(self, request: Request) -> Response:
        with self.lock:
            return device_flow.begin(self.state, request)

    def _poll_linking(self, request: Request) -> Response:
        with self.lock:
            return device_flow.poll(self.state, request)

    def _strange(self, what: str) -> None:
        with self.lock:
            self.strange.append(f"{self.name}: {what}")


def mutates(request: Request) -> bool:
    """Tell whether a request to ``graphql`` holds a mutation; for faults that wait for a write."""
    try:
        document, _ = checked(json.loads(request.data)["query"])
    except (ValueError, KeyError, TypeError):
        return False
    return document is not None and is_mutation(document)


def reads(request: Request) -> bool:
    """Tell whether a request to ``graphql`` only reads."""
    return not mutates(request)
