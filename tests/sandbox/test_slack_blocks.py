"""Slack's limits on blocks: each number holds, and one more is refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.slack.blocks import NEW_BLOCKS, SURFACES, Surface, flaws
from sandbox.slack.contents import filled, too_long_together, words
from sandbox.slack.views import modal_flaws


def plain(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": "x" * length}


def section(length: int = 1) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(length)}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(1), **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def option(text: int = 1, value: int = 1, **more: Any) -> dict[str, Any]:
    return {"text": plain(text), "value": "v" * value, **more}


def select(**more: Any) -> dict[str, Any]:
    return actions({"type": "static_select", "options": [option()], **more})


def confirmed(**more: Any) -> dict[str, Any]:
    whole = {"title": plain(1), "text": plain(1), "confirm": plain(1), "deny": plain(1)}
    return actions(button(confirm=whole | more))


def entry(element: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    element = element or {"type": "plain_text_input"}
    return {"type": "input", "label": plain(1), "element": element, **more}


def rich(text: str = "x") -> dict[str, Any]:
    leaf = {"type": "text", "text": text}
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [leaf]}],
    }


def task(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "type": "task_card",
        "task_id": f"t{number}",
        "title": "x",
        "status": "complete",
        **more,
    }


def plan(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "plan", "title": "x", "tasks": list(tasks)}


def table(rows: int, cells: int) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows}


def data_table(rows: int = 2, text: int = 1, page_size: int = 10) -> dict[str, Any]:
    row = [{"type": "raw_text", "text": "x" * text}]
    return {"type": "data_table", "caption": "x", "rows": [row] * rows, "page_size": page_size}


LIMITS = [
    ("section.text", lambda n: [section(n)], 3000),
    ("fields", lambda n: [{"type": "section", "fields": [mrkdwn(1)] * n}], 10),
    ("a field", lambda n: [{"type": "section", "fields": [mrkdwn(n)]}], 2000),
    ("blocks of a message", lambda n: [section()] * n, 50),
    ("header", lambda n: [{"type": "header", "text": plain(n)}], 150),
    ("context", lambda n: [{"type": "context", "elements": [mrkdwn(1)] * n}], 10),
    ("actions", lambda n: [actions(*[button()] * n)], 25),
    ("button text", lambda n: [actions(button(text=plain(n)))], 75),
    ("button value", lambda n: [actions(button(value="v" * n))], 2000),
    ("button url", lambda n: [actions(button(url="u" * n))], 3000),
    ("button label", lambda n: [actions(button(accessibility_label="l" * n))], 75),
    ("option text", lambda n: [select(options=[option(text=n)])], 75),
    ("option value", lambda n: [select(options=[option(value=n)])], 150),
    ("option description", lambda n: [select(options=[option(description=plain(n))])], 75),
    ("select options", lambda n: [select(options=[option()] * n)], 100),
    ("option groups", lambda n: [select(option_groups=[_group()] * n)], 100),
    ("group label", lambda n: [select(option_groups=[_group(n)])], 75),
    ("placeholder", lambda n: [select(placeholder=plain(n))], 150),
    ("overflow", lambda n: [actions({"type": "overflow", "options": [option()] * n})], 5),
    ("checkboxes", lambda n: [actions({"type": "checkboxes", "options": [option()] * n})], 10),
    ("radio", lambda n: [actions({"type": "radio_buttons", "options": [option()] * n})], 10),
    ("confirm title", lambda n: [confirmed(title=plain(n))], 100),
    ("confirm text", lambda n: [confirmed(text=plain(n))], 300),
    ("confirm button", lambda n: [confirmed(confirm=plain(n))], 30),
    ("deny button", lambda n: [confirmed(deny=plain(n))], 30),
    ("input label", lambda n: [entry(label=plain(n))], 2000),
    ("input hint", lambda n: [entry(hint=plain(n))], 2000),
    ("input length", lambda n: [entry({"type": "plain_text_input", "max_length": n})], 3000),
    ("files", lambda n: [entry({"type": "file_input", "max_files": n})], 10),
    ("image url", lambda n: [{"type": "image", "image_url": "u" * n, "alt_text": "x"}], 3000),
    ("alt text", lambda n: [{"type": "image", "image_url": "u", "alt_text": "x" * n}], 2000),
    ("markdown", lambda n: [{"type": "markdown", "text": "x" * n}], 12_000),
    ("block_id", lambda n: [section() | {"block_id": "b" * n}], 255),
    ("action_id", lambda n: [actions(button(action_id="a" * n))], 255),
    ("tasks", lambda n: [plan(*[task(i) for i in range(n)])], 50),
    ("table rows", lambda n: [table(n, 1)], 100),
    ("table cells", lambda n: [table(1, n)], 20),
    ("tables", lambda n: [table(1, 1)] * n, 1),
    ("plans", lambda n: [plan(task())] * n, 1),
    ("data table rows", lambda n: [data_table(rows=n)], 101),
    ("data table characters", lambda n: [data_table(rows=1, text=n - 1)], 20_000),
    ("data table page", lambda n: [data_table(page_size=n)], 100),
    ("visualizations", lambda n: [{"type": "data_visualization", "title": "x"}] * n, 2),
    ("visualization title", lambda n: [{"type": "data_visualization", "title": "x" * n}], 50),
    ("card title", lambda n: [{"type": "card", "title": mrkdwn(n)}], 150),
    ("card body", lambda n: [{"type": "card", "body": mrkdwn(n)}], 200),
    ("card buttons", lambda n: [{"type": "card", "actions": [button()] * n}], 3),
    ("carousel", lambda n: [{"type": "carousel", "elements": [{"type": "card"}] * n}], 10),
    ("container", lambda n: [{"type": "container", "child_blocks": [section()] * n}], 10),
]


def _group(label: int = 1) -> dict[str, Any]:
    return {"label": plain(label), "options": [option()]}


@pytest.mark.parametrize(("build", "most"), [pytest.param(b, m, id=i) for i, b, m in LIMITS])
def test_each_limit_holds_to_the_last_character(build, most):
    assert [] == flaws(build(most), Surface.MESSAGE)
    assert [] != flaws(build(most + 1), Surface.MESSAGE)


WRONG: Mapping[str, Any] = {
    "not a list": "x",
    "not an object": ["x"],
    "no type": [{}],
    "an unknown type": [{"type": "sction"}],
    "a section of nothing": [{"type": "section"}],
    "an empty text": [section(0)],
    "an unknown field": [section() | {"txt": 1}],
    "a text of no kind": [{"type": "section", "text": {"text": "x"}}],
    "a bare string as text": [{"type": "section", "text": "x"}],
    "a header in mrkdwn": [{"type": "header", "text": mrkdwn(1)}],
    "verbatim on plain text": [{"type": "section", "text": plain(1) | {"verbatim": True}}],
    "emoji on mrkdwn": [{"type": "section", "text": mrkdwn(1) | {"emoji": True}}],
    "a button in mrkdwn": [actions(button(text=mrkdwn(1)))],
    "a button of a made-up style": [actions(button(style="warning"))],
    "an empty button value": [actions(button(value=""))],
    "an image in actions": [actions({"type": "image", "image_url": "u", "alt_text": "x"})],
    "no actions": [actions()],
    "a button in a context": [{"type": "context", "elements": [button()]}],
    "a text input in actions": [actions({"type": "plain_text_input"})],
    "a select of nothing": [select(options=[])],
    "an image without alt text": [{"type": "image", "image_url": "u"}],
    "one action_id twice": [actions(button(action_id="a"), button(action_id="a"))],
    "one block_id twice": [section() | {"block_id": "b"}, section() | {"block_id": "b"}],
    "an empty rich text": [rich("")],
    "rich text of no parts": [{"type": "rich_text", "elements": []}],
    "a leaf without its section": [
        {"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}
    ],
    "a list of texts": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_list", "elements": [{"type": "text", "text": "x"}]}],
        }
    ],
    "a task completed, not complete": [plan(task(status="completed"))],
    "a task twice": [plan(task(1), task(1))],
    "details in plain words": [plan(task(details="x"))],
    "a plan beside a task": [plan(task()), task(2)],
    "a lone task pending": [task(status="pending")],
    "a cell of plain_text": [{"type": "table", "rows": [[plain(1)]]}],
    "markdown over two blocks": [{"type": "markdown", "text": "x" * 6001}] * 2,
    "a file of our own": [{"type": "file", "source": "remote", "external_id": "x"}],
}


@pytest.mark.parametrize("blocks", [pytest.param(b, id=i) for i, b in WRONG.items()])
def test_what_slack_refuses(blocks):
    assert [] != flaws(blocks, Surface.MESSAGE)


def test_a_flaw_says_where():
    [flaw] = flaws([section(), section(3001)], Surface.MESSAGE)
    assert "must be less than 3001 characters [json-pointer:/blocks/1/text/text]" == flaw


MINIMAL: Mapping[str, dict[str, Any]] = {
    "actions": actions(button()),
    "alert": {"type": "alert", "text": plain(1)},
    "card": {"type": "card"},
    "carousel": {"type": "carousel", "elements": [{"type": "card"}]},
    "container": {"type": "container", "child_blocks": [section()]},
    "context": {"type": "context", "elements": [plain(1)]},
    "context_actions": {"type": "context_actions", "elements": [{"type": "icon_button"}]},
    "data_table": data_table(),
    "data_visualization": {"type": "data_visualization", "title": "x"},
    "divider": {"type": "divider"},
    "header": {"type": "header", "text": plain(1)},
    "image": {"type": "image", "image_url": "u", "alt_text": "x"},
    "input": entry(),
    "markdown": {"type": "markdown", "text": "x"},
    "plan": plan(task()),
    "rich_text": rich(),
    "section": section(),
    "table": table(1, 1),
    "task_card": task(),
    "video": {
        "type": "video",
        "alt_text": "x",
        "title": plain(1),
        "thumbnail_url": "u",
        "video_url": "u",
    },
}


@pytest.mark.parametrize("kind", sorted(set(SURFACES) - {"file"}))
@pytest.mark.parametrize("surface", list(Surface))
def test_a_block_goes_only_where_it_belongs(kind, surface):
    found = flaws([MINIMAL[kind]], surface)
    assert (surface in SURFACES[kind]) is (found == [])


@pytest.mark.parametrize("kind", sorted(NEW_BLOCKS - {"alert"}))
def test_a_workspace_that_new_blocks_have_not_reached_refuses_them(kind):
    assert [] != flaws([MINIMAL[kind]], Surface.MESSAGE, new_blocks=False)
    assert [] == flaws([MINIMAL[kind]], Surface.MESSAGE)


def test_a_modal_takes_a_hundred_blocks():
    assert [] == flaws([section()] * 100, Surface.MODAL)
    assert [] != flaws([section()] * 101, Surface.MODAL)


def test_the_text_of_all_blocks_together_has_a_limit():
    assert not too_long_together([section(2600)] * 5)
    assert too_long_together([section(2601)] * 5)


MODAL = {"type": "modal", "title": plain(1), "blocks": [section()]}


@pytest.mark.parametrize(
    ("change", "good"),
    [
        pytest.param({}, True, id="as it is"),
        pytest.param({"title": plain(24)}, True, id="the longest title"),
        pytest.param({"title": plain(25)}, False, id="title"),
        pytest.param({"submit": plain(25)}, False, id="submit"),
        pytest.param({"close": plain(25)}, False, id="close"),
        pytest.param({"private_metadata": "x" * 3000}, True, id="the longest metadata"),
        pytest.param({"private_metadata": "x" * 3001}, False, id="metadata"),
        pytest.param({"callback_id": "x" * 256}, False, id="callback_id"),
        pytest.param({"blocks": [entry()]}, False, id="an input without submit"),
        pytest.param({"blocks": [entry()], "submit": plain(1)}, True, id="an input with submit"),
        pytest.param({"blocks": [table(1, 1)]}, False, id="a table in a modal"),
        pytest.param({"type": "window"}, False, id="no such type"),
        pytest.param({"colour": "red"}, False, id="an unknown field"),
    ],
)
def test_a_modal(change, good):
    assert good is (modal_flaws(MODAL | change) == [])


def test_missing_ids_are_filled_in_and_given_ones_kept():
    [block] = filled([actions(button(action_id="go"), button())], iter(range(9)))
    assert block["block_id"]
    assert ["go", True] == [
        block["elements"][0]["action_id"],
        bool(block["elements"][1]["action_id"]),
    ]


def test_words_are_all_that_can_be_read():
    assert "x\nx\nx" == words([section(), plan(task())])
