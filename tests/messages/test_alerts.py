"""What other channels are told is plain text that nobody from outside can make look like more."""

from dataclasses import replace

import pytest

from bot.domain.alerts import Alert, Happening, Severity
from bot.domain.operations import Kind, Phase
from bot.domain.problems import Problem, Reason
from bot.messages.alerts import failed, rolled_back, spoken
from tests.builders import operation, request

ALERT = Alert(Happening.DRIFT, Severity.WARNING, "d", "core differs", "a\nb", "https://x/y")


@pytest.mark.parametrize(
    ("changes", "title", "body"),
    [
        pytest.param({}, "[WARNING] core differs", "a\nb\nhttps://x/y", id="lines stay lines"),
        pytest.param({"resolves": True}, "[RESOLVED] core differs", "a\nb\nhttps://x/y", id="ends"),
        pytest.param({"text": "", "link": ""}, "[WARNING] core differs", "", id="only a title"),
        pytest.param(
            {"title": "a\r\nBcc: x\u202e"}, "[WARNING] a Bcc: x", "a\nb\nhttps://x/y", id="one line"
        ),
    ],
)
def test_a_title_is_one_line_and_the_link_stands_last(changes, title, body):
    assert (title, body) == spoken(replace(ALERT, **changes))


def test_a_flood_is_cut():
    title, body = spoken(replace(ALERT, title="x" * 10_000, text=("y" * 5_000 + "\n") * 5_000))
    assert len(title) < 300
    assert len(body) < 12_000


BAD = operation(
    request=request(kind=Kind.DEPLOY, services=("core", "web"), reason="<b>why</b>"),
    phase=Phase.FAILED,
    problem=Problem(Reason.INTERNAL, {"operation": "D-1"}),
)


@pytest.mark.parametrize(
    ("production", "reason", "severity"),
    [
        pytest.param(True, Reason.INTERNAL, Severity.CRITICAL, id="in production"),
        pytest.param(False, Reason.INTERNAL, Severity.WARNING, id="elsewhere"),
        pytest.param(True, Reason.OVERTAKEN, Severity.WARNING, id="somebody was quicker"),
    ],
)
def test_a_failure_is_told_of_each_service_and_as_bad_as_it_is(production, reason, severity):
    told = list(failed(replace(BAD, problem=Problem(reason, {})), production=production))
    assert [("core", severity), ("web", severity)] == [(one.service, one.severity) for one in told]
    assert 2 == len({one.dedup for one in told})


def test_only_a_rollback_rolls_back():
    live = replace(BAD, phase=Phase.LIVE, problem=None)
    assert [] == list(rolled_back(live))
    back = replace(live, request=replace(live.request, kind=Kind.ROLLBACK))
    assert {Happening.ROLLED_BACK} == {one.happening for one in rolled_back(back)}
