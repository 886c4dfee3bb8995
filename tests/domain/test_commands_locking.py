"""Who stops others says where, until when and why, in any order that people type."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands import (
    At,
    For,
    Freeze,
    Link,
    Lock,
    Misread,
    MisreadReason,
    Unfreeze,
    Unlink,
    Unlock,
    WhoAmI,
    parse,
)
from tests.domain.catalogs import catalog

CATALOG = catalog()
LOCK = Lock(("core",), "prod", None, "we migrate")
HOURS = Lock(("core",), "prod", For(timedelta(hours=2)), "we migrate")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("lock core prod because we migrate", LOCK, id="as in the manual"),
        pytest.param("lock prod core because we migrate", LOCK, id="environment first"),
        pytest.param("lock Core on PROD because: “we migrate”", LOCK, id="as phones write"),
        pytest.param("lock core for prod because we migrate", LOCK, id="for as a filler"),
        pytest.param("lock core prod for 2h because we migrate", HOURS, id="with an end"),
        pytest.param("lock for 2h core prod because we migrate", HOURS, id="the end first"),
        pytest.param("lock core for 2 hours, prod because we migrate", HOURS, id="between"),
        pytest.param("lock core prod 2h because we migrate", HOURS, id="without for"),
        pytest.param(
            "lock all stage because we migrate", Lock((), "stage", None, "we migrate"), id="all"
        ),
        pytest.param(
            "lock all services in stage because we migrate",
            Lock((), "stage", None, "we migrate"),
            id="all services",
        ),
        pytest.param(
            "lock core, batch stage because we migrate",
            Lock(("batch", "core"), "stage", None, "we migrate"),
            id="two services",
        ),
        pytest.param(
            "lock core prod steal because we migrate",
            Lock(("core",), "prod", None, "we migrate", steal=True),
            id="steal",
        ),
        pytest.param(
            "lock warn core prod for 2h because we migrate",
            Lock(("core",), "prod", For(timedelta(hours=2)), "we migrate", warn=True),
            id="warn",
        ),
        pytest.param(
            "lock core prod because steal it for 2h",
            Lock(("core",), "prod", None, "steal it for 2h"),
            id="marks in the reason are none",
        ),
        pytest.param("unlock core prod", Unlock(("core",), "prod"), id="unlock"),
        pytest.param("unlock all prod", Unlock((), "prod"), id="unlock all"),
        pytest.param("unlock prod core because it is done", Unlock(("core",), "prod"), id="why"),
        pytest.param(
            "freeze prod because we count money",
            Freeze("prod", None, "we count money"),
            id="freeze",
        ),
        pytest.param(
            "freeze all of prod until 18:00 because we count money",
            Misread,
            id="a word too many",
        ),
        pytest.param(
            "freeze prod until 18:00 because we count money",
            Freeze("prod", At(None, time(18)), "we count money"),
            id="freeze until",
        ),
        pytest.param("unfreeze prod", Unfreeze("prod"), id="unfreeze"),
        pytest.param("whoami", WhoAmI(), id="whoami"),
        pytest.param("link please", Link(), id="link"),
        pytest.param("unlink", Unlink(), id="unlink"),
    ],
)
@pytest.mark.parametrize(
    ("name", "start"),
    [
        pytest.param("ship", "", id="/ship"),
        pytest.param("mention", "<@U0BOT> ", id="mention"),
    ],
)
def test_stops_as_people_type_them(name, start, text, expected):
    found = parse(name, start + text, CATALOG)
    assert isinstance(found, Misread) if expected is Misread else expected == found


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        pytest.param("for 30m", For(timedelta(minutes=30)), id="minutes"),
        pytest.param("for 90 minutes", For(timedelta(minutes=90)), id="minutes in words"),
        pytest.param("for 1h30m", For(timedelta(minutes=90)), id="hours and minutes"),
        pytest.param("for 1h 30m", For(timedelta(minutes=90)), id="apart"),
        pytest.param("for 1 hour and 30 min", For(timedelta(minutes=90)), id="and"),
        pytest.param("for 2 Hours", For(timedelta(hours=2)), id="in another case"),
        pytest.param("for an hour", For(timedelta(hours=1)), id="an hour"),
        pytest.param("for 1d", For(timedelta(days=1)), id="a day"),
        pytest.param("for 2 weeks", For(timedelta(weeks=2)), id="weeks"),
        pytest.param("for 366d", For(timedelta(days=366)), id="the longest"),
        pytest.param("until 18:00", At(None, time(18)), id="a time"),
        pytest.param("until 9:05", At(None, time(9, 5)), id="a time without its zero"),
        pytest.param("till 18:00", At(None, time(18)), id="till"),
        pytest.param("until 2026-12-01", At(date(2026, 12, 1)), id="a day"),
        pytest.param("until 2026-12-01T18:00", At(date(2026, 12, 1), time(18)), id="both"),
        pytest.param("until 2026–12–01 18:00", At(date(2026, 12, 1), time(18)), id="two words"),
    ],
)
def test_ends_as_people_type_them(end, expected):
    assert Freeze("prod", expected, "x") == parse("ship", f"freeze prod {end} because x", CATALOG)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        pytest.param("for 0m", MisreadReason.ABSURD_SPAN, id="nothing"),
        pytest.param("for 367d", MisreadReason.ABSURD_SPAN, id="too long"),
        pytest.param("for 2 years", MisreadReason.ABSURD_SPAN, id="years"),
        pytest.param("for 999999999w", MisreadReason.ABSURD_SPAN, id="no calendar holds it"),
        pytest.param("for -2h", MisreadReason.BAD_END, id="less than nothing"),
        pytest.param("for 2", MisreadReason.BAD_END, id="two of what"),
        pytest.param("for ever", MisreadReason.BAD_END, id="words"),
        pytest.param("for", MisreadReason.BAD_END, id="for nothing"),
        pytest.param("until", MisreadReason.BAD_END, id="until nothing"),
        pytest.param("until 2h", MisreadReason.BAD_END, id="a span is no moment"),
        pytest.param("for 18:00", MisreadReason.BAD_END, id="a moment is no span"),
        pytest.param("until 25:00", MisreadReason.BAD_END, id="no such hour"),
        pytest.param("until 2026-02-30", MisreadReason.BAD_END, id="no such day"),
        pytest.param("until 9999-12-31", MisreadReason.BAD_END, id="no such year"),
        pytest.param("until 18:00 tomorrow", MisreadReason.BAD_END, id="tomorrow is not today"),
        pytest.param("until monday", MisreadReason.BAD_END, id="a weekday"),
    ],
)
def test_an_end_that_cannot_be_offers_lines_that_can(end, reason):
    found = parse("ship", f"lock core prod {end} because x", CATALOG)
    assert isinstance(found, Misread)
    lines = ("/ship lock core prod for 2h because x", "/ship lock core prod because x")
    assert (reason, lines) == (found.reason, found.corrections)


@pytest.mark.parametrize(
    ("text", "reason", "corrections"),
    [
        pytest.param(
            "lock core prod",
            MisreadReason.MISSING_REASON,
            ("/ship lock core prod because <reason>",),
            id="no reason",
        ),
        pytest.param(
            "lock core prod warn for 2h because",
            MisreadReason.MISSING_REASON,
            ("/ship lock core prod for 2h warn because <reason>",),
            id="because nothing",
        ),
        pytest.param(
            "lock core prod because &lt;reason&gt;",
            MisreadReason.UNFILLED_REASON,
            (),
            id="our own placeholder",
        ),
        pytest.param(
            "lock core because x",
            MisreadReason.MISSING_ENVIRONMENT,
            (
                "/ship lock core dev because x",
                "/ship lock core stage because x",
                "/ship lock core prod because x",
            ),
            id="no environment: never a guess",
        ),
        pytest.param(
            "lock frontend for 2h",
            MisreadReason.MISSING_ENVIRONMENT,
            ("/ship lock frontend prod for 2h because <reason>",),
            id="no environment, though there is but one",
        ),
        pytest.param(
            "lock all because x",
            MisreadReason.MISSING_ENVIRONMENT,
            (
                "/ship lock all dev because x",
                "/ship lock all stage because x",
                "/ship lock all prod because x",
            ),
            id="all of nowhere",
        ),
        pytest.param(
            "lock stage because x",
            MisreadReason.MISSING_SERVICE,
            (
                "/ship lock core stage because x",
                "/ship lock batch stage because x",
                "/ship lock all stage because x",
            ),
            id="no service: all is never a guess",
        ),
        pytest.param(
            "lock coer prod for 2h because x",
            MisreadReason.UNKNOWN_SERVICE,
            ("/ship lock core prod for 2h because x",),
            id="a typo in the service",
        ),
        pytest.param(
            "lock core prd steal because x",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/ship lock core prod steal because x",),
            id="a typo in the environment",
        ),
        pytest.param(
            "lock payments prod because x",
            MisreadReason.UNKNOWN_SERVICE,
            (),
            id="a service that nothing resembles",
        ),
        pytest.param(
            "lock batch prod because x",
            MisreadReason.NOT_IN_ENVIRONMENT,
            ("/ship lock batch dev because x", "/ship lock batch stage because x"),
            id="it does not live there",
        ),
        pytest.param(
            "lock core dev,prod because x",
            MisreadReason.SEVERAL_ENVIRONMENTS,
            ("/ship lock core dev because x", "/ship lock core prod because x"),
            id="two environments",
        ),
        pytest.param(
            "lock all core prod because x",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship lock core prod because x", "/ship lock all prod because x"),
            id="all, and one of them",
        ),
        pytest.param(
            "lock core prod migration",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship lock core prod because migration",),
            id="the because was forgotten",
        ),
        pytest.param(
            "lock core prod hotfix for login",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship lock core prod because hotfix for login",),
            id="a forgotten because, and a for that is no end",
        ),
        pytest.param(
            "freeze prod hotfix for login",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship freeze prod because hotfix for login",),
            id="the same in a freeze",
        ),
        pytest.param(
            "lock core prod for 2h until 18:00 because x",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship lock core prod for 2h because x",),
            id="two ends",
        ),
        pytest.param(
            "unlock",
            MisreadReason.MISSING_SERVICE,
            (
                "/ship unlock core dev",
                "/ship unlock batch dev",
                "/ship unlock user-service dev",
                "/ship unlock all dev",
                "/ship unlock core stage",
            ),
            id="unlock nothing",
        ),
        pytest.param(
            "unlock core",
            MisreadReason.MISSING_ENVIRONMENT,
            ("/ship unlock core dev", "/ship unlock core stage", "/ship unlock core prod"),
            id="unlock nowhere",
        ),
        pytest.param(
            "freeze because x",
            MisreadReason.MISSING_ENVIRONMENT,
            (
                "/ship freeze dev because x",
                "/ship freeze stage because x",
                "/ship freeze prod because x",
            ),
            id="freeze nothing",
        ),
        pytest.param(
            "freeze prd until 18:00",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/ship freeze prod until 18:00 because <reason>",),
            id="freeze a typo",
        ),
        pytest.param(
            "freeze core prod because x",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship lock core prod because x", "/ship freeze prod because x"),
            id="one service is locked, not frozen",
        ),
        pytest.param(
            "freeze core,batch prod",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship lock core prod because <reason>", "/ship freeze prod because <reason>"),
            id="services are no reason",
        ),
        pytest.param(
            "unfreeze",
            MisreadReason.MISSING_ENVIRONMENT,
            ("/ship unfreeze dev", "/ship unfreeze stage", "/ship unfreeze prod"),
            id="unfreeze nothing",
        ),
        pytest.param(
            "whoami core", MisreadReason.TOO_MANY_WORDS, ("/ship whoami",), id="whoami and more"
        ),
        pytest.param(
            "link alice", MisreadReason.TOO_MANY_WORDS, ("/ship link",), id="link somebody"
        ),
        pytest.param(
            "lokc core prod because x",
            MisreadReason.UNKNOWN_VERB,
            ("/ship lock core prod because x", "/ship unlock core prod because x", "/ship help"),
            id="a typo in the verb",
        ),
    ],
)
def test_a_misread_stop_offers_the_line_that_would_do(text, reason, corrections):
    found = parse("ship", text, CATALOG)
    assert isinstance(found, Misread)
    assert (reason, corrections) == (found.reason, found.corrections)


def test_a_mention_is_corrected_as_a_mention():
    found = parse("mention", "<@U0BOT> lock core prod for 2h", CATALOG)
    assert isinstance(found, Misread)
    assert ("@shipmate lock core prod for 2h because <reason>",) == found.corrections


@given(
    st.permutations(["core", "prod", "for 2h", "steal"]),
    st.sampled_from(["because x", "because it is on fire"]),
)
def test_order_does_not_change_what_is_locked(pieces, reason):
    found = parse("ship", " ".join(("lock", *pieces, reason)), CATALOG)
    words = reason.removeprefix("because ")
    assert Lock(("core",), "prod", For(timedelta(hours=2)), words, steal=True) == found


@given(st.text(alphabet="0123456789:-T hmdwfor until", max_size=40))
def test_no_end_makes_parsing_raise(end):
    parse("ship", f"freeze prod until {end} because x", CATALOG)
    parse("ship", f"lock core prod for {end} because x", CATALOG)
