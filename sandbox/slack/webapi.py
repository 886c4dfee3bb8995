"""The Web API: what each method does to the workspace, and every way it says no."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.slack.app import App
from sandbox.slack.blocks import Surface, flaws, too_long_together
from sandbox.slack.interactivity import Triggers
from sandbox.slack.limits import A_CHANNEL_BURST, MINUTE, RateLimits
from sandbox.slack.methods import METHODS, Method
from sandbox.slack.refused import Refused
from sandbox.slack.views import View, Views
from sandbox.slack.workspace import Channel, Kind, Message, Workspace, seconds
from sandbox.wire import answer

POST_TEXT_LIMIT = 40_000
UPDATE_TEXT_LIMIT = 4_000
METADATA_LIMIT = 16_000
PAGE = 100
LARGEST_PAGE = 999
BOT_ID = "B0SHIP"

_STRUCTURED = ("blocks", "attachments", "metadata", "view")
Arguments = dict[str, Any]


class Tokens:
    """The app's two tokens. *bad* is the error that a revoked bot token answers with, or None."""

    def __init__(self, bot: str, app: str) -> None:
        self.bot, self.app = bot, app
        self.bad: str | None = None

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
        self.rate_limited = True
        self._methods: dict[str, Callable[[Arguments], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "apps.connections.open": self._connections_open,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._post_ephemeral,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.info": self._info,
            "conversations.open": self._open,
            "users.info": self._user_info,
            "users.profile.get": self._user_profile,
            "team.profile.get": self._team_profile,
            "usergroups.list": self._groups,
            "usergroups.users.list": self._group_members,
            "views.open": self._view_open,
            "views.push": self._view_push,
            "views.update": self._view_update,
            "views.publish": self._view_publish,
        }

    def call(self, name: str, request: Request) -> Response:
        """Return Slack's answer to *request* for the method *name*."""
        method = METHODS[name]
        try:
            arguments = _arguments(request)
            self._tokens.check(_token(request, arguments), method)
            self._rate(name, method, arguments)
            self._check_arguments(name, method, arguments)
            self._check_scope(method, arguments)
            return answer({"ok": True, **self._methods[name](arguments)})
        except Refused as refused:
            headers = {}
            if refused.error == "ratelimited":
                headers["Retry-After"] = str(refused.more.pop("seconds"))
            said = {"ok": False, "error": refused.error, **refused.more}
            return answer(said, refused.status, headers)

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
        if method.scope is None or method.app_token:
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

    # messages

    def _post(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._writable(arguments["channel"])
        self._check_content(arguments)
        thread = arguments.get("thread_ts")
        if thread is not None and (channel.id, thread) not in self._workspace.messages:
            raise Refused("thread_not_found")
        message = self._workspace.post(
            channel.id,
            self._workspace.bot,
            str(arguments.get("text", ""))[:POST_TEXT_LIMIT],
            arguments.get("blocks") or (),
            thread=thread,
            broadcast=_true(arguments.get("reply_broadcast")),
            metadata=self._metadata(arguments),
            unfurl=_true(arguments.get("unfurl_links", False)),
        )
        shown = self.shown(message, with_metadata=True)
        return {"channel": channel.id, "ts": message.ts, "message": shown}

    def _update(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._visible(arguments["channel"])
        if channel.archived:
            raise Refused("is_inactive")
        message = self._own(channel, arguments["ts"], "cant_update_message")
        window = self._workspace.edit_window
        if window is not None and self._workspace.clock.now() - message.versions[0].at > window:
            raise Refused("edit_window_closed")
        text = arguments.get("text")
        if text is not None and len(str(text)) > UPDATE_TEXT_LIMIT:
            raise Refused("msg_too_long")
        self._check_content(arguments)
        if "blocks" in arguments:
            blocks: Sequence[Mapping[str, Any]] = arguments["blocks"]
        else:
            # Text alone removes the blocks; without text they stay.
            blocks = () if text is not None else message.blocks
        edited = self._workspace.edit(
            message,
            message.text if text is None else str(text),
            blocks,
            self._metadata(arguments),
        )
        return {
            "channel": channel.id,
            "ts": message.ts,
            "text": edited.text,
            "message": self.shown(edited, with_metadata=True),
        }

    def _delete(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._visible(arguments["channel"])
        message = self._own(channel, arguments["ts"], "cant_delete_message")
        self._workspace.remove(message)
        return {"channel": channel.id, "ts": message.ts}

    def _post_ephemeral(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._writable(arguments["channel"])
        user = arguments["user"]
        if user not in channel.members:
            raise Refused("user_not_in_channel")
        self._check_content(arguments)
        message = self._workspace.post(
            channel.id,
            self._workspace.bot,
            str(arguments.get("text", "")),
            arguments.get("blocks") or (),
            thread=arguments.get("thread_ts"),
            only_for=user,
        )
        return {"message_ts": message.ts}

    def _history(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._readable(arguments["channel"])
        shown = [
            message
            for message in self._workspace.in_channel(channel.id)
            if message.thread is None or message.broadcast
        ]
        return self._page(list(reversed(shown)), arguments)

    def _replies(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._readable(arguments["channel"])
        parent = arguments["ts"]
        if (channel.id, parent) not in self._workspace.messages:
            raise Refused("thread_not_found")
        thread = [
            message
            for message in self._workspace.in_channel(channel.id)
            if parent in (message.ts, message.thread)
        ]
        return self._page(thread, arguments)

    def _page(self, messages: list[Message], arguments: Arguments) -> dict[str, Any]:
        limit = min(int(arguments.get("limit", PAGE)), LARGEST_PAGE)
        inclusive = _true(arguments.get("inclusive"))
        oldest, latest = arguments.get("oldest"), arguments.get("latest")
        kept = [one for one in messages if _within(one.ts, oldest, latest, inclusive=inclusive)]
        start = _cursor(arguments.get("cursor"))
        page, rest = kept[start : start + limit], kept[start + limit :]
        with_metadata = _true(arguments.get("include_all_metadata"))
        following = f"next_ts:{start + limit}" if rest else ""
        return {
            "messages": [self.shown(one, with_metadata=with_metadata) for one in page],
            "has_more": bool(rest),
            "response_metadata": {"next_cursor": following},
        }

    def shown(self, message: Message, *, with_metadata: bool) -> dict[str, Any]:
        """Return *message* as answers and payloads show it."""
        shown: dict[str, Any] = {
            "type": "message",
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "team": self._workspace.team,
        }
        if message.user == self._workspace.bot:
            shown |= {"bot_id": BOT_ID, "app_id": self._app.id}
        if message.blocks:
            shown["blocks"] = list(message.blocks)
        if message.thread:
            shown["thread_ts"] = message.thread
        if message.metadata:
            shown["metadata"] = (
                dict(message.metadata)
                if with_metadata
                else {"event_type": message.metadata["event_type"]}
            )
        if len(message.versions) > 1:
            shown["edited"] = {"user": message.user, "ts": message.ts}
        return shown

    # conversations and people

    def _info(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._visible(arguments["channel"])
        return {
            "channel": {
                "id": channel.id,
                "name": channel.name,
                "is_channel": channel.kind is Kind.PUBLIC,
                "is_im": channel.kind is Kind.DIRECT,
                "is_private": channel.kind is not Kind.PUBLIC,
                "is_archived": channel.archived,
                "is_member": self._workspace.bot in channel.members,
            }
        }

    def _open(self, arguments: Arguments) -> dict[str, Any]:
        users = [one for one in str(arguments.get("users", "")).split(",") if one]
        if len(users) != 1:
            raise Refused("missing_scope" if users else "users_list_not_supplied")
        user = self._workspace.users.get(users[0])
        if user is None:
            raise Refused("user_not_found")
        if user.deleted:
            raise Refused("user_disabled")
        if user.bot:
            raise Refused("cannot_dm_bot")
        return {"channel": {"id": self._workspace.direct_channel(user.id).id}}

    def _user_info(self, arguments: Arguments) -> dict[str, Any]:
        user = self._workspace.users.get(arguments["user"])
        if user is None:
            raise Refused("user_not_found")
        return {"user": user.shown()}

    def _user_profile(self, arguments: Arguments) -> dict[str, Any]:
        user = self._workspace.users.get(str(arguments.get("user", self._workspace.bot)))
        if user is None:
            raise Refused("user_not_found")
        fields = {name: {"value": value, "alt": ""} for name, value in user.profile.items()}
        return {"profile": {**user.shown()["profile"], "fields": fields}}

    def _team_profile(self, _arguments: Arguments) -> dict[str, Any]:
        fields = [
            {
                "id": one.id,
                "ordering": index,
                "label": one.label,
                "type": "text",
                "options": {"is_protected": one.protected, "is_scim": one.scim},
            }
            for index, one in enumerate(self._workspace.fields.values())
        ]
        return {"profile": {"fields": fields}}

    def _groups(self, arguments: Arguments) -> dict[str, Any]:
        with_users = _true(arguments.get("include_users"))
        return {
            "usergroups": [
                {"id": group.id, "handle": group.handle, "name": group.handle}
                | ({"users": list(group.members)} if with_users else {})
                for group in self._workspace.groups.values()
            ]
        }

    def _group_members(self, arguments: Arguments) -> dict[str, Any]:
        group = self._workspace.groups.get(arguments["usergroup"])
        if group is None:
            raise Refused("no_such_subteam")
        return {"users": list(group.members)}

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

    # what several methods ask

    def _visible(self, name: Any) -> Channel:
        """Return a conversation that the bot may know of."""
        channel = self._workspace.channels.get(str(name))
        if channel is None:
            raise Refused("channel_not_found")
        if channel.kind is not Kind.PUBLIC and self._workspace.bot not in channel.members:
            raise Refused("channel_not_found")
        return channel

    def _readable(self, name: Any) -> Channel:
        channel = self._visible(name)
        if self._workspace.bot not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def _writable(self, name: Any) -> Channel:
        """Return the conversation to post to; a user id means the bot's conversation with them."""
        user = self._workspace.users.get(str(name))
        channel = self._workspace.direct_channel(user.id) if user else self._visible(name)
        if channel.archived:
            raise Refused("is_archived")
        outside = self._workspace.bot not in channel.members
        if outside and "chat:write.public" not in self._app.scopes:
            raise Refused("not_in_channel")
        return channel

    def _own(self, channel: Channel, ts: Any, foreign: str) -> Message:
        """Return the bot's own message; ephemeral ones are never found."""
        message = self._workspace.messages.get((channel.id, str(ts)))
        if message is None:
            raise Refused("message_not_found")
        if message.user != self._workspace.bot:
            raise Refused(foreign)
        return message

    def _check_content(self, arguments: Arguments) -> None:
        if not any(
            arguments.get(one) for one in ("text", "blocks", "attachments", "markdown_text")
        ):
            raise Refused("no_text")
        if "blocks" in arguments:
            check_blocks(arguments["blocks"], new_blocks=self._views.new_blocks)

    def _metadata(self, arguments: Arguments) -> Mapping[str, Any] | None:
        """Return the metadata given; None when none was, empty to remove what there is."""
        metadata = arguments.get("metadata")
        if metadata is None or metadata == {}:
            return metadata
        shaped = (
            isinstance(metadata, dict)
            and set(metadata) == {"event_type", "event_payload"}
            and isinstance(metadata["event_type"], str)
            and isinstance(metadata["event_payload"], dict)
        )
        if not shaped:
            raise Refused("invalid_metadata_format")
        if len(json.dumps(metadata)) > METADATA_LIMIT:
            raise Refused("metadata_too_large")
        return dict(metadata)


def check_blocks(blocks: Any, *, new_blocks: bool) -> None:
    """Let the blocks of a message pass.

    Raises:
        Refused: Slack would not take them; the flaws come with it.
    """
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    found = flaws(blocks, Surface.MESSAGE, new_blocks=new_blocks)
    if found:
        messages = [f"[ERROR] {flaw}" for flaw in found]
        raise Refused("invalid_blocks", errors=found, response_metadata={"messages": messages})
    if too_long_together(blocks):
        raise Refused("msg_blocks_too_long")


def _arguments(request: Request) -> Arguments:
    """Return the arguments, from JSON or from a form; what is structured comes out as objects."""
    query: Arguments = dict(request.args)
    if request.mimetype == "application/json" and request.get_data():
        try:
            given = json.loads(request.get_data())
        except ValueError as broken:
            raise Refused("invalid_json") from broken
        if not isinstance(given, dict):
            raise Refused("json_not_object")
        return query | given
    given = query | dict(request.form)
    for name in _STRUCTURED:
        if isinstance(given.get(name), str):
            try:
                given[name] = json.loads(given[name])
            except ValueError as broken:
                raise Refused(f"invalid_{name}_format") from broken
    return given


def _token(request: Request, arguments: Arguments) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else arguments.get("token")


def _true(value: Any) -> bool:
    return value is True or str(value).lower() in ("1", "true")


def _within(ts: str, oldest: Any, latest: Any, *, inclusive: bool) -> bool:
    at = seconds(ts)
    if oldest is not None:
        first = seconds(str(oldest))
        if at < first or (at == first and not inclusive):
            return False
    if latest is not None:
        last = seconds(str(latest))
        return at < last or (at == last and inclusive)
    return True


def _cursor(cursor: Any) -> int:
    if not cursor:
        return 0
    name, _, start = str(cursor).partition(":")
    if name != "next_ts" or not start.isdigit():
        raise Refused("invalid_cursor")
    return int(start)
