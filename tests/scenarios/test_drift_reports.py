"""The report that nobody asked for: at its time, once, with its picture, and what changed since."""

import json

import pytest

from bot.messages.drifting.drift import DAY
from sandbox.wire import Fault, answer
from tests.scenarios.drifting import only, row, rows, says, settles, value_of, writes
from tests.scenarios.story import told_in

REPORT = """
drift:
  reports:
    - {name: often, at: "*/4 * * * *", zone: Asia/Seoul, environments: [staging, prod]}
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    config = lambda text: text + REPORT  # noqa: E731
    with told_in(folder, "flash_tickets", speed=100.0, config=config) as story:
        yield story


def reports(told):
    return [
        one
        for one in told.slack.cards("C0DEPLOY")
        if one.metadata["event_payload"]["key"].startswith("drift:often:")
    ]


def next_report(told, *words):
    """Wait for the next report, and until its row with *words* is there; return it."""
    seen = len(reports(told))
    assert told.world.until(lambda: len(reports(told)) > seen, 30)
    return reports(told)[-1]


def test_a_report_comes_at_its_time_and_is_one_line_where_nothing_drifted(told):
    assert told.world.until(lambda: any(not rows(one) for one in reports(told)), 60)
    first = next(one for one in reports(told) if not rows(one))
    assert "often" in says(first)
    assert "nothing drifted in staging and prod ." in says(first)
    assert "slack_file" not in json.dumps(first.blocks)


def test_what_is_new_is_marked_and_the_picture_follows(told):
    repo = "flash-tickets/flash-tickets-gitops"
    path = "apps/pay/overlays/prod/kustomization.yaml"
    text = told.github.file(repo, "main", path).decode()
    told.github.push(repo, "main", {path: text.replace("1.10", "latest")})
    assert told.world.until(lambda: "latest" in str(told.argocd.images("flash-tickets-pay")), 20)
    settles(told, "flash-tickets-pay")

    def of_pay():
        tells = "another image tomorrow"
        return [one for one in reports(told) if any(tells in words for words, _ in rows(one))]

    assert told.world.until(of_pay, 60)
    first = of_pay()[0]
    words, _ = row(first, "pay", "another image tomorrow")
    assert "· new ·" in words

    def pictured():
        return [one for one in reports(told) if "slack_file" in json.dumps(one.blocks)]

    assert told.world.until(pictured, 20)
    (image,) = [one for one in pictured()[0].blocks if one["type"] == "image"]
    file = told.slack.web.files.files[image["slack_file"]["id"]]
    assert file.content.startswith(b"\x89PNG")
    assert "prod: pay moving tag < 1 d" in image["alt_text"]
    assert file.alt == image["alt_text"]


def test_what_was_told_is_new_only_once_and_a_reply_shows_in_the_report(told):
    report = next_report(told)
    words, _ = row(report, "pay", "another image tomorrow")
    assert "· new ·" not in words
    value = value_of(report, "pay", "another image tomorrow")
    said = told.reads_after(
        lambda: told.slack.click(DAY, by="U0CAROL", message=only(report, value)), "U0CAROL"
    )
    assert "Snoozed" in said

    def replied():
        now = told.slack.card(report.metadata["event_payload"]["key"])
        return "snoozed by @U0CAROL" in says(now) and not row(now, "pay")[1]

    assert told.world.until(replied, 20)
    assert "1 kept quiet" in says(next_report(told))


def test_a_report_goes_out_although_slack_takes_no_picture(told):
    refused = lambda: answer({"ok": False, "error": "file_uploads_disabled"})  # noqa: E731
    told.slack.arm("files.getUploadURLExternal", Fault(answer=refused), times=None)
    writes(told, "apps/web/overlays/prod/kustomization.yaml", "v1.2.3", "latest")
    assert told.world.until(lambda: "latest" in str(told.argocd.images("flash-tickets-web")), 20)
    settles(told, "flash-tickets-web")
    report = next_report(told)
    while not any("web" in words for words, _ in rows(report)):
        report = next_report(told)
    assert "slack_file" not in json.dumps(report.blocks)
    told.slack.disarm()


def test_what_is_over_is_told_once(told):
    writes(told, "apps/web/overlays/prod/kustomization.yaml", "latest", "v1.2.3")
    assert told.world.until(lambda: "v1.2.3" in str(told.argocd.images("flash-tickets-web")), 20)
    settles(told, "flash-tickets-web")

    def over():
        return [one for one in reports(told) if "Gone since the last report" in says(one)]

    assert told.world.until(over, 30)
    next_report(told)
    assert 1 == len([one for one in over() if "web/prod (a moving tag is in use)" in says(one)])
