"""The server side of the pretend Slack: the Web API, response_urls, and what people see.

What people do stands in ``people``.
"""

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox.slack.app import BOT_ID, App
from sandbox.slack.chat import check_blocks
from sandbox.slack.delivery import Balancer, End, Events, HttpLine, Line, Outcome, What
from sandbox.slack.interactivity import ResponseUrl, ResponseUrls, Triggers
from sandbox.slack.methods import METHODS
from sandbox.slack.payloads import Payloads
from sandbox.slack.refused import Refused
from sandbox.slack.socket_mode import Sockets
from sandbox.slack.views import View, Views
from sandbox.slack.webapi import Tokens, WebApi
from sandbox.slack.workspace import (
    Channel,
    Group,
    Kind,
    Message,
    ProfileField,
    Ticking,
    User,
    Workspace,
)
from sandbox.wire import Wire, answer

BOT = "U0SHIPMATE"
Keyboard = Literal["plain", "mac"]

RESPONSE_FIELDS = frozenset(
    {
        "text",
        "blocks",
        "attachments",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "metadata",
        "unfurl_links",
        "unfurl_media",
        "mrkdwn",
    }
)


class SlackServer(Wire):
    """One workspace with one app in it.

    *patience* is how many real seconds Slack waits for the bot. *wall* gives real Unix time: for
    signatures, which the bot holds against the wall clock, and for trigger ids. Rate limits,
    message ids and response_urls go by *clock*.
    """

    def __init__(
        self,
        clock: Ticking,
        *,
        signing_secret: str,
        bot_token: str,
        app_token: str,
        team_id: str = "T0SHIP",
        app: App | None = None,
        patience: float = 3.0,
        wall: Callable[[], float] = time.time,
        chance: random.Random | None = None,
    ) -> None:
        super().__init__("Slack")
        self.clock, self.app, self.wall = clock, app or App(), wall
        self._secret, self._patience = signing_secret, patience
        self.workspace = Workspace(clock, team_id, BOT)
        self.workspace.users[BOT] = User(BOT, self.app.name.lower(), team_id, bot=True)
        self.triggers, self.response_urls, self.views = Triggers(wall), ResponseUrls(), Views()
        self.sockets = Sockets(
            self.app.id, patience, chance or random.Random(), self._odd, self.touch
        )
        self.tokens = Tokens(bot_token, app_token)
        self.web = WebApi(
            self.workspace,
            self.app,
            self.tokens,
            self.triggers,
            self.views,
            self.sockets.new_url,
            self._odd,
        )
        self.events = Events(clock)
        self._payloads = Payloads(self.workspace, self.app)
        self._http: HttpLine | None = None
        self._balancer: Balancer | None = None
        for name in METHODS:
            self.route(name, ("GET", "POST"), f"/api/{name}", self._method(name))
        self.route("response_url", ("POST",), "/commands/<token>", self._respond)
        self.route("upload", ("POST",), "/upload/v1/<file>", self._upload)

    # life

    @property
    def api_url(self) -> str:
        """Return the base of the Web API; it ends with ``/api/``."""
        return f"{self.url}/api/"

    def connect(self, bot_url: str) -> None:
        """Send what happens to the bot at *bot_url*, unless it opens a socket by itself."""
        self._http = HttpLine(
            f"{bot_url.rstrip('/')}/slack/events", self._secret, self._patience, self.wall
        )

    def connect_in_turn(self, *bot_urls: str) -> None:
        """Send what happens to the bots at *bot_urls* in turn, as a load balancer does."""
        self._balancer = Balancer(
            [
                HttpLine(f"{url}/slack/events", self._secret, self._patience, self.wall)
                for url in bot_urls
            ]
        )

    def start(self) -> str:
        """Listen, and let uploads come here, too."""
        self.web.files.base = super().start()
        return self.web.files.base

    def stop(self) -> None:
        """Stop everything."""
        self.events.stop()
        self.sockets.stop()
        super().stop()

    def unknown(self, request: Request, missing: HTTPException) -> Response:
        """Answer a method that the fake does not know, as Slack does."""
        if request.path.startswith("/api/"):
            method = request.path.removeprefix("/api/")
            return answer({"ok": False, "error": "unknown_method", "req_method": method})
        return super().unknown(request, missing)

    def _method(self, name: str) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            with self.lock:
                return self.web.call(name, request)

        return handle

    def _upload(self, request: Request, file: str) -> Response:
        with self.lock:
            return self.web.files.take(request, file)

    def _odd(self, what: str) -> None:
        with self.lock:
            self.strange.append(f"Slack: {what}")

    @property
    def rate_limited(self) -> bool:
        """Tell whether the tiers' limits hold; on at the start."""
        return self.web.rate_limited

    @rate_limited.setter
    def rate_limited(self, on: bool) -> None:
        self.web.rate_limited = on

    @property
    def new_blocks(self) -> bool:
        """Tell whether the newer blocks have reached this workspace; they have at the start."""
        return self.views.new_blocks

    @new_blocks.setter
    def new_blocks(self, there: bool) -> None:
        self.views.new_blocks = there

    # people and places

    def add_user(
        self,
        id: str,  # noqa: A002  # Slack's own word
        name: str,
        *,
        guest: bool = False,
        bot: bool = False,
        deleted: bool = False,
        stranger: bool = False,
        team: str | None = None,
        profile: Mapping[str, str] | None = None,
    ) -> User:
        """Add a person; a *stranger* is of another workspace, here through a shared channel."""
        home = team or ("T0OTHER" if stranger else self.workspace.team)
        user = User(id, name, home, guest, bot, deleted, stranger, profile or {})
        with self.lock:
            self.workspace.users[id] = user
        return user

    def add_channel(
        self,
        id: str,  # noqa: A002  # Slack's own word
        name: str,
        *members: str,
        private: bool = False,
        with_bot: bool = True,
    ) -> Channel:
        """Add a channel; the bot is in it unless *with_bot* is False."""
        kind = Kind.PRIVATE if private else Kind.PUBLIC
        channel = Channel(id, name, kind, {*members, BOT} if with_bot else {*members})
        with self.lock:
            self.workspace.channels[id] = channel
        return channel

    def archive(self, channel: str) -> None:
        """Archive a channel."""
        with self.lock:
            self.workspace.channels[channel].archived = True

    def add_group(self, id: str, handle: str, *members: str) -> Group:  # noqa: A002  # Slack's word
        """Add a user group, typed as ``@handle``."""
        with self.lock:
            self.workspace.groups[id] = Group(id, handle, members)
            return self.workspace.groups[id]

    def add_field(self, field: ProfileField) -> None:
        """Add a custom profile field."""
        with self.lock:
            self.workspace.fields[field.id] = field

    # what people see

    def messages(self, channel: str, thread: str | None = None) -> list[Message]:
        """Return the messages of *channel* in order, or the replies in *thread*."""
        with self.lock:
            found = self.workspace.in_channel(channel)
        if thread is not None:
            return [message for message in found if message.thread == thread]
        return [message for message in found if message.thread is None or message.broadcast]

    def cards(self, channel: str | None = None) -> list[Message]:
        """Return the bot's messages that carry metadata, oldest first."""
        with self.lock:
            found = sorted(
                (one for one in self.workspace.messages.values() if one.metadata),
                key=lambda message: message.ts,
            )
        return [one for one in found if one.user == BOT and channel in (None, one.channel)]

    def card(self, key: str | None = None, channel: str | None = None) -> Message:
        """Return the newest card; with *key*, the newest whose metadata holds it.

        Raises:
            LookupError: there is none.
        """
        for card in reversed(self.cards(channel)):
            if key is None or key in (card.metadata or {})["event_payload"].values():
                return card
        raise LookupError(f"no card {key or ''}")

    def current(self, message: Message) -> Message | None:
        """Return *message* as it stands now, or None when it is gone."""
        with self.lock:
            place = self.workspace.ephemerals if message.only_for else self.workspace.messages
            return place.get((message.channel, message.ts))

    def ephemerals(self, user: str) -> list[Message]:
        """Return what only *user* sees, oldest first."""
        with self.lock:
            found = [one for one in self.workspace.ephemerals.values() if one.only_for == user]
        return sorted(found, key=lambda message: message.ts)

    def dm(self, user: str) -> list[Message]:
        """Return the private conversation of *user* and the bot."""
        with self.lock:
            return self.workspace.in_channel(self.workspace.direct_channel(user).id)

    def modal(self, user: str) -> View | None:
        """Return the modal that *user* sees, or None."""
        with self.lock:
            return self.views.top(user)

    def home(self, user: str) -> View | None:
        """Return the home tab that *user* sees, or None."""
        with self.lock:
            return self.views.homes.get(user)

    # inside

    def _person(self, user: str) -> User:
        known = self.workspace.users[user]
        assert not known.deleted, f"{known.name} is deactivated and can do nothing"
        return known

    def _line(self) -> Line:
        if self.sockets.used:
            return self.sockets
        return self._balancer or self._http or _NOWHERE

    def _send(self, what: What, payload: Mapping[str, Any]) -> Outcome:
        outcome = self._line().send(what, payload)
        self.touch()
        return outcome

    def _shown(self, view: View) -> dict[str, Any]:
        return view.shown(self.workspace.team, self.app.id, BOT_ID)

    # response_url

    def _respond(self, request: Request, token: str) -> Response:
        with self.lock:
            try:
                place = self.response_urls.use(token, self.clock.now())
                said = self._response(request)
                self._act(place, said)
            except Refused as refused:
                status = refused.status if refused.status != 200 else 400
                return answer({"ok": False, "error": refused.error, **refused.more}, status)
        return Response("ok", content_type="text/html")

    def _response(self, request: Request) -> dict[str, Any]:
        try:
            said = json.loads(request.get_data())
        except ValueError as broken:
            raise Refused("invalid_payload", status=400) from broken
        unknown = sorted(set(said) - RESPONSE_FIELDS)
        if unknown:
            self._odd(f"a response_url got unknown fields {unknown}")
            raise Refused("invalid_payload", status=400)
        if not said.get("delete_original") and not said.get("text") and not said.get("blocks"):
            raise Refused("no_text", status=400)
        blocks = said.get("blocks") or []
        check_blocks(blocks, self.web.files, new_blocks=self.new_blocks)
        return dict(said)

    def _act(self, place: ResponseUrl, said: Mapping[str, Any]) -> None:
        """Post, replace or delete; the message of a command itself cannot be changed."""
        text, blocks = str(said.get("text", "")), said.get("blocks") or []
        original = self._original(place)
        if original is not None and said.get("delete_original"):
            self.workspace.remove(original)
        elif original is not None and said.get("replace_original") and "thread_ts" not in said:
            self.workspace.edit(original, text, blocks, None)
        elif text or blocks:
            public = said.get("response_type") == "in_channel"
            self.workspace.post(
                place.channel,
                BOT,
                text,
                blocks,
                thread=said.get("thread_ts"),
                metadata=said.get("metadata"),
                only_for=None if public else place.user,
            )

    def _original(self, place: ResponseUrl) -> Message | None:
        """Return the message that the action was on, as it stands now."""
        if place.message is None:
            return None
        where = self.workspace.ephemerals if place.message.only_for else self.workspace.messages
        return where.get((place.message.channel, place.message.ts))


class _Nowhere:
    """The line of an app that has no address and no socket."""

    def send(self, *_: Any) -> Outcome:
        return Outcome(End.UNREACHED)


_NOWHERE = _Nowhere()
