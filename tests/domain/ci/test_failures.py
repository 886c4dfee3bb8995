import pytest

from bot.domain.ci.failures import Audience, Rule, rule_for
from bot.domain.ci.runs import Origin, Series
from tests.domain.ci.runs import run


def rule(repositories=("acme/api",), branches=None, workflows=("*",), to=Audience.CHANNEL):
    return Rule(repositories, branches, workflows, to, "C0CI")


def of(branch="main", repository="acme/api", name="ci", *, default=True):
    series = Series(repository, Origin.ACTIONS, "1", branch)
    return run(series=series, name=name, on_default=default)


@pytest.mark.parametrize(
    ("made", "reported", "fits"),
    [
        pytest.param(rule(), of(), True, id="the default branch"),
        pytest.param(rule(), of("trunk"), True, id="another default branch"),
        pytest.param(rule(), of("master", default=False), True, id="master"),
        pytest.param(rule(), of("fix/login", default=False), False, id="another branch"),
        pytest.param(rule(), of(repository="Acme/API"), True, id="case of the repository"),
        pytest.param(rule(), of(repository="acme/web"), False, id="another repository"),
        pytest.param(rule(("acme/*",)), of(repository="acme/web"), True, id="a pattern"),
        pytest.param(rule(branches=("release/*",)), of("release/2", default=False), True, id="br"),
        pytest.param(rule(branches=("release/*",)), of(), False, id="only those branches"),
        pytest.param(rule(workflows=("ci",)), of(name="nightly"), False, id="another workflow"),
    ],
)
def test_which_runs_a_rule_is_about(made, reported, fits):
    assert fits == made.fits(reported)


def test_the_first_rule_that_fits_decides():
    quiet = rule(workflows=("nightly*",), to=Audience.NOBODY)
    loud = rule(to=Audience.BOTH)
    assert rule_for([quiet, loud], of(name="nightly scan")) is None
    assert rule_for([quiet, loud], of()) is loud
    assert rule_for([], of()) is None
