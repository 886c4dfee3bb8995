"""Slack's Web API: posts and edits the messages of operations, finds its own, looks people up.

What comes in from Slack (commands, mentions) is not here: that is listened to in ``handlers``.
"""

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from pydantic import SecretStr
from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler

from bot.adapters import slack_files
from bot.adapters.calls import OnAnswer, OnCall, nobody_hears, nobody_listens
from bot.adapters.slack_calls import CountedClient
from bot.adapters.slack_refusals import refused
from bot.domain.errors import Garbled, Rejected, Unavailable
from bot.domain.message import Message

EVENT_TYPE: Final = "shipmate_operation"
"""The metadata type of our messages; the payload's ``key`` says which operation."""

PAGE: Final = 200
PAGES: Final = 10
SKEW: Final = timedelta(minutes=2)
"""How far Slack's clock and ours may disagree when a message is looked for."""

SLACKBOT: Final = "USLACKBOT"  # Slack itself says is_bot: false of it


@dataclass(frozen=True, slots=True)
class Posted:
    """A message in Slack. *channel* is the conversation's id, *ts* the message's."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A modal that somebody sees: its *id*, and the *hash* that changes when its content does."""

    id: str
    hash: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack. *name* is what they call themselves: to be shown, never to be trusted.

    *team* is the workspace they belong to; *is_stranger* when that is not ours, *is_guest* when
    they see a part of ours. *zone* is the IANA name of their time zone, or empty.
    """

    id: str
    name: str
    team: str
    is_bot: bool
    is_guest: bool
    is_stranger: bool
    deleted: bool
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in Slack: the bot's user id, its bot id, the workspace's id and name."""

    user: str
    bot: str
    team: str
    team_name: str


def as_it_is(shown: Any) -> Any:
    """Return what is *shown* unchanged."""
    return shown


class Slack:
    """The workspace, as the bot may act in it. One object serves all threads.

    *base_url* is Slack's own or a pretend one's; *timeout* is for each call. *token* is asked for
    at each. Whatever people are to see goes through *put*.
    """

    def __init__(
        self,
        token: SecretStr | str,
        base_url: str,
        timeout: timedelta,
        *,
        put: Callable[[Any], Any] = as_it_is,
        on_call: OnCall = nobody_listens,
        on_answer: OnAnswer = nobody_hears,
    ) -> None:
        seconds = self._seconds = int(timeout.total_seconds())
        # The SDK's default sends a POST again when the line drops after Slack has read it: the
        # message would stand there twice. So what writes never repeats by itself, what reads may.
        self._writer = CountedClient(
            token,
            base_url=base_url,
            timeout=seconds,
            retry_handlers=[],
            on_call=on_call,
            on_answer=on_answer,
        )
        self._reader = CountedClient(
            token,
            base_url=base_url,
            timeout=seconds,
            retry_handlers=[ConnectionErrorRetryHandler(max_retry_count=1)],
            on_call=on_call,
            on_answer=on_answer,
        )
        # The SDK takes HTTPS_PROXY but not NO_PROXY from the environment.
        if proxy_bypass(urlsplit(base_url).hostname or ""):
            self._writer.proxy = self._reader.proxy = None
        self._put = put
        self._identity: Identity | None = None

    def whoami(self) -> Identity:
        """Return who our token makes us. Asked once, then remembered."""
        if self._identity is None:
            self._identity = self.asked_who()
        return self._identity

    def asked_who(self) -> Identity:
        """Ask who our token makes us, whatever is remembered: tells whether it is taken.

        Source: https://docs.slack.dev/reference/methods/auth.test
        """
        doing = "say who we are"
        answer = _ask(self._reader, doing, "auth.test", {}, as_form=True)
        names = ("user_id", "bot_id", "team_id", "team")
        return Identity(*(_text(answer, name, doing) for name in names))

    def post(
        self, channel: str, message: Message, *, key: str, thread: str | None = None
    ) -> Posted:
        """Post *message* for all to see and return where it stands.

        *key* names the operation in the message's metadata, so that ``find`` knows it again.
        A call without an answer may have posted: ``find`` before posting again.

        Source: https://docs.slack.dev/reference/methods/chat.postMessage
        """
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        doing = f"post to {channel}"
        arguments = self._content(message) | _quiet() | {"channel": channel, "metadata": metadata}
        if thread is not None:
            arguments["thread_ts"] = thread
        return _posted(_ask(self._writer, doing, "chat.postMessage", arguments), doing)

    def find(
        self, channel: str, key: str, since: datetime, thread: str | None = None
    ) -> Posted | None:
        """Return our own message with *key* posted after *since*, or None.

        Replies do not show in a channel's history: *thread* is where a reply would stand. At most
        2,000 messages are looked through, newest first (in a thread oldest first).

        Source: https://docs.slack.dev/reference/methods/conversations.history
        """
        doing = f"look through {channel}"
        method = "conversations.history" if thread is None else "conversations.replies"
        arguments: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - SKEW).timestamp():.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        if thread is not None:
            arguments["ts"] = thread
        for _ in range(PAGES):
            answer = _ask(self._reader, doing, method, arguments, as_form=True)
            for message in _list(answer, "messages", doing):
                if self._is_ours(message, key):
                    return Posted(channel, _text(message, "ts", doing))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            arguments["cursor"] = cursor
        return None

    def _is_ours(self, message: Any, key: str) -> bool:
        """Tell whether *message* carries *key* and was not written by another app."""
        if not isinstance(message, Mapping):
            return False
        match message.get("metadata"):
            case {"event_type": kind, "event_payload": {"key": found}}:
                ours = (kind, found) == (EVENT_TYPE, key)
                return ours and message.get("user") == self.whoami().user
            case _:
                return False

    def update(self, posted: Posted, message: Message) -> None:
        """Replace what *posted* says. Its metadata stays.

        Raises:
            NotFound: somebody has deleted it.

        Source: https://docs.slack.dev/reference/methods/chat.update
        """
        # Blocks always go along, if only as an empty list: text alone would drop the old ones
        # and no text would keep them, and we want neither to depend on the message.
        arguments = self._content(message) | {"channel": posted.channel, "ts": posted.ts}
        doing = f"edit a message in {posted.channel}"
        _posted(_ask(self._writer, doing, "chat.update", arguments), doing)

    def post_ephemeral(
        self, channel: str, user: str, message: Message, thread: str | None = None
    ) -> None:
        """Show *message* to *user* alone, in *channel*. Slack neither keeps nor guarantees it.

        Source: https://docs.slack.dev/reference/methods/chat.postEphemeral
        """
        arguments = self._content(message) | {"channel": channel, "user": user}
        if thread is not None:
            arguments["thread_ts"] = thread
        _ask(self._writer, f"tell {user} in {channel}", "chat.postEphemeral", arguments)

    def direct(
        self, user: str, message: Message, *, key: str, since: datetime | None = None
    ) -> Posted:
        """Send *message* to *user* in private and return where it stands.

        With *since*, a message of the same *key* sent after it is found and not sent again.

        Source: https://docs.slack.dev/reference/methods/conversations.open
        """
        doing = f"write to {user}"
        answer = _ask(self._writer, doing, "conversations.open", {"users": user})
        channel = _text(_dict(answer, "channel", doing), "id", doing)
        if since is not None and (found := self.find(channel, key, since)) is not None:
            return found
        return self.post(channel, message, key=key)

    def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer a command or a click, to the person alone, by the address Slack gave for it.

        With *replace* the answer takes the place of the message that was clicked on. The address
        takes 5 answers within 30 minutes.

        Source: https://docs.slack.dev/interactivity/handling-user-interaction
        """
        doing = "answer a command"
        client = WebhookClient(
            response_url, timeout=self._seconds, retry_handlers=[], proxy=self._writer.proxy
        )
        content = self._content(message)
        try:
            response = client.send(
                text=content["text"],
                blocks=content["blocks"],
                response_type="ephemeral",
                replace_original=replace,
            )
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("Slack", doing, _why(error)) from error
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable("Slack", doing, f"status {response.status_code}")
        if response.status_code != HTTPStatus.OK:
            raise Rejected("Slack", doing, f"status {response.status_code}")

    def upload(self, name: str, content: bytes, alt: str) -> str:
        """Upload a file and return its id, by which messages show it; nobody sees it until then.

        A message that shows it within the first seconds is refused: Slack is not done with it yet.

        Source: https://docs.slack.dev/messaging/working-with-files#upload
        """
        doing = f"take {name}"
        asked = {"filename": name, "length": len(content), "alt_txt": alt}
        method = "files.getUploadURLExternal"
        answer = _ask(self._writer, doing, method, asked, as_form=True)
        file = _text(answer, "file_id", doing)
        slack_files.send(_text(answer, "upload_url", doing), content, self._seconds)
        done = {"files": [{"id": file, "title": name}]}
        _ask(self._writer, doing, "files.completeUploadExternal", done)
        return file

    def open_view(self, trigger: str, view: Mapping[str, Any]) -> Opened:
        """Show *view* to whoever caused *trigger*, which serves once and for 3 s.

        Raises:
            Rejected: the trigger is too old or used.

        Source: https://docs.slack.dev/reference/methods/views.open
        """
        doing = "open a form"
        arguments = {"trigger_id": trigger, "view": self._put(dict(view))}
        return _opened(_ask(self._writer, doing, "views.open", arguments), doing)

    def update_view(
        self,
        view_id: str,
        view: Mapping[str, Any],
        expected: str | None = None,
    ) -> Opened:
        """Replace the content of an open modal. *expected* is the hash last seen; None: any.

        Raises:
            Conflict: its content has changed since *expected*.
            NotFound: it was closed.

        Source: https://docs.slack.dev/reference/methods/views.update
        """
        doing = "fill a form"
        arguments: dict[str, Any] = {"view_id": view_id, "view": self._put(dict(view))}
        if expected is not None:
            arguments["hash"] = expected
        return _opened(_ask(self._writer, doing, "views.update", arguments), doing)

    def _content(self, message: Message) -> dict[str, Any]:
        blocks = [dict(block) for block in message.blocks]
        return {"text": self._put(message.text), "blocks": self._put(blocks)}

    def person(self, user: str) -> Person:
        """Return who the user id belongs to.

        Raises:
            NotFound: no such user, or one we may not see.

        Source: https://docs.slack.dev/reference/objects/user-object
        """
        doing = f"look up {user}"
        answer = _ask(self._reader, doing, "users.info", {"user": user}, as_form=True)
        found = _dict(answer, "user", doing)
        team = _text(found, "team_id", doing)
        return Person(
            id=_text(found, "id", doing),
            name=_name(found),
            team=team,
            is_bot=found.get("is_bot") is True or found.get("id") == SLACKBOT,
            is_guest=found.get("is_restricted") is True or found.get("is_ultra_restricted") is True,
            is_stranger=found.get("is_stranger") is True or team != self.whoami().team,
            deleted=found.get("deleted") is True,
            zone=zone if isinstance(zone := found.get("tz"), str) else "",
        )

    def profile_value(self, user: str, field: str) -> str:
        """Return what stands in a custom profile *field* (its id) of *user*; empty: nothing.

        Source: https://docs.slack.dev/reference/methods/users.profile.get
        """
        doing = f"read the profile of {user}"
        answer = _ask(self._reader, doing, "users.profile.get", {"user": user}, as_form=True)
        # An empty set of fields comes as a list or as null.
        fields = _dict(answer, "profile", doing).get("fields") or {}
        value = fields.get(field) if isinstance(fields, Mapping) else None
        return str(value.get("value") or "") if isinstance(value, Mapping) else ""

    def protected_fields(self) -> frozenset[str]:
        """Return the ids of the custom profile fields that people cannot fill in themselves.

        Those are the fields that only admins edit (``is_protected``) or a directory fills
        (``is_scim``). What does not say so with a plain true is not one.

        Source: https://docs.slack.dev/reference/methods/team.profile.get
        """
        doing = "read which profile fields are protected"
        answer = _ask(self._reader, doing, "team.profile.get", {}, as_form=True)
        fields = _list(_dict(answer, "profile", doing), "fields", doing)
        return frozenset(_text(one, "id", doing) for one in fields if _is_protected(one))


def _ask(
    client: WebClient, doing: str, method: str, arguments: dict[str, Any], *, as_form: bool = False
) -> Mapping[str, Any]:
    """Call *method* and return its answer, or raise one of our errors."""
    try:
        if as_form:  # methods that only read take no JSON
            response = client.api_call(method, params=arguments)
        else:
            response = client.api_call(method, json=arguments)
    except SlackApiError as error:
        raise refused(error.response, doing) from error
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable("Slack", doing, _why(error)) from error
    except (AttributeError, ValueError) as error:  # the SDK itself trips over a strange body
        raise Garbled("Slack", doing, type(error).__name__) from None
    if not isinstance(response.data, dict):
        raise Garbled("Slack", doing, "an answer that is no object")
    return response.data


def _why(error: Exception) -> str:
    """Return what the system says of a lost connection, or the kind of error; no address."""
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or type(reason).__name__


def _quiet() -> dict[str, Any]:
    """Return the arguments that keep Slack from showing previews of links."""
    return {"unfurl_links": False, "unfurl_media": False}


def _posted(answer: Mapping[str, Any], doing: str) -> Posted:
    return Posted(_text(answer, "channel", doing), _text(answer, "ts", doing))


def _opened(answer: Mapping[str, Any], doing: str) -> Opened:
    view = _dict(answer, "view", doing)
    return Opened(_text(view, "id", doing), _text(view, "hash", doing))


def _text(holder: Any, name: str, doing: str) -> str:
    value = holder.get(name) if isinstance(holder, Mapping) else None
    if not isinstance(value, str) or not value:
        raise Garbled("Slack", doing, f"no {name} in the answer")
    return value


def _dict(holder: Mapping[str, Any], name: str, doing: str) -> Mapping[str, Any]:
    value = holder.get(name)
    if not isinstance(value, Mapping):
        raise Garbled("Slack", doing, f"no {name} in the answer")
    return value


def _list(holder: Mapping[str, Any], name: str, doing: str) -> list[Any]:
    value = holder.get(name)
    if not isinstance(value, list):
        raise Garbled("Slack", doing, f"no {name} in the answer")
    return value


def _is_protected(field: Any) -> bool:
    options = field.get("options") if isinstance(field, Mapping) else None
    if not isinstance(options, Mapping):
        return False
    return options.get("is_protected") is True or options.get("is_scim") is True


def _name(user: Mapping[str, Any]) -> str:
    """Return the name people chose, or the nearest thing to one."""
    profile = user.get("profile")
    places = [profile if isinstance(profile, Mapping) else {}, user]
    for name in ("display_name", "real_name", "name"):
        for place in places:
            value = place.get(name)
            if isinstance(value, str) and value:
                return value
    return str(user.get("id"))
