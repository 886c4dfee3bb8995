"""What Slack's error words mean to us, and what a person can do about each.

Source: the error tables of https://docs.slack.dev/reference/methods
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from bot.domain.errors import (
    BotError,
    Conflict,
    Forbidden,
    Garbled,
    NotFound,
    Rejected,
    Unauthorized,
    Unavailable,
)

RATE_LIMITED: Final = 429
BROKEN: Final = 500

AGAIN: Final = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"}
    | {"request_timeout", "team_added_to_org", "accesslimited"}
)
"""Words that mean: the same call may pass later."""

_TRIGGER: Final = "a command opens a form for 3 s and once: type it again"
_INVITE: Final = "invite the bot to the channel: /invite @shipmate"
_TOKEN: Final = "put a fresh bot token into SLACK_BOT_TOKEN"  # noqa: S105  # words, no secret

MEANINGS: Final[Mapping[str, tuple[type[Rejected], str]]] = {
    "invalid_auth": (Unauthorized, _TOKEN),
    "not_authed": (Unauthorized, _TOKEN),
    "token_revoked": (Unauthorized, _TOKEN),
    "token_expired": (Unauthorized, _TOKEN),
    "account_inactive": (Unauthorized, "the app was removed: install it again"),
    "not_allowed_token_type": (Unauthorized, "SLACK_BOT_TOKEN must be an xoxb- token"),
    "missing_scope": (Forbidden, "add the scope in manifest.yml and install the app again"),
    "no_permission": (Forbidden, "add the scope in manifest.yml and install the app again"),
    "not_in_channel": (Forbidden, _INVITE),
    "restricted_action": (Forbidden, "a workspace setting forbids it: ask a Slack admin"),
    "cant_update_message": (Forbidden, "the message is not ours"),
    "edit_window_closed": (Forbidden, "a workspace setting forbids late edits"),
    "is_archived": (Rejected, "the channel is archived: name another one in shipmate.yaml"),
    "is_inactive": (Rejected, "the channel is archived: name another one in shipmate.yaml"),
    "channel_not_found": (NotFound, f"no such channel, or a private one: {_INVITE}"),
    "message_not_found": (NotFound, "somebody deleted the message"),
    "thread_not_found": (NotFound, "somebody deleted the thread"),
    "user_not_found": (NotFound, "no such user"),
    "user_not_visible": (NotFound, "we may not see this user"),
    "users_not_found": (NotFound, "no such user"),
    "user_disabled": (NotFound, "the user is deactivated"),
    # Slack's pages have both forms of the words for a trigger.
    "trigger_expired": (Rejected, _TRIGGER),
    "expired_trigger_id": (Rejected, _TRIGGER),
    "trigger_exchanged": (Rejected, _TRIGGER),
    "exchanged_trigger_id": (Rejected, _TRIGGER),
    "hash_conflict": (Conflict, "the view has changed since"),
    "not_found": (NotFound, "the view was closed"),
    "user_not_in_channel": (NotFound, "the user is not in the channel"),
}


def is_of_login(response: Any) -> bool:
    """Tell whether a *response* of the SDK says that our token is not taken."""
    said = response.data if isinstance(response.data, dict) else {}
    return MEANINGS.get(str(said.get("error", "")), (None, ""))[0] is Unauthorized


def refused(response: Any, doing: str) -> BotError:
    """Return our error for a *response* of the SDK that is not ok.

    *doing* completes "Slack could not …".
    """
    status = response.status_code if isinstance(response.status_code, int) else 0
    said = response.data if isinstance(response.data, dict) else {}
    word = str(said.get("error", ""))
    if status == RATE_LIMITED or word in AGAIN or status >= BROKEN:
        return Unavailable("Slack", doing, _short(word, status), _retry_after(response.headers))
    if word in MEANINGS:
        kind, advice = MEANINGS[word]
        scope = f" {said['needed']}" if isinstance(said.get("needed"), str) else ""
        return kind("Slack", doing, f"{word}{scope}; {advice}")
    if not _is_a_word(word):  # the SDK puts its own sentence here when the body is no JSON
        return Garbled("Slack", doing, f"HTTP {status}, not an answer of Slack")
    return Rejected("Slack", doing, "; ".join([word, *_messages(said)]))


def _short(word: str, status: int) -> str:
    return word if _is_a_word(word) else f"HTTP {status}"


def _is_a_word(word: str) -> bool:
    return bool(word) and word.replace("_", "").isalnum()


def _retry_after(headers: Any) -> timedelta | None:
    """Return how long Slack asks us to stay away, if it says so in whole seconds."""
    given = {str(name).lower(): value for name, value in dict(headers or {}).items()}
    value = given.get("retry-after")
    if isinstance(value, list):
        value = value[0] if value else None
    return timedelta(seconds=int(value)) if value is not None and str(value).isdigit() else None


def _messages(said: Mapping[str, Any]) -> list[str]:
    """Return what Slack says in detail, about blocks for instance."""
    metadata = said.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, Mapping) else None
    return [str(one) for one in messages[:3]] if isinstance(messages, list) else []
