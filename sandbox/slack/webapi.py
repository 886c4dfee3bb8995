"""The Web API: what is checked before every method, and which part does each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.slack.app import BOT_ID, App
from sandbox.slack.arguments import Arguments, arguments_of, token_of
from sandbox.slack.chat import Chat
from sandbox.slack.directory import Directory
from sandbox.slack.files import Files
from sandbox.slack.interactivity import Triggers
from sandbox.slack.limits import A_CHANNEL_BURST, MINUTE, RateLimits
from sandbox.slack.methods import METHODS, Method
from sandbox.slack.places import Places
from sandbox.slack.refused import Refused
from sandbox.slack.views import View, Views
from sandbox.slack.workspace import Kind, Workspace
from sandbox.wire import answer


class Tokens:
    """The app's two tokens. *bad* is the error that a revoked bot token answers with, or None.

    *app_scopes* are those of the app-level token.
    """

    def __init__(self, bot: str, app: str) -> None:
        self.bot, self.app = bot, app
        self.bad: str | None = None
        self.app_scopes = frozenset({"connections:write"})

    def check(self, given: str | None, method: Method) -> None:
        """Let *given* pass for *method*.

        Raises:
            Refused: missing, unknown, revoked, or of the other kind.
        """
        if not given:
            raise Refused("not_authed")
        if given not in (self.bot, self.app):
            raise Refused("invalid_auth")
        if (given == self.app) is not method.app_token:
            raise Refused("not_allowed_token_type")
        if self.bad and given == self.bot:
            raise Refused(self.bad)


class WebApi:
    """The methods over one workspace. *odd* is told of calls no bot should make.

    The caller holds the lock around ``call``.
    """

    def __init__(
        self,
        workspace: Workspace,
        app: App,
        tokens: Tokens,
        triggers: Triggers,
        views: Views,
        open_socket: Callable[[], str],
        odd: Callable[[str], None],
    ) -> None:
        self._workspace, self._app, self._tokens = workspace, app, tokens
        self._triggers, self._views = triggers, views
        self._open_socket, self._odd = open_socket, odd
        self._limits = RateLimits()
        places = Places(workspace, app)
        self.files = Files(workspace.clock)
        self.chat = Chat(workspace, app, places, views, self.files)
        directory = Directory(workspace, places)
        self.rate_limited = True
        self._methods: dict[str, Callable[[Arguments], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "apps.connections.open": self._connections_open,
            "chat.postMessage": self.chat.post,
            "chat.update": self.chat.update,
            "chat.delete": self.chat.delete,
            "chat.postEphemeral": self.chat.post_ephemeral,
            "conversations.history": self.chat.history,
            "conversations.replies": self.chat.replies,
            "conversations.info": directory.info,
            "conversations.open": directory.open,
            "files.getUploadURLExternal": self.files.begin,
            "files.completeUploadExternal": self.files.complete,
            "users.info": directory.user_info,
            "users.profile.get": directory.user_profile,
            "team.profile.get": directory.team_profile,
            "usergroups.list": directory.groups,
            "usergroups.users.list": directory.group_members,
            "views.open": self._view_open,
            "views.push": self._view_push,
            "views.update": self._view_update,
            "views.publish": self._view_publish,
        }

    def call(self, name: str, request: Request) -> Response:
        """Return Slack's answer to *request* for the method *name*."""
        method = METHODS[name]
        try:
            arguments = arguments_of(request)
            self._tokens.check(token_of(request, arguments), method)
            self._rate(name, method, arguments)
            self._check_arguments(name, method, arguments)
            self._check_scope(method, arguments)
            return answer({"ok": True, **self._methods[name](arguments)}, 200, self._scopes(method))
        except Refused as refused:
            headers = {}
            if refused.error == "ratelimited":
                headers["Retry-After"] = str(refused.more.pop("seconds"))
            said = {"ok": False, "error": refused.error, **refused.more}
            return answer(said, refused.status, headers)

    def _scopes(self, method: Method) -> dict[str, str]:
        """Return the headers that name what the token has, and what the method takes.

        Source: https://docs.slack.dev/authentication/tokens
        """
        held = self._tokens.app_scopes if method.app_token else self._app.scopes
        return {
            "X-OAuth-Scopes": ",".join(sorted(held)),
            "X-Accepted-OAuth-Scopes": (method.scope or "").format(kind=Kind.PUBLIC.value),
        }

    # what is checked before every method

    def _rate(self, name: str, method: Method, arguments: Arguments) -> None:
        if not self.rate_limited:
            return
        now = self._workspace.clock.now()
        wait = self._limits.wait_for(name, int(method.tier), MINUTE, now)
        if not wait and name == "chat.postMessage":
            key, span = f"post {arguments.get('channel')}", timedelta(seconds=A_CHANNEL_BURST)
            wait = self._limits.wait_for(key, A_CHANNEL_BURST, span, now)
        if wait:
            raise Refused("ratelimited", status=429, seconds=wait)

    def _check_arguments(self, name: str, method: Method, arguments: Arguments) -> None:
        missing = sorted(method.required - set(arguments))
        if missing:
            messages = [f"[ERROR] missing required field: {one}" for one in missing]
            raise Refused("invalid_arguments", response_metadata={"messages": messages})
        unknown = sorted(set(arguments) - method.required - method.optional - {"token"})
        if unknown:
            # The real Slack ignores most unknown arguments; a bot that sends one has a bug.
            self._odd(f"{name} got unknown arguments {unknown}")
            raise Refused("invalid_arguments", unknown=unknown)

    def _check_scope(self, method: Method, arguments: Arguments) -> None:
        if method.scope is None:
            return
        if method.app_token:
            if method.scope not in self._tokens.app_scopes:
                provided = ",".join(sorted(self._tokens.app_scopes))
                raise Refused("missing_scope", needed=method.scope, provided=provided)
            return
        channel = self._workspace.channels.get(str(arguments.get("channel")))
        kind = channel.kind if channel else Kind.PUBLIC
        needed = method.scope.format(kind=kind.value)
        if needed not in self._app.scopes:
            raise Refused(
                "missing_scope", needed=needed, provided=",".join(sorted(self._app.scopes))
            )

    # identity

    def _auth_test(self, _arguments: Arguments) -> dict[str, Any]:
        workspace = self._workspace
        return {
            "url": "https://ship.slack.example/",
            "team": "Ship",
            "team_id": workspace.team,
            "user": workspace.users[workspace.bot].name,
            "user_id": workspace.bot,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _connections_open(self, _arguments: Arguments) -> dict[str, Any]:
        return {"url": self._open_socket()}

    # views

    def _view_open(self, arguments: Arguments) -> dict[str, Any]:
        user = self._triggers.spend(arguments["trigger_id"])
        return self._viewed(self._views.open(user, arguments["view"]))

    def _view_push(self, arguments: Arguments) -> dict[str, Any]:
        user = self._triggers.spend(arguments["trigger_id"])
        return self._viewed(self._views.push(user, arguments["view"]))

    def _view_update(self, arguments: Arguments) -> dict[str, Any]:
        ids = arguments.get("view_id"), arguments.get("external_id")
        return self._viewed(self._views.update(arguments["view"], *ids, arguments.get("hash")))

    def _view_publish(self, arguments: Arguments) -> dict[str, Any]:
        user, expected = arguments["user_id"], arguments.get("hash")
        if user not in self._workspace.users:
            raise Refused("user_not_found")
        return self._viewed(self._views.publish(user, arguments["view"], expected))

    def _viewed(self, view: View) -> dict[str, Any]:
        return {"view": view.shown(self._workspace.team, self._app.id, BOT_ID)}
