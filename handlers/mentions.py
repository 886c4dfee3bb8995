"""Words to the bot in a channel, a thread or a direct message."""

from typing import Any

from bot.domain.slash_names import SlashNames
from bot.messages import replies
from handlers.desk import Answer, Asker, Desk
from handlers.desk_errands import typed
from handlers.errands import Errands, Reply
from handlers.later import Speaker


def on_mention(
    event: dict[str, Any],
    body: dict[str, Any],
    desk: Desk,
    speaker: Speaker,
    errands: Errands,
    names: SlashNames,
) -> None:
    """Answer ``@shipmate deploy core a1b2c3d4 stage``; only the person sees the answer."""
    _hear(event, body, desk, speaker, errands, names)


def on_message(
    event: dict[str, Any],
    body: dict[str, Any],
    desk: Desk,
    speaker: Speaker,
    errands: Errands,
    names: SlashNames,
) -> None:
    """Answer a direct message; what other bots and Slack itself say is not for us."""
    if event.get("channel_type") == "im" and not event.get("subtype"):
        _hear(event, body, desk, speaker, errands, names)


def _hear(
    event: dict[str, Any],
    body: dict[str, Any],
    desk: Desk,
    speaker: Speaker,
    errands: Errands,
    names: SlashNames,
) -> None:
    user = event.get("user")
    if not user or event.get("bot_id"):
        return
    thread = event.get("thread_ts")
    if event.get("edited"):
        # Slack sends an edited mention anew, as another event: a corrected typo in the words of
        # last week's deploy must not deploy last week's version.
        # Source: https://github.com/slackapi/bolt-js/issues/960
        speaker.whisper(event["channel"], user, thread, replies.edited)
        return
    asker = Asker(
        user=user, channel=event["channel"], asked=f"event:{body['event_id']}", thread=thread
    )
    text = names.ours(event.get("text") or "")
    answer: Answer = desk.hear("mention", text, asker)
    if answer.lasting:
        to = Reply(user, channel=asker.channel, thread=thread or "")
        errands.run(
            typed("mention", text, asker, to),
            lambda: speaker.whisper(asker.channel, user, thread, lambda: answer.message),
        )
        return
    answer.then()
    speaker.whisper(asker.channel, user, thread, lambda: answer.message)
    if answer.later is not None:
        speaker.whisper(asker.channel, user, thread, answer.later)
