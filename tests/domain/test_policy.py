from dataclasses import replace

import pytest

from bot.domain.policy import may_cancel, refusal
from bot.domain.problems import Reason
from tests.builders import catalog, environment, request, target

ELSEWHERE = replace(target("web").location, repo="xiilab/other")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, None, id="all well"),
        pytest.param({"requester": "U0BOB"}, None, id="anybody of the list"),
        pytest.param({"requester": "U0MALLORY"}, Reason.NOT_ALLOWED, id="not in the list"),
        pytest.param({"requester": ""}, Reason.NOT_ALLOWED, id="nobody"),
        pytest.param({"environment": "prod"}, Reason.NOT_ALLOWED, id="an empty list is nobody"),
        pytest.param({"environment": "gone"}, Reason.NOT_ALLOWED, id="an unknown environment"),
        pytest.param({"services": ("gone",)}, Reason.NOT_IN_ENVIRONMENT, id="no such target"),
        pytest.param(
            {"services": ("core", "web")}, Reason.SEVERAL_REPOSITORIES, id="two repositories"
        ),
    ],
)
def test_refusal(change, expected):
    places = catalog(
        [target(), target("core", "prod"), target("web", location=ELSEWHERE)],
        [environment(), environment("prod", allow=frozenset())],
    )
    found = refusal(request(**change), places)
    assert expected == (found and found.reason)


def test_a_refusal_names_who_may():
    found = refusal(request(requester="U0MALLORY"), catalog())
    assert "U0ALICE U0BOB" == found.facts["allowed"]


@pytest.mark.parametrize(
    ("user", "expected"),
    [("U0ALICE", True), ("U0BOB", True), ("U0MALLORY", False)],
)
def test_who_may_cancel(user, expected):
    assert expected is may_cancel(user, request(), catalog())


def test_who_asked_may_cancel_even_after_losing_the_right_to_deploy():
    assert may_cancel("U0GONE", request(requester="U0GONE"), catalog())
