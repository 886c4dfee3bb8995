from dataclasses import replace

import pytest

from bot.domain.alerts import Alert, Happening, NotifyRule, Severity, receivers

DEGRADED = Alert(
    Happening.DEGRADED,
    Severity.WARNING,
    "health/core",
    "core is degraded",
    "",
    "",
    service="core",
    environment="prod",
)


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        pytest.param({}, True, id="everything"),
        pytest.param({"severity": Severity.WARNING}, True, id="as bad as that"),
        pytest.param({"severity": Severity.CRITICAL}, False, id="not bad enough"),
        pytest.param({"happenings": frozenset({Happening.DEGRADED})}, True, id="of that"),
        pytest.param({"happenings": frozenset({Happening.DRIFT})}, False, id="of something else"),
        pytest.param({"services": frozenset({"core", "web"})}, True, id="of that service"),
        pytest.param({"services": frozenset({"web"})}, False, id="of another service"),
        pytest.param({"environments": frozenset({"prod"})}, True, id="there"),
        pytest.param({"environments": frozenset({"dev"})}, False, id="elsewhere"),
        pytest.param(
            {"environments": frozenset({"prod"}), "services": frozenset({"web"})},
            False,
            id="there, of another",
        ),
    ],
)
def test_a_rule_wants_what_fits_all_that_it_names(rule, wanted):
    assert wanted is NotifyRule("PAGER", **rule).wants(DEGRADED)


@pytest.mark.parametrize(
    ("happening", "told"),
    [
        pytest.param(Happening.RECOVERED, ("PAGER",), id="an end that can be asked for"),
        pytest.param(Happening.DRIFT, (), id="an end without a name of its own"),
    ],
)
def test_who_is_told_of_an_end_without_having_heard_of_the_trouble(happening, told):
    end = replace(DEGRADED, happening=happening, resolves=True)
    assert told == receivers(end, [NotifyRule("PAGER")])


def test_who_is_named_by_several_rules_is_told_once():
    rules = [NotifyRule("MAIL"), NotifyRule("PAGER"), NotifyRule("MAIL")]
    assert ("MAIL", "PAGER") == receivers(DEGRADED, rules)
