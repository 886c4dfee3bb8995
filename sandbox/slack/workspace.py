"""The workspace: people, channels, messages with all their versions, user groups, profiles.

State only. What may be done to it over the Web API stands in ``webapi``; the caller holds the lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any, Protocol

from sandbox.slack.contents import filled, words

Blocks = tuple[dict[str, Any], ...]


class Ticking(Protocol):
    """The clock of the pretend world."""

    def now(self) -> datetime:
        """Return the aware UTC time."""

    def pause(self, span: timedelta) -> float:
        """Return the real seconds that *span* takes."""


class Kind(StrEnum):
    """What kind of conversation a channel is; each has a history scope of its own."""

    PUBLIC = "channels"
    PRIVATE = "groups"
    DIRECT = "im"


@dataclass(frozen=True, slots=True)
class User:
    """A person or bot. *team* is the workspace they belong to; a *stranger* comes from another."""

    id: str
    name: str
    team: str
    guest: bool = False
    bot: bool = False
    deleted: bool = False
    stranger: bool = False
    profile: Mapping[str, str] = field(default_factory=dict)  # custom fields by field id

    def shown(self) -> dict[str, Any]:
        """Return the user object of ``users.info``.

        Source: https://docs.slack.dev/reference/objects/user-object
        """
        user: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "deleted": self.deleted,
            "profile": {
                "real_name": self.name.title(),
                "display_name": self.name,
                "team": self.team,
            },
            "is_bot": self.bot,
            "updated": 1_700_000_000,
        }
        if self.deleted:
            return user
        user |= {"real_name": self.name.title(), "tz": "Asia/Seoul", "is_app_user": False}
        user |= dict.fromkeys(("is_admin", "is_owner", "is_primary_owner"), False)
        user |= {"is_restricted": self.guest, "is_ultra_restricted": False}
        if self.stranger:
            user["is_stranger"] = True
        return user


@dataclass
class Channel:
    """A conversation. *members* are user ids."""

    id: str
    name: str
    kind: Kind
    members: set[str]
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said at one time."""

    at: datetime
    text: str
    blocks: Blocks

    @property
    def words(self) -> str:
        """Return all that can be read in it: the text, then each text of the blocks."""
        return "\n".join(filter(None, (self.text, words(self.blocks))))


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands now, and everything it said before; the last version is the newest.

    *thread* is the parent's ts, or None. *metadata* is what the app attached, or None.
    *only_for* is the user id who alone sees an ephemeral message; None for a real one.
    """

    channel: str
    ts: str
    user: str
    versions: tuple[Version, ...]
    thread: str | None = None
    broadcast: bool = False
    metadata: Mapping[str, Any] | None = None
    only_for: str | None = None
    unfurl: bool = True

    @property
    def text(self) -> str:
        """Return the top-level text: what screen readers and notifications say."""
        return self.versions[-1].text

    @property
    def blocks(self) -> Blocks:
        """Return the blocks as they stand now, with the ids that Slack filled in."""
        return self.versions[-1].blocks

    @property
    def words(self) -> str:
        """Return all that can be read in it now."""
        return self.versions[-1].words


@dataclass(frozen=True, slots=True)
class ProfileField:
    """A custom profile field; *protected* or *scim* means that people cannot type into it."""

    id: str
    label: str
    protected: bool = False
    scim: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A user group: *handle* is typed after ``@``."""

    id: str
    handle: str
    members: tuple[str, ...]


class Workspace:
    """One Slack workspace with its state. Not thread-safe by itself."""

    def __init__(self, clock: Ticking, team: str, bot: str) -> None:
        self.clock, self.team, self.bot = clock, team, bot
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[tuple[str, str], Message] = {}
        self.ephemerals: dict[tuple[str, str], Message] = {}
        self.deleted: list[Message] = []
        self.groups: dict[str, Group] = {}
        self.fields: dict[str, ProfileField] = {}
        self.edit_window: timedelta | None = None
        self._last_micros = 0
        self._ids = count(1)

    def next_ts(self) -> str:
        """Return a new timestamp id: seconds of the pretend clock, never the same twice."""
        micros = int(self.clock.now().timestamp() * 1_000_000)
        self._last_micros = max(micros, self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def direct_channel(self, user: str) -> Channel:
        """Return the conversation of *user* with the bot, opened if need be."""
        for channel in self.channels.values():
            if channel.kind is Kind.DIRECT and user in channel.members:
                return channel
        channel = Channel(f"D{user[1:]}", "directmessage", Kind.DIRECT, {user, self.bot})
        self.channels[channel.id] = channel
        return channel

    def post(
        self,
        channel: str,
        user: str,
        text: str,
        blocks: Sequence[Mapping[str, Any]] = (),
        *,
        thread: str | None = None,
        broadcast: bool = False,
        metadata: Mapping[str, Any] | None = None,
        only_for: str | None = None,
        unfurl: bool = True,
    ) -> Message:
        """Keep a new message and return it. One *only_for* somebody is kept apart."""
        version = Version(self.clock.now(), text, filled(blocks, self._ids))
        message = Message(
            channel,
            self.next_ts(),
            user,
            (version,),
            thread=thread,
            broadcast=broadcast,
            metadata=metadata,
            only_for=only_for,
            unfurl=unfurl,
        )
        self._store(message)
        return message

    def edit(
        self,
        message: Message,
        text: str,
        blocks: Sequence[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None,
    ) -> Message:
        """Give *message* a new version; *metadata* None keeps what it has, empty removes it."""
        version = Version(self.clock.now(), text, filled(blocks, self._ids))
        kept = message.metadata if metadata is None else (metadata or None)
        edited = replace(message, versions=(*message.versions, version), metadata=kept)
        self._store(edited)
        return edited

    def remove(self, message: Message) -> None:
        """Take *message* away; it stays to be looked at in ``deleted``."""
        place = self.messages if message.only_for is None else self.ephemerals
        place.pop((message.channel, message.ts), None)
        self.deleted.append(message)

    def _store(self, message: Message) -> None:
        place = self.messages if message.only_for is None else self.ephemerals
        place[message.channel, message.ts] = message

    def in_channel(self, channel: str) -> list[Message]:
        """Return the messages of *channel*, replies too, in the order they were posted."""
        found = [message for (where, _), message in self.messages.items() if where == channel]
        return sorted(found, key=lambda message: seconds(message.ts))


def seconds(ts: str) -> tuple[int, int]:
    """Return *ts* in a form that sorts: whole seconds and the part behind the dot."""
    whole, _, part = ts.partition(".")
    return int(whole or 0), int((part or "0").ljust(6, "0")[:6])
