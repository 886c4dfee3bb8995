import pytest

from bot.domain.commands import Drift, Help, Misread, parse
from bot.domain.commands.nouns import MisreadReason
from tests.builders import catalog, environment, target

CATALOG = catalog(
    [target("core", "stage"), target("core", "prod")], [environment("stage"), environment("prod")]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("drift", Drift(), id="everywhere"),
        pytest.param("drift prod", Drift("prod"), id="in one place"),
        pytest.param("drift in PROD please", Drift("prod"), id="in any case, with fillers"),
        pytest.param("drift help", Help("drift"), id="help"),
    ],
)
def test_what_is_asked_for(text, expected):
    assert expected == parse("ship", text, CATALOG)


@pytest.mark.parametrize(
    ("text", "reason", "lines"),
    [
        pytest.param(
            "drift prd", MisreadReason.UNKNOWN_ENVIRONMENT, ["/ship drift prod"], id="typo"
        ),
        pytest.param(
            "drift core",
            MisreadReason.TOO_MANY_WORDS,
            ["/ship drift stage", "/ship drift prod"],
            id="a service",
        ),
        pytest.param(
            "drift stage prod",
            MisreadReason.TOO_MANY_WORDS,
            ["/ship drift stage", "/ship drift prod", "/ship drift"],
            id="two places",
        ),
    ],
)
def test_what_is_misread_comes_with_lines_to_copy(text, reason, lines):
    found = parse("ship", text, CATALOG)
    assert isinstance(found, Misread)
    assert (reason, lines) == (found.reason, list(found.corrections))
