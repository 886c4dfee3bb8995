"""Which conversations the app may see, read and write."""

from typing import Any

from sandbox.slack.app import App
from sandbox.slack.refused import Refused
from sandbox.slack.workspace import Channel, Kind, Workspace


class Places:
    """The conversations of one workspace, as one app may use them."""

    def __init__(self, workspace: Workspace, app: App) -> None:
        self._workspace, self._app = workspace, app

    def visible(self, name: Any) -> Channel:
        """Return a conversation that the bot may know of.

        Raises:
            Refused: there is none, or it is private and the bot is not in it.
        """
        channel = self._workspace.channels.get(str(name))
        if channel is None:
            raise Refused("channel_not_found")
        if channel.kind is not Kind.PUBLIC and self._workspace.bot not in channel.members:
            raise Refused("channel_not_found")
        return channel

    def readable(self, name: Any) -> Channel:
        """Return a conversation that the bot is in.

        Raises:
            Refused: it is not, or there is none.
        """
        channel = self.visible(name)
        if self._workspace.bot not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def writable(self, name: Any) -> Channel:
        """Return the conversation to post to; a user id means the bot's conversation with them.

        Raises:
            Refused: the bot may not post there.
        """
        user = self._workspace.users.get(str(name))
        channel = self._workspace.direct_channel(user.id) if user else self.visible(name)
        if channel.archived:
            raise Refused("is_archived")
        outside = self._workspace.bot not in channel.members
        if outside and "chat:write.public" not in self._app.scopes:
            raise Refused("not_in_channel")
        return channel
