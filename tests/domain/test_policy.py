from dataclasses import replace

import pytest

from bot.domain.policy import refusal
from bot.domain.problems import Reason
from tests.builders import catalog, environment, request, target

ELSEWHERE = replace(target("web").location, repo="xiilab/other")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, None, id="all well"),
        pytest.param({"requester": "U0MALLORY"}, None, id="whoever asks: rights come later"),
        pytest.param(
            {"environment": "gone"}, Reason.NOT_IN_ENVIRONMENT, id="an unknown environment"
        ),
        pytest.param({"services": ("gone",)}, Reason.NOT_IN_ENVIRONMENT, id="no such target"),
        pytest.param(
            {"services": ("core", "web")}, Reason.SEVERAL_REPOSITORIES, id="two repositories"
        ),
    ],
)
def test_refusal(change, expected):
    places = catalog(
        [target(), target("core", "prod"), target("web", location=ELSEWHERE)],
        [environment(), environment("prod")],
    )
    found = refusal(request(**change), places)
    assert expected == (found and found.reason)
