"""The methods of the Web API that the fake knows: scope, tier, token and arguments of each.

Source: https://docs.slack.dev/reference/methods and the pages of each method.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.slack.limits import Tier


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    *scope* may hold ``{kind}``: channels, groups or im, by the conversation asked for. *required*
    and *optional* are all the arguments it takes; *app_token* asks for an ``xapp-`` token.
    """

    tier: Tier
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    scope: str | None = None
    app_token: bool = False


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


_MESSAGE = "text blocks attachments markdown_text mrkdwn parse link_names metadata"

METHODS: Mapping[str, Method] = {
    "auth.test": Method(Tier.SPECIAL, optional=_words("team_id")),  # Bolt sends it
    "apps.connections.open": Method(Tier.T1, app_token=True, scope="connections:write"),
    "chat.postMessage": Method(
        Tier.SPECIAL,
        _words("channel"),
        _words(
            f"{_MESSAGE} thread_ts reply_broadcast unfurl_links unfurl_media"
            " username icon_emoji icon_url"
        ),
        scope="chat:write",
    ),
    "chat.update": Method(
        Tier.T3,
        _words("channel ts"),
        _words(f"{_MESSAGE} reply_broadcast as_user file_ids"),
        scope="chat:write",
    ),
    "chat.delete": Method(Tier.T3, _words("channel ts"), _words("as_user"), scope="chat:write"),
    "chat.postEphemeral": Method(
        Tier.T4, _words("channel user"), _words(f"{_MESSAGE} thread_ts"), scope="chat:write"
    ),
    "conversations.history": Method(
        Tier.T3,
        _words("channel"),
        _words("oldest latest inclusive limit cursor include_all_metadata"),
        scope="{kind}:history",
    ),
    "conversations.replies": Method(
        Tier.T3,
        _words("channel ts"),
        _words("oldest latest inclusive limit cursor include_all_metadata"),
        scope="{kind}:history",
    ),
    "conversations.info": Method(
        Tier.T3,
        _words("channel"),
        _words("include_locale include_num_members"),
        scope="{kind}:read",
    ),
    "conversations.open": Method(
        Tier.T3,
        frozenset(),
        _words("users channel return_im prevent_creation"),
        scope="im:write",
    ),
    "files.getUploadURLExternal": Method(
        Tier.T4, _words("filename length"), _words("alt_txt snippet_type"), scope="files:write"
    ),
    "files.completeUploadExternal": Method(
        Tier.T4,
        _words("files"),
        _words("blocks channel_id channels initial_comment thread_ts"),
        scope="files:write",
    ),
    "users.info": Method(Tier.T4, _words("user"), _words("include_locale"), scope="users:read"),
    "users.profile.get": Method(
        Tier.T4, frozenset(), _words("user include_labels"), scope="users.profile:read"
    ),
    "team.profile.get": Method(
        Tier.T3, frozenset(), _words("visibility"), scope="users.profile:read"
    ),
    "usergroups.list": Method(
        Tier.T2,
        frozenset(),
        _words("include_count include_disabled include_users"),
        scope="usergroups:read",
    ),
    "usergroups.users.list": Method(
        Tier.T2, _words("usergroup"), _words("include_disabled"), scope="usergroups:read"
    ),
    "views.open": Method(Tier.T4, _words("view trigger_id")),
    "views.push": Method(Tier.T4, _words("view trigger_id")),
    "views.update": Method(Tier.T4, _words("view"), _words("view_id external_id hash")),
    "views.publish": Method(Tier.T4, _words("view user_id"), _words("hash")),
}
