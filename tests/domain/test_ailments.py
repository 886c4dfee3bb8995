"""Logins and clocks: what is worth telling, and how often."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.ailments import ClockOff, Ends, Refused, ends_soon, name_of
from bot.domain.clocks import is_off, skew

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("date", "ahead", "seconds", "expected"),
    [
        pytest.param(DATE, 0.5, 0.0, 0.0, id="the middle of that second"),
        pytest.param(DATE, 91.5, 2.0, 90.0, id="ahead, half of the way taken off"),
        pytest.param(DATE, -59.5, 0.0, -60.0, id="behind"),
        pytest.param("Sat, 21 Nov 2026 12:00:00 -0000", 0.5, 0.0, 0.0, id="a zone of nowhere"),
        pytest.param("Sat, 21 Nov 2026 21:00:00 +0900", 0.5, 0.0, 0.0, id="another zone"),
        pytest.param(DATE, 500.0, 6.0, None, id="an answer that took long"),
        pytest.param("", 0.0, 0.0, None, id="no date"),
        pytest.param("soon", 0.0, 0.0, None, id="no date that is one"),
        pytest.param("Sat, 99 Nov 2026 12:00:00 GMT", 0.0, 0.0, None, id="a day that is none"),
    ],
)
def test_how_far_we_are_ahead(date, ahead, seconds, expected):
    found = skew(date, NOW + timedelta(seconds=ahead), seconds)
    assert expected == (None if found is None else found.total_seconds())


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, False), (29.9, False), (30, True), (-30, True), (-29, False)]
)
def test_which_clocks_are_off(seconds, expected):
    assert expected is is_off(timedelta(seconds=seconds))


def ends(**left):
    return Ends("Argo CD main", "ARGOCD_AUTH_TOKEN", NOW + timedelta(**left))


@pytest.mark.parametrize(
    ("left", "expected"), [({"days": 14}, True), ({"days": 15}, False), ({"days": -3}, True)]
)
def test_a_token_is_told_of_two_weeks_before_its_end(left, expected):
    assert expected is ends_soon(ends(**left), NOW)


def test_a_token_that_ends_is_told_of_once_then_daily_then_as_ended():
    told = [ends(days=15)]
    names = [name_of(told[0], NOW + timedelta(days=day)) for day in range(17)]
    stages = [name.rpartition(":")[2] for name in names]
    later = ["2026-12-06", "2026-12-07"]
    assert [*["soon"] * 8, "7", "6", "5", "4", "3", "2", "1", *later] == stages


def test_a_token_that_was_replaced_is_told_of_anew():
    assert name_of(ends(days=3), NOW) != name_of(ends(days=3, hours=-1), NOW)


@pytest.mark.parametrize(
    ("ill", "expected"),
    [
        pytest.param(
            Refused("GitHub", "GITHUB_TOKEN", "401", NOW - timedelta(seconds=59)),
            None,
            id="refused for a moment",
        ),
        pytest.param(
            Refused("GitHub", "GITHUB_TOKEN", "401", NOW - timedelta(seconds=60)),
            "login-refused:GitHub:2026-11-21",
            id="refused",
        ),
        pytest.param(
            ClockOff("Slack", timedelta(seconds=40)), "clock-off:Slack:2026-11-21", id="a clock"
        ),
    ],
)
def test_the_rest_is_told_once_a_day(ill, expected):
    assert expected == name_of(ill, NOW)
