"""What the pictures of the manual are drawn from: each block of the bot, and nothing unescaped."""

from datetime import UTC, datetime

import pytest

from sandbox.pictures import IMAGES, SHOTS
from sandbox.slack.page import Page
from sandbox.slack.workspace import Version

NAMES = {"U0ALICE": "alice", "C0DEPLOY": "deploys"}


def drawn(*blocks, text="", **page):
    return Page(NAMES, **page).draw(Version(datetime(2026, 11, 21, 9, 5, tzinfo=UTC), text, blocks))


def rich(*leaves, kind="rich_text_section"):
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(leaves)}]}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param(
            {"type": "header", "text": {"type": "plain_text", "text": "a <b>"}},
            "<h1>a &lt;b&gt;</h1>",
            id="a headline",
        ),
        pytest.param(
            {"type": "section", "text": {"type": "mrkdwn", "text": "*now* `x` <@U0ALICE> &lt;"}},
            '<b>now</b> <code>x</code> <span class="at">@alice</span> &lt;',
            id="markup",
        ),
        pytest.param(
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "<!date^1^{date}|today>"}]},
            '<div class="context">today</div>',
            id="a date as it reads without Slack",
        ),
        pytest.param(
            rich({"type": "text", "text": "<i>", "style": {"bold": True, "code": True}}),
            "<b><code>&lt;i&gt;</code></b>",
            id="styled text",
        ),
        pytest.param(
            rich({"type": "text", "text": "- old\n+ new"}, kind="rich_text_preformatted"),
            "<pre>- old\n+ new</pre>",
            id="a difference",
        ),
        pytest.param(
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "style": "primary",
                        "text": {"type": "plain_text", "text": "Go"},
                    }
                ],
            },
            '<span class="button primary">Go</span>',
            id="a button",
        ),
        pytest.param(
            {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "a picture"},
            '<img src="data:image/png;base64,UE5H" alt="a picture">',
            id="a picture",
        ),
    ],
)
def test_a_block_reads_as_in_slack(block, expected):
    assert expected in drawn(block, files={"F1": b"PNG"})


def test_a_message_without_blocks_is_its_text_and_one_for_a_single_person_says_so():
    assert "<b>Done</b>" in drawn(text="*Done*")
    assert "Only visible to you" in drawn(text="Done", privately=True)
    assert "Only visible to you" not in drawn(text="Done")


def test_every_picture_of_the_manual_is_made_by_a_run():
    made = {shot.name for shots in SHOTS.values() for shot in shots}
    assert made | {"drift"} == {path.stem for path in IMAGES.glob("*.png")}
