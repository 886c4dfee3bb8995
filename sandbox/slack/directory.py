"""Conversations, people, profiles and user groups over the Web API."""

from typing import Any

from sandbox.slack.arguments import Arguments, is_true
from sandbox.slack.places import Places
from sandbox.slack.refused import Refused
from sandbox.slack.workspace import Kind, Workspace


class Directory:
    """Who and what is in one workspace."""

    def __init__(self, workspace: Workspace, places: Places) -> None:
        self._workspace, self._places = workspace, places

    def info(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``conversations.info``."""
        channel = self._places.visible(arguments["channel"])
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

    def open(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``conversations.open``."""
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

    def user_info(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``users.info``."""
        user = self._workspace.users.get(arguments["user"])
        if user is None:
            raise Refused("user_not_found")
        return {"user": user.shown()}

    def user_profile(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``users.profile.get``."""
        user = self._workspace.users.get(str(arguments.get("user", self._workspace.bot)))
        if user is None:
            raise Refused("user_not_found")
        fields = {name: {"value": value, "alt": ""} for name, value in user.profile.items()}
        return {"profile": {**user.shown()["profile"], "fields": fields}}

    def team_profile(self, _arguments: Arguments) -> dict[str, Any]:
        """Do ``team.profile.get``."""
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

    def groups(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``usergroups.list``."""
        with_users = is_true(arguments.get("include_users"))
        return {
            "usergroups": [
                {"id": group.id, "handle": group.handle, "name": group.handle}
                | ({"users": list(group.members)} if with_users else {})
                for group in self._workspace.groups.values()
            ]
        }

    def group_members(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``usergroups.users.list``."""
        group = self._workspace.groups.get(arguments["usergroup"])
        if group is None:
            raise Refused("no_such_subteam")
        return {"users": list(group.members)}
