from dataclasses import replace

from bot.domain.drift.items import AutoSyncOff, Behind, Item, Unwell
from bot.domain.drift.reporting import Tally
from bot.messages.drifting.drift_alerts import alerts
from tests.builders import NOON
from tests.messages.drifting.test_drift import report


def items(count, what):
    return [Item("prod", f"app-{n}", (f"s{n}",), what) for n in range(count)]


def test_a_pager_reads_what_drifted_by_kind_the_heaviest_first():
    (one,) = alerts(report(*items(2, AutoSyncOff()), *items(1, Unwell("Degraded", "crash"))))
    assert "3 things drifted in prod" == one.title
    assert "Degraded or unknown: app-0\nAuto-sync is off: app-0 and app-1" == one.text


def test_many_are_counted_and_what_the_report_hides_is_shown_by_a_command():
    (one,) = alerts(report(*items(10, Unwell("Degraded")), hidden=4))
    assert one.text.splitlines()[0].endswith("app-7 and 2 more")
    assert "More: /ship drift prod" == one.text.splitlines()[1]


def test_the_same_drift_is_the_same_alert_though_commits_pass():
    """An alert is told again when its words change."""
    few, many = (Behind("stage", "a", "b", "acme/core", "1", "2", n) for n in (1, 7))
    earlier, later = report(*items(1, few)), report(*items(1, many))
    assert list(alerts(earlier)) == list(alerts(replace(later, at=NOON.replace(hour=20))))


def test_no_drift_resolves():
    (one,) = alerts(report(tallies=(Tally("prod", 0),)))
    assert (True, "No drift in prod", "") == (one.resolves, one.title, one.text)
