"""The deploy form as a modal, as plain dicts; values in, nothing asked.

Choices change what can be chosen next, and Slack keeps what was entered wherever block and action
keep their ids. So a list of choices has a block id of its own for each content: another list
begins empty.

Source: https://docs.slack.dev/reference/views/modal-views
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, assert_never

from bot.domain.catalog import Catalog
from bot.domain.checks import Colour
from bot.domain.commands.deploying import LONGEST_VERSION, is_version
from bot.domain.form import MOST_SERVICES, Choices, Field, Mistake, homes, known_services
from bot.domain.form_filling import Filling, Offered, Versions, Waiting, Weighed
from bot.domain.message import Message
from bot.domain.problems import Problem
from bot.domain.rules import Judgement, Refused
from bot.domain.unknown import Unknown
from bot.domain.words import LONGEST_TEXT
from bot.messages import blocks, spans
from bot.messages.blocks import Block, plain
from bot.messages.escape import clean
from bot.messages.misread import WORDS
from bot.messages.problems import say
from bot.messages.replies import reply
from bot.messages.spans import Bold, Line, code, line, quoted
from bot.messages.templates import fill
from bot.messages.why import asked, decided, stopping

CALLBACK: Final = "deploy_form"

TITLE = 24
OPTION = 75
OPTION_VALUE = 150
LABEL = 75
MOST_OPTIONS = 100
MISTAKE = 300
"""The most characters of what is said at a field; Slack names no limit."""
NAME_SHOWN = 24
"""The most characters of an author's name, so that the rest of the line fits."""

TYPED: Final = "/deploy <service>[,<service>…] <version> <env> because <reason>"
"""The same as the form, typed."""

CHECKS: Mapping[Colour, str] = {
    Colour.GREEN: "✅ checks green",
    Colour.PENDING: "⏳ checks running",
    Colour.RED: "⛔ checks red",
}


def form(choices: Choices, filling: Filling, catalog: Catalog, metadata: str) -> dict[str, Any]:
    """Return the modal for *choices*. *metadata* comes back with everything people do in it."""
    versions = _versions(filling.versions)
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain("Deploy", TITLE),
        "submit": plain("Deploy", TITLE),
        "close": plain("Cancel", TITLE),
        "private_metadata": metadata,
        "blocks": [
            _services(),
            _environment(choices, catalog),
            versions,
            _written(beside_a_list=versions["type"] == "input"),
            _reason(),
            {"type": "divider", "block_id": "form:rule"},
            blocks.prose("form:verdict", _verdict(filling.verdict)),
        ],
    }


def service_options(names: Iterable[str], catalog: Catalog) -> list[Block]:
    """Return services to choose from, each with the environments that it lives in."""
    return [
        _option(name, name, ", ".join(catalog.environments_of(name)))
        for name in list(names)[:MOST_OPTIONS]
    ]


def mistakes_at(mistakes: Iterable[Mistake]) -> dict[Field, str]:
    """Return what to say at each field: what is wrong, and what would do."""
    said: dict[Field, str] = {}
    for mistake in mistakes:
        words = WORDS[mistake.reason]
        lines = (fill(words.what, mistake.facts), fill(words.next, mistake.facts))
        said.setdefault(mistake.at, clean(" ".join(map(spans.words, lines)), MISTAKE))
    return said


def not_written_down() -> str:
    """Say at a field that nothing was started, and that the form still stands."""
    return "Nothing was started: the bot could not write it down. Press Deploy again in a minute."


def not_of_here() -> str:
    """Say at a field that the form cannot be taken."""
    return "This form does not say where it was opened. Close it and type /deploy again."


def not_opened(why: str) -> Message:
    """Say that the form did not open, *why* in Slack's words, and give the typed line."""
    return reply(
        line(Bold("The form did not open: "), quoted(why), ". Nothing was started."),
        line("Type ", code("/deploy"), " once more, or the whole line:"),
        copy=[TYPED],
    )


def only_by_command() -> Message:
    """Say that a form opens by a slash command only, and give the typed line."""
    return reply(
        line("Slack opens a form for a slash command only: type ", code("/deploy"), "."),
        line("Or send the whole line:"),
        copy=[TYPED],
    )


# the fields


def _services() -> Block:
    element = {
        "type": "multi_external_select",
        "action_id": Field.SERVICES.value,
        "placeholder": plain("Type a part of a name", 150),
        "min_query_length": 0,
        "max_selected_items": MOST_SERVICES,
    }
    return _input(Field.SERVICES.value, "Services", element, tells=True)


def _environment(choices: Choices, catalog: Catalog) -> Block:
    names = homes(known_services(choices, catalog), catalog)[:MOST_OPTIONS]
    if not names:
        said = line("⛔ These services share no environment: deploy them one after another.")
        return blocks.prose("form:environment", [blocks.lines(said)])
    options = [_option(name, name) for name in names]
    element: Block = {
        "type": "static_select",
        "action_id": Field.ENVIRONMENT.value,
        "placeholder": plain("Choose where to", 150),
        "options": options,
    }
    if choices.environment in names:
        element["initial_option"] = options[names.index(choices.environment)]
    return _input(_id(Field.ENVIRONMENT, names), "Environment", element, tells=True)


def _versions(versions: Versions | Problem | Waiting) -> Block:
    match versions:
        case Versions():
            groups = _groups(versions)
            if groups:
                return _picked(versions, groups)
            said = line("No commit of ", code(versions.repo, 80), " can be listed.")
        case Problem():
            words = say(versions)
            said = line("❔ The newest commits could not be read. ", *words.what)
            said = line(*said, " A version can still be written below.")
        case Waiting.READING:
            said = line("⏳ Reading the newest commits…")
        case Waiting.CHOICE:
            said = line("Choose services, and their newest commits are listed here.")
        case Waiting.SEVERAL:
            said = line("These services come from several repositories: write the version below.")
        case _:
            assert_never(versions)
    return blocks.prose("form:versions", [blocks.lines(said)])


def _picked(versions: Versions, groups: list[Block]) -> Block:
    element = {
        "type": "static_select",
        "action_id": Field.PICKED.value,
        "placeholder": plain("Choose a commit", 150),
        "option_groups": groups,
    }
    block_id = _id(Field.PICKED, [versions.repo])
    hint = "Choose one here, or write one below."
    return _input(block_id, "Version", element, hint=hint, tells=True, optional=True)


def _groups(versions: Versions) -> list[Block]:
    pairs = (
        (f"Newest commits of {versions.repo}", versions.commits),
        ("Git tags", versions.tags),
    )
    groups = []
    for label, commits in pairs:
        options = [_commit(one) for one in commits if _can_be_sent(one.version)]
        if options:
            groups.append({"label": plain(label, LABEL), "options": options[:MOST_OPTIONS]})
    return groups


def _can_be_sent(version: str) -> bool:
    """Tell whether an option may carry *version*, whole."""
    return len(version) <= OPTION_VALUE and is_version(version)


def _commit(one: Offered) -> Block:
    name = f"{one.tag} ({one.sha[:8]})" if one.tag else one.sha[:8]
    at = f"{one.at:%Y-%m-%d %H:%M} {one.at.tzname() or ''}"
    facts = (_checks(one.colour), clean(one.author, NAME_SHOWN), at)
    return _option(f"{name} {one.title}", one.version, " · ".join(filter(None, facts)))


def _checks(colour: Colour | Unknown | None) -> str:
    match colour:
        case Colour():
            return CHECKS[colour]
        case Unknown():
            return "❔ checks unknown"
        case None:
            return "no checks"
        case _:
            assert_never(colour)


def _written(*, beside_a_list: bool) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": Field.WRITTEN.value,
        "max_length": LONGEST_VERSION,
        "placeholder": plain("a1b2c3d4, main, v1.2.3", 150),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    hint = "A commit, a branch or a Git tag. After Enter the policy's word on it is shown below."
    label = "Or another version" if beside_a_list else "Version"
    return _input(
        Field.WRITTEN.value, label, element, hint=hint, tells=True, optional=beside_a_list
    )


def _reason() -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": Field.REASON.value,
        "max_length": LONGEST_TEXT,
        "placeholder": plain("Why now? It stands on the card and in the commit.", 150),
    }
    return _input(Field.REASON.value, "Reason", element, optional=True)


# the policy's word


def _verdict(verdict: Weighed | Problem | Waiting | tuple[Mistake, ...]) -> list[Block]:
    match verdict:
        case Weighed(proposal, judgement):
            rows = stopping(judgement)
            comes_to = _comes_to(judgement)
            head = blocks.lines(line(*asked(proposal), *comes_to))
            return [head, *([blocks.bullets(rows)] if rows else [])]
        case Problem():
            words = say(verdict)
            return [blocks.lines(line("❔ The policy could not be asked. ", *words.what))]
        case Waiting.READING:
            return [blocks.lines(line("⏳ Asking what the policy says…"))]
        case Waiting():
            said = line("With services, environment and version, the policy's word stands here.")
            return [blocks.lines(said)]
        case _:
            said_at = mistakes_at(verdict).values()
            return [blocks.lines(*(line(f"⛔ {each}") for each in said_at))]


def _comes_to(judgement: Judgement) -> Line:
    """Say the decision; what a row says below it is not said twice."""
    decision = judgement.decision
    said_below = {one.reason for one in judgement.rulings if one.stops}
    if isinstance(decision, Refused) and decision.problem.reason in said_below:
        return line("it may not start.")
    return decided(decision)


# pieces


def _input(
    block_id: str,
    label: str,
    element: Mapping[str, Any],
    *,
    hint: str = "",
    tells: bool = False,
    optional: bool = False,
) -> Block:
    """Return a field; one that *tells* sends each change at once."""
    made: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, LABEL),
        "element": dict(element),
        "optional": optional,
        "dispatch_action": tells,
    }
    return {**made, "hint": plain(hint, 150)} if hint else made


def _option(text: str, value: str, description: str = "") -> Block:
    made: Block = {"text": plain(text, OPTION), "value": value}
    return {**made, "description": plain(description, OPTION)} if description else made


def _id(field: Field, content: Sequence[str]) -> str:
    return f"{field.value}:{sha256(' '.join(content).encode()).hexdigest()[:12]}"
