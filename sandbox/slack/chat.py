"""Messages over the Web API: posted, edited, deleted, read; each refusal in Slack's words."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.slack.app import BOT_ID, App
from sandbox.slack.arguments import Arguments, is_true
from sandbox.slack.blocks import Surface, flaws
from sandbox.slack.contents import too_long_together
from sandbox.slack.files import Files
from sandbox.slack.places import Places
from sandbox.slack.refused import Refused
from sandbox.slack.views import Views
from sandbox.slack.workspace import Channel, Message, Workspace, seconds

POST_TEXT_LIMIT = 40_000
UPDATE_TEXT_LIMIT = 4_000
METADATA_LIMIT = 16_000
PAGE = 100
LARGEST_PAGE = 999


class Chat:
    """The messages of one workspace, as one app writes and reads them."""

    def __init__(
        self, workspace: Workspace, app: App, places: Places, views: Views, files: Files
    ) -> None:
        self._workspace, self._app = workspace, app
        self._places, self._views, self._files = places, views, files

    def post(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``chat.postMessage``."""
        channel = self._places.writable(arguments["channel"])
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
            broadcast=is_true(arguments.get("reply_broadcast")),
            metadata=self._metadata(arguments),
            unfurl=is_true(arguments.get("unfurl_links", False)),
        )
        shown = self.shown(message, with_metadata=True)
        return {"channel": channel.id, "ts": message.ts, "message": shown}

    def update(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``chat.update``."""
        channel = self._places.visible(arguments["channel"])
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

    def delete(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``chat.delete``."""
        channel = self._places.visible(arguments["channel"])
        message = self._own(channel, arguments["ts"], "cant_delete_message")
        self._workspace.remove(message)
        return {"channel": channel.id, "ts": message.ts}

    def post_ephemeral(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``chat.postEphemeral``."""
        channel = self._places.writable(arguments["channel"])
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

    def history(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``conversations.history``."""
        channel = self._places.readable(arguments["channel"])
        shown = [
            message
            for message in self._workspace.in_channel(channel.id)
            if message.thread is None or message.broadcast
        ]
        return self._page(list(reversed(shown)), arguments)

    def replies(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``conversations.replies``."""
        channel = self._places.readable(arguments["channel"])
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
        inclusive = is_true(arguments.get("inclusive"))
        oldest, latest = arguments.get("oldest"), arguments.get("latest")
        kept = [one for one in messages if _within(one.ts, oldest, latest, inclusive=inclusive)]
        start = _cursor(arguments.get("cursor"))
        page, rest = kept[start : start + limit], kept[start + limit :]
        with_metadata = is_true(arguments.get("include_all_metadata"))
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
            check_blocks(arguments["blocks"], self._files, new_blocks=self._views.new_blocks)

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


def check_blocks(blocks: Any, files: Files, *, new_blocks: bool) -> None:
    """Let the blocks of a message pass.

    Raises:
        Refused: Slack would not take them; the flaws come with it.
    """
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    found = [*flaws(blocks, Surface.MESSAGE, new_blocks=new_blocks), *files.flaws(blocks)]
    if found:
        messages = [f"[ERROR] {flaw}" for flaw in found]
        raise Refused("invalid_blocks", errors=found, response_metadata={"messages": messages})
    if too_long_together(blocks):
        raise Refused("msg_blocks_too_long")


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
