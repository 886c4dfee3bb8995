"""Breaking the glass has one place in a line, and never goes without a reason."""

import pytest

from bot.domain.commands import Deploy, Misread, MisreadReason, Why, parse
from tests.domain.catalogs import catalog

CATALOG = catalog()
BROKEN = Deploy(("core",), "a1b2c3d4", "prod", "login is down", override=True)
PLAIN = Deploy(("core",), "a1b2c3d4", "prod")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("deploy", "core a1b2c3d4 prod override because login is down", id="manual"),
        pytest.param("deploy", "core a1b2c3d4 prod OVERRIDE, because: login is down", id="marks"),
        pytest.param("deploy", "prod a1b2c3d4 core override because login is down", id="order"),
        pytest.param(
            "mention", "<@U0BOT> deploy core a1b2c3d4 prod override because login is down", id="@"
        ),
    ],
)
def test_it_is_said_right_before_because(name, text):
    assert BROKEN == parse(name, text, CATALOG)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "core a1b2c3d4 prod because override",
            Deploy(("core",), "a1b2c3d4", "prod", "override"),
            id="it only is the reason",
        ),
        pytest.param(
            "core override prod because of it",
            Deploy(("core",), "override", "prod", "of it"),
            id="it is a branch",
        ),
        pytest.param(
            "core a1b2c3d4 prod because of the override because",
            Deploy(("core",), "a1b2c3d4", "prod", "of the override because"),
            id="in the reason, before another because",
        ),
    ],
)
def test_nothing_else_breaks_the_glass(text, expected):
    assert expected == parse("deploy", text, CATALOG)


@pytest.mark.parametrize(
    ("text", "reason", "corrections"),
    [
        pytest.param(
            "core a1b2c3d4 prod override",
            MisreadReason.MISSING_REASON,
            ("/deploy core a1b2c3d4 prod override because <reason>",),
            id="no reason",
        ),
        pytest.param(
            "core a1b2c3d4 prod override because",
            MisreadReason.MISSING_REASON,
            ("/deploy core a1b2c3d4 prod override because <reason>",),
            id="because nothing",
        ),
        pytest.param(
            "core a1b2c3d4 prod override because &lt;reason&gt;",
            MisreadReason.UNFILLED_REASON,
            (),
            id="our own placeholder",
        ),
        pytest.param(
            "core a1b2c3d4 override prod because x",
            MisreadReason.MISPLACED_OVERRIDE,
            ("/deploy core a1b2c3d4 prod override because x",),
            id="too early",
        ),
        pytest.param(
            "override core a1b2c3d4 prod",
            MisreadReason.MISPLACED_OVERRIDE,
            ("/deploy core a1b2c3d4 prod override because <reason>",),
            id="first, and no reason",
        ),
        pytest.param(
            "cor a1b2c3d4 prod override because x",
            MisreadReason.UNKNOWN_SERVICE,
            ("/deploy core a1b2c3d4 prod override because x",),
            id="a typo keeps the wish",
        ),
        pytest.param(
            "core a1b2c3d4 override because x",
            MisreadReason.MISSING_ENVIRONMENT,
            (
                "/deploy core a1b2c3d4 dev override because x",
                "/deploy core a1b2c3d4 stage override because x",
                "/deploy core a1b2c3d4 prod override because x",
            ),
            id="production is not guessed in an emergency either",
        ),
    ],
)
def test_a_misread_override_offers_the_line_that_would_do(text, reason, corrections):
    found = parse("deploy", text, CATALOG)
    assert isinstance(found, Misread)
    assert (reason, corrections) == (found.reason, found.corrections)


def test_a_service_called_override_is_deployed_and_nothing_broken():
    odd = catalog({"override": ("dev",)}, ("dev",))
    deploy = Deploy(("override",), "a1b2c3d4", "dev", "of it")
    assert deploy == parse("deploy", "a1b2c3d4 dev override because of it", odd)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("ship", "why core a1b2c3d4 prod", PLAIN, id="without its verb"),
        pytest.param("ship", "why deploy core a1b2c3d4 prod", PLAIN, id="with its verb"),
        pytest.param("ship", "why /deploy core a1b2c3d4 prod", PLAIN, id="with its slash"),
        pytest.param("ship", "why /ship deploy core a1b2c3d4 prod", PLAIN, id="all of it"),
        pytest.param("ship", "/ship why core a1b2c3d4 prod", PLAIN, id="pasted"),
        pytest.param("ship", "Why: core a1b2c3d4 prod", PLAIN, id="with a colon"),
        pytest.param(
            "ship", "why core a1b2c3d4 prod override because login is down", BROKEN, id="override"
        ),
        pytest.param("mention", "<@U0BOT> why core a1b2c3d4 prod", PLAIN, id="mention"),
    ],
)
def test_why_takes_a_whole_deploy(name, text, expected):
    assert Why(expected) == parse(name, text, CATALOG)


@pytest.mark.parametrize(
    ("name", "text", "reason", "corrections"),
    [
        pytest.param(
            "ship",
            "why",
            MisreadReason.EMPTY,
            (
                "/ship why core <version> dev",
                "/ship why core <version> stage",
                "/ship why core <version> prod",
            ),
            id="nothing",
        ),
        pytest.param(
            "ship",
            "why /deploy cor a1b2c3d4 prod because x",
            MisreadReason.UNKNOWN_SERVICE,
            ("/ship why core a1b2c3d4 prod because x",),
            id="a typo",
        ),
        pytest.param(
            "mention",
            "<@U0BOT> why deploy batch a1b2c3d4 prod",
            MisreadReason.NOT_IN_ENVIRONMENT,
            ("@shipmate why batch a1b2c3d4 dev", "@shipmate why batch a1b2c3d4 stage"),
            id="it does not live there",
        ),
        pytest.param(
            "ship",
            "why core a1b2c3d4",
            MisreadReason.MISSING_ENVIRONMENT,
            (
                "/ship why core a1b2c3d4 dev",
                "/ship why core a1b2c3d4 stage",
                "/ship why core a1b2c3d4 prod",
            ),
            id="no environment",
        ),
        pytest.param(
            "ship",
            "why core a1b2c3d4 prod override",
            MisreadReason.MISSING_REASON,
            ("/ship why core a1b2c3d4 prod override because <reason>",),
            id="an override without a reason",
        ),
        pytest.param(
            "ship",
            "why status core a1b2c3d4 prod",
            MisreadReason.NOT_A_CHANGE,
            ("/ship why core a1b2c3d4 prod",),
            id="another command is no branch",
        ),
        pytest.param(
            "ship",
            "why lock core prod",
            MisreadReason.NOT_A_CHANGE,
            ("/ship why core <version> prod",),
            id="a lock",
        ),
    ],
)
def test_a_misread_why_offers_lines_that_look_ahead_too(name, text, reason, corrections):
    found = parse(name, text, CATALOG)
    assert isinstance(found, Misread)
    assert (reason, corrections) == (found.reason, found.corrections)
