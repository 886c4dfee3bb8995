"""Whoever is to hear of a trouble beside Slack hears of it and of its end, in order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.domain.alerts import Alert, Happening, NotifyRule, Severity
from bot.domain.errors import Unavailable
from bot.operations.saying.alerts import Alerts
from bot.operations.saying.telling import FIRST, HELD, KEPT, NEWS, Telling
from tests.operations.people import NOON, at_once
from tests.operations.standing_ground import Standing

MINUTE = timedelta(minutes=1)
AWAY = Unavailable("apprise", "tell PAGER", "answered 500")

SICK = Alert(
    Happening.DEGRADED, Severity.CRITICAL, "health/core/prod", "core is degraded", "", "", "core"
)
WELL = replace(
    SICK,
    happening=Happening.RECOVERED,
    severity=Severity.INFO,
    title="core is healthy",
    resolves=True,
)
RULES = (
    NotifyRule("PAGER", severity=Severity.CRITICAL),
    NotifyRule("MAIL", happenings=frozenset({Happening.RECOVERED})),
)


class Channels:
    """Channels that take what they are told, when they are there."""

    receivers = ("PAGER", "MAIL")

    def __init__(self):
        self.told, self.away = [], set()

    def tell(self, receiver, alert, title, body):
        if receiver in self.away:
            raise AWAY
        self.told.append((receiver, title))


@pytest.fixture
def clock():
    return Standing()


@pytest.fixture
def channels():
    return Channels()


@pytest.fixture
def telling(database, channels, clock):
    return Telling(database, channels, clock)


@pytest.fixture
def put(database, clock):
    def put(*alerts, rules=RULES, how="put"):
        with database.write() as connection:
            getattr(Alerts(rules), how)(connection, alerts, clock.at)

    return put


SICK_TITLE, WELL_TITLE = "[CRITICAL] core is degraded", "[RESOLVED] core is healthy"


def test_who_heard_of_the_trouble_hears_of_its_end_whatever_their_rules_say(put, telling, channels):
    put(SICK)
    telling.tell()
    put(WELL)
    telling.tell()
    telling.tell()
    heard = [("PAGER", SICK_TITLE), ("PAGER", WELL_TITLE), ("MAIL", WELL_TITLE)]
    assert heard == channels.told


def test_of_an_end_without_trouble_hear_only_those_who_asked(put, telling, channels):
    put(WELL)
    telling.tell()
    assert [("MAIL", WELL_TITLE)] == channels.told


def test_what_may_have_been_no_trouble_is_settled_without_a_word_to_others(put, telling, channels):
    put(WELL, how="settle")
    telling.tell()
    assert [] == channels.told
    put(SICK)
    put(WELL, WELL, how="settle")
    telling.tell()
    assert [("PAGER", SICK_TITLE), ("PAGER", WELL_TITLE)] == channels.told


def test_the_same_words_are_told_once_a_day(put, telling, channels, clock):
    for _ in range(12):
        put(SICK)
        telling.tell()
        clock.at += 3 * 60 * MINUTE
    assert [("PAGER", SICK_TITLE)] * 2 == channels.told


def test_a_trouble_that_comes_back_is_told_again(put, telling, channels):
    put(SICK)
    put(WELL)
    put(SICK)
    telling.tell()
    heard = [title for receiver, title in channels.told if receiver == "PAGER"]
    assert [SICK_TITLE, WELL_TITLE, SICK_TITLE] == heard


def test_without_rules_nothing_is_written(put, telling, channels):
    put(SICK, WELL, rules=())
    put(WELL, rules=(), how="settle")
    telling.tell()
    assert [] == channels.told


def test_what_is_not_committed_is_not_told(database, telling, channels):
    def fail():
        with database.write() as connection:
            Alerts(RULES).put(connection, [SICK], NOON)
            raise RuntimeError("the deed failed")

    with pytest.raises(RuntimeError):
        fail()
    telling.tell()
    assert [] == channels.told


def test_while_a_receiver_is_away_others_hear_and_its_own_news_stay_in_order(
    put, telling, channels, clock
):
    channels.away = {"PAGER"}
    put(SICK)
    put(WELL)
    for _ in range(3):
        telling.tell()
    assert [("MAIL", WELL_TITLE)] == channels.told
    channels.away = set()
    telling.tell()
    assert 1 == len(channels.told)  # it is too early
    clock.at += FIRST
    telling.tell()
    assert [("PAGER", SICK_TITLE), ("PAGER", WELL_TITLE)] == channels.told[1:]


def test_one_that_is_never_taken_keeps_no_other_trouble_back(put, telling, channels, clock):
    channels.away = {"PAGER"}
    put(SICK)
    telling.tell()
    channels.away = set()
    put(replace(SICK, dedup="another", title="web is degraded"))
    telling.tell()
    assert [("PAGER", "[CRITICAL] web is degraded")] == channels.told


def test_after_a_day_it_is_given_up_with_one_line(put, telling, channels, clock):
    channels.away = {"PAGER"}
    put(SICK)
    clock.at += NEWS + MINUTE
    with capture_logs() as logs:
        telling.tell()
        telling.tell()
    assert ["an alert is given up"] == [one["event"] for one in logs]
    assert [] == channels.told


def test_of_two_replicas_one_tells(put, database, telling, channels, clock):
    other = Telling(database, channels, clock)
    put(*(replace(SICK, dedup=str(number)) for number in range(20)))
    at_once(telling.tell, other.tell)
    telling.tell()
    assert 20 == len(channels.told)


def test_whoever_dies_over_it_is_followed_by_another(put, database, telling, channels, clock):
    put(SICK)
    [one] = telling._untold("PAGER")
    assert telling._take(one)
    telling.tell()
    assert [] == channels.told
    clock.at += HELD
    telling.tell()
    assert [("PAGER", SICK_TITLE)] == channels.told


def test_a_trouble_is_known_for_a_month(put, telling, channels, clock):
    put(SICK)
    telling.tell()
    clock.at += KEPT - MINUTE
    telling.sweep()
    put(WELL, how="settle")
    telling.tell()
    assert [("PAGER", SICK_TITLE), ("PAGER", WELL_TITLE)] == channels.told


def test_what_is_for_nobody_any_more_is_forgotten(put, telling, channels, clock):
    put(SICK, rules=(NotifyRule("GONE"),))
    clock.at += NEWS + MINUTE
    telling.sweep()
    put(WELL, how="settle")
    telling.tell()
    assert [] == channels.told
