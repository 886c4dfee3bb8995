"""The deploy form: what people type and choose in it, and what they send.

A payload is believed in nothing but who acts, which Slack has signed. Names are looked up in the
catalog again; the modal's own luggage says only where to answer, and only in the shape of an id.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from slack_bolt import Ack

from bot.adapters.slack import Opened
from bot.domain.errors import Unavailable
from bot.domain.form import Choices, Field, matching, read
from bot.messages import deploy_form
from handlers.desk import Asker, Desk, request_of
from handlers.filling import Forms, Seen
from handlers.later import Speaker

log = structlog.get_logger(__name__)

TELLING = (Field.SERVICES, Field.ENVIRONMENT, Field.PICKED, Field.WRITTEN)
"""The fields whose every change we are told."""

_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")
_VIEW = re.compile(r"V[A-Z0-9]{2,40}")


def luggage(channel: str) -> str:
    """Return what the modal carries: where its sender is answered."""
    return json.dumps({"channel": channel})


def on_form_options(ack: Ack, body: dict[str, Any], forms: Forms) -> None:
    """Answer what somebody types into the field of services. Nothing outside is asked."""
    typed = body.get("value")
    query = typed if isinstance(typed, str) else ""
    names = matching(query, forms.catalog, deploy_form.MOST_OPTIONS)
    ack(options=deploy_form.service_options(names, forms.catalog))


def on_form_choice(ack: Ack, body: dict[str, Any], forms: Forms) -> None:
    """Take a choice; what it leads to is shown when it is known."""
    ack()
    asker = _asker(body)
    seen = _seen(body)
    if asker is None or seen is None:
        log.warning("a choice in a form of no known shape")
        return
    choices = choices_in(body)
    forms.fill(seen, choices, lambda command: request_of(command, asker))


def on_form_submit(
    ack: Ack, body: dict[str, Any], desk: Desk, forms: Forms, speaker: Speaker
) -> None:
    """Take a form as if it had been typed, or say at its fields what is wrong."""
    asker = _asker(body)
    if asker is None:
        log.warning("a form of no known shape was sent")
        ack(response_action="errors", errors=_at_fields(body, {}, deploy_form.not_of_here()))
        return
    command = read(choices_in(body), forms.catalog)
    if isinstance(command, tuple):
        log.info("misread", by=asker.user, reason=command[0].reason)
        said = deploy_form.mistakes_at(command)
        ack(response_action="errors", errors=_at_fields(body, said))
        return
    try:
        answer = desk.deploy(command, asker)
    except Unavailable as away:
        log.warning("not written down", by=asker.user, error=str(away))
        ack(response_action="errors", errors=_at_fields(body, {}, deploy_form.not_written_down()))
        return
    ack()
    answer.then()
    speaker.tell(asker.channel, asker.user, asker.asked, lambda: answer.message)


# what a payload says


def choices_in(body: Mapping[str, Any]) -> Choices:
    """Return what stands in the form of a payload, whatever shape it has."""
    found: dict[str, tuple[str, ...]] = {}
    for _, action, entry in _entries(body):
        found[action] = tuple(_values(entry))
    return Choices(
        services=found.get(Field.SERVICES.value, ()),
        environment=_first(found, Field.ENVIRONMENT),
        picked=_first(found, Field.PICKED),
        written=_first(found, Field.WRITTEN),
        reason=_first(found, Field.REASON),
    )


def _first(found: Mapping[str, tuple[str, ...]], field: Field) -> str | None:
    return next(iter(found.get(field.value, ())), None)


def _entries(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield (block id, action id, entry) of everything in ``view.state.values``."""
    values = _dict(_dict(_dict(body.get("view")).get("state")).get("values"))
    for block, actions in values.items():
        for action, entry in _dict(actions).items():
            yield block, action, _dict(entry)


def _values(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is chosen or typed in one entry."""
    chosen = entry.get("selected_options")
    options = chosen if isinstance(chosen, list) else [entry.get("selected_option")]
    for value in (entry.get("value"), *(_dict(option).get("value") for option in options)):
        if isinstance(value, str) and value:
            yield value


def _asker(body: Mapping[str, Any]) -> Asker | None:
    """Return who acts on a form and where they are answered; None for no form of ours."""
    view = _dict(body.get("view"))
    view_id, user = view.get("id"), _dict(body.get("user")).get("id")
    channel = _channel(view.get("private_metadata"))
    if not isinstance(view_id, str) or not _VIEW.fullmatch(view_id):
        return None
    if channel is None or not isinstance(user, str) or not user:
        return None
    return Asker(user=user, channel=channel, asked=f"view:{view_id}")


def _channel(metadata: Any) -> str | None:
    try:
        channel = _dict(json.loads(metadata)).get("channel")
    except (TypeError, ValueError):
        return None
    return channel if isinstance(channel, str) and _CHANNEL.fullmatch(channel) else None


def _seen(body: Mapping[str, Any]) -> Seen | None:
    view = _dict(body.get("view"))
    match view:
        case {"id": str(view_id), "hash": str(hash_), "private_metadata": str(metadata)}:
            return Seen(Opened(view_id, hash_), metadata)
        case _:
            return None


def _at_fields(
    body: Mapping[str, Any], said: Mapping[Field, str], otherwise: str = ""
) -> dict[str, str]:
    """Return *said* by block id, as Slack wants it; what has no field there stands at services."""
    blocks = {action: block for block, action, _ in _entries(body)}
    services = blocks.get(Field.SERVICES.value, Field.SERVICES.value)
    errors: dict[str, str] = {services: otherwise} if otherwise else {}
    for field, words in said.items():
        block = blocks.get(field.value, services)
        errors[block] = f"{errors[block]} {words}" if block in errors else words
    return errors


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
