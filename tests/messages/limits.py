"""What Slack takes, asserted block by block.

Source: https://docs.slack.dev/reference/block-kit/blocks
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.message import Message
from sandbox.slack.blocks import Surface, flaws

_MARKUP = re.compile(
    r"<(?!@[UW][A-Z0-9]+>|!date\^\d+\^\{date_short_pretty\} at \{time\}\|[^<>|]*>)"
)
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


def assert_slack_takes(message: Message) -> None:
    """Fail where *message* would be refused, cut, or read as somebody else's markup."""
    assert 1 <= len(message.text) <= 4_000
    assert_own_markup_only(message.text)
    assert 1 <= len(message.blocks) <= 50
    ids = [block["block_id"] for block in message.blocks]
    assert len(set(ids)) == len(ids)
    assert all(len(each) <= 255 for each in ids)
    for block in message.blocks:
        _assert_block(block)
    assert flaws(list(message.blocks), Surface.MESSAGE, new_blocks=False) == []
    assert sum(map(len, texts(message))) < 10_000
    json.dumps(message.blocks).encode()
    assert not any("\ud800" <= letter <= "\udfff" for text in texts(message) for letter in text)


def assert_own_markup_only(mrkdwn: str) -> None:
    """Fail where *mrkdwn* holds an unescaped character that is no mention or date of ours."""
    assert not _MARKUP.search(mrkdwn), mrkdwn
    assert not _ENTITY.search(mrkdwn), mrkdwn
    own = re.sub(r"<[^<>]*>", "", mrkdwn)
    assert ">" not in own, mrkdwn


def texts(message: Message) -> Iterator[str]:
    """Yield every text that the blocks of *message* show."""
    for block in message.blocks:
        yield from _texts(block)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for key, inner in value.items():
            if key not in {"style", "value"}:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _assert_block(block: Mapping[str, Any]) -> None:
    match block["type"]:
        case "header":
            _assert_plain(block["text"], 150)
        case "context":
            assert 1 <= len(block["elements"]) <= 10
            for element in block["elements"]:
                assert element["type"] == "mrkdwn"
                assert element["verbatim"]
                assert 1 <= len(element["text"]) <= 3_000
                assert_own_markup_only(element["text"])
        case "actions":
            assert 1 <= len(block["elements"]) <= 25
            for button in block["elements"]:
                _assert_button(button)
        case "rich_text":
            assert block["elements"]
            for element in block["elements"]:
                _assert_rich(element)
        case "image":
            assert 1 <= len(block["alt_text"]) <= 2_000
            assert {"id"} == set(block["slack_file"])
        case other:
            raise AssertionError(f"a block of type {other}")


def _assert_rich(element: Mapping[str, Any]) -> None:
    assert element["elements"]
    if element["type"] == "rich_text_list":
        for item in element["elements"]:
            assert item["type"] == "rich_text_section"
            _assert_rich(item)
        return
    assert element["type"] in {"rich_text_section", "rich_text_preformatted"}
    for inline in element["elements"]:
        match inline["type"]:
            case "text":
                assert inline["text"]
            case "link":
                assert inline["text"]
                assert inline["url"].startswith(("http://", "https://"))
                assert len(inline["url"]) <= 3_000
            case "user":
                assert re.fullmatch(r"[UW][A-Z0-9]+", inline["user_id"])
            case "date":
                assert "{date_short_pretty} at {time}" == inline["format"]
                assert inline["timestamp"] > 0
                assert inline["fallback"]
            case other:
                raise AssertionError(f"an inline element of type {other}")


def _assert_button(button: Mapping[str, Any]) -> None:
    if button["type"] == "static_select":
        _assert_select(button)
        return
    _assert_plain(button["text"], 75)
    if "url" in button:
        assert button["url"].startswith(("http://", "https://"))
        assert len(button["url"]) <= 3_000
        return
    assert 1 <= len(button["value"]) <= 2_000
    assert len(button["action_id"]) <= 255
    if "style" not in button:  # one that only leaves things as they are asks nothing
        assert "confirm" not in button
        return
    confirm = button["confirm"]
    for part, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        _assert_plain(confirm[part], limit)


def _assert_select(select: Mapping[str, Any]) -> None:
    _assert_plain(select["placeholder"], 150)
    assert 1 <= len(select["options"]) <= 100
    for option in select["options"]:
        _assert_plain(option["text"], 75)
        assert 1 <= len(option["value"]) <= 150


def _assert_plain(text: Mapping[str, Any], limit: int) -> None:
    assert text["type"] == "plain_text"
    assert 1 <= len(text["text"]) <= limit
