"""The slash commands. What they order is written down before the ack."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack

from bot.domain.message import Message
from bot.domain.slash_names import SlashNames
from handlers.desk import Asker, Desk
from handlers.desk_errands import typed
from handlers.errands import Errands, Reply
from handlers.filling import Forms
from handlers.form import luggage
from handlers.later import Speaker


def answering(verb: str) -> Callable[..., None]:
    """Return the listener that answers the command for *verb*; Bolt lends it what it names."""

    def on_command(
        ack: Ack,
        command: dict[str, Any],
        desk: Desk,
        forms: Forms,
        speaker: Speaker,
        errands: Errands,
        names: SlashNames,
    ) -> None:
        asker = Asker(
            user=command["user_id"],
            channel=command["channel_id"],
            asked=f"command:{command['trigger_id']}",
        )
        text, url = names.ours(command.get("text") or ""), command["response_url"]
        answer = desk.hear(verb, text, asker)
        if answer.form:
            ack()  # The form is the answer; if it does not open, that is said.
            forms.open(
                command["trigger_id"],
                luggage(asker.channel),
                asker.user,
                lambda failed: speaker.respond(url, lambda: failed),
            )
            return
        if answer.lasting:
            errand = typed(verb, text, asker, Reply(asker.user, url))
            errands.run(errand, lambda: ack(**ephemeral(answer.message, names)))
            return
        ack(**ephemeral(answer.message, names))
        answer.then()
        if answer.later is not None:
            speaker.respond(url, answer.later)

    return on_command


def ephemeral(message: Message, names: SlashNames) -> dict[str, Any]:
    """Return *message* as an answer that only the person sees."""
    return {
        "response_type": "ephemeral",
        "text": names.theirs(message.text),
        "blocks": names.theirs(list(message.blocks)),
    }
