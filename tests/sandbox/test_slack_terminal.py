"""Messages in the terminal: what a person would read stands there, markup does not."""

from datetime import UTC, datetime

import pytest
from rich.console import Console

from sandbox.slack.terminal import render
from sandbox.slack.workspace import Version

NAMES = {"U0ALICE": "alice", "C0DEPLOY": "deploys"}


def seen(text: str, *blocks: dict[str, object]) -> str:
    """Return what the terminal shows of a message, without the frame."""
    console = Console(width=100, no_color=True, color_system=None)
    with console.capture() as capture:
        console.print(render(Version(datetime(2026, 5, 4, tzinfo=UTC), text, blocks), NAMES))
    lines = [line.strip("│╭╮╰╯─ ") for line in capture.get().splitlines()]
    return "\n".join(line for line in lines if line)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("*core* is _live_ ~now~ `abc`", "core is live now abc", id="styles"),
        pytest.param("by <@U0ALICE> in <#C0DEPLOY>", "by @alice in #deploys", id="mentions"),
        pytest.param("<@U0NEW|new> <!channel>", "@new @channel", id="unknown and announcements"),
        pytest.param("<https://a.b/c|the commit>", "the commit", id="a link"),
        pytest.param("<!date^1^{time}|09:00 UTC>", "09:00 UTC", id="a date"),
        pytest.param("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c", id="entities are decoded once"),
        pytest.param("[bold]x[/bold]", "[bold]x[/bold]", id="rich markup is only text"),
        pytest.param(":rocket: :not_an_emoji:", "🚀 :not_an_emoji:", id="emoji"),
        pytest.param("main_sha_x 2*3*4", "main_sha_x 2*3*4", id="no markup inside words"),
    ],
)
def test_text(text, expected):
    assert expected == seen(text)


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "by *", "style": {"bold": True}},
                {"type": "user", "user_id": "U0ALICE"},
                {"type": "link", "url": "https://a.b", "text": " commit"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}
            ],
        },
    ],
}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param({"type": "header", "text": plain("D-1 core")}, "D-1 core", id="header"),
        pytest.param(
            {"type": "section", "text": mrkdwn("*a*"), "fields": [mrkdwn("x"), mrkdwn("y")]},
            "a\nx    y",
            id="section",
        ),
        pytest.param(
            {"type": "context", "elements": [mrkdwn("2 min"), plain("now")]},
            "2 min  now",
            id="context",
        ),
        pytest.param(
            {"type": "actions", "elements": [{"type": "button", "text": plain("Cancel")}]},
            "[ Cancel ]",
            id="actions",
        ),
        pytest.param(RICH, "by *@alice commit\n• one", id="rich text"),
        pytest.param(
            {
                "type": "plan",
                "title": "Deploy",
                "tasks": [
                    {"task_id": "1", "title": "Commit", "status": "complete", "details": RICH},
                    {"task_id": "2", "title": "Sync", "status": "in_progress"},
                ],
            },
            "Deploy\n● Commit\nby *@alice commit\n• one\n◐ Sync",
            id="plan",
        ),
        pytest.param({"type": "video"}, "[video]", id="what it cannot draw is named"),
    ],
)
def test_a_block(block, expected):
    assert expected == seen("", block)
