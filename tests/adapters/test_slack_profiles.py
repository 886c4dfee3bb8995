"""Whose hands may have filled a profile field is what Slack says, if it says it plainly."""

import pytest

from bot.domain.errors import Garbled, NotFound, Unavailable
from sandbox.slack.workspace import ProfileField
from sandbox.wire import Fault, answer
from tests.adapters.test_slack import adapter
from tests.sandbox.slack_bot import ALICE, slack_with


@pytest.fixture
def pretend():
    pretend = slack_with()
    yield pretend
    pretend.stop()
    assert [] == pretend.strange


@pytest.fixture
def slack(pretend):
    return adapter(pretend)


def test_a_field_is_protected_by_admins_or_by_a_directory(slack, pretend):
    pretend.add_field(ProfileField("Xf1", "typed"))
    pretend.add_field(ProfileField("Xf2", "by admins", protected=True))
    pretend.add_field(ProfileField("Xf3", "by a directory", scim=True))

    assert {"Xf2", "Xf3"} == slack.protected_fields()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(None, id="nothing is said"),
        pytest.param({}, id="no word of it"),
        pytest.param({"is_protected": "true", "is_scim": 1}, id="something that is not true"),
        pytest.param([], id="a strange shape"),
    ],
)
def test_what_does_not_plainly_say_so_is_not_protected(slack, pretend, options):
    body = {"ok": True, "profile": {"fields": [{"id": "Xf1", "options": options}]}}
    pretend.arm("team.profile.get", Fault(answer=lambda: answer(body)))

    assert frozenset() == slack.protected_fields()


def test_the_value_of_a_field_is_read(slack, pretend):
    pretend.add_user(ALICE, "alice", profile={"Xf1": "alice", "Xf2": ""})

    assert ["alice", "", ""] == [slack.profile_value(ALICE, one) for one in ("Xf1", "Xf2", "Xf3")]


@pytest.mark.parametrize("fields", [None, [], {}, {"Xf1": None}, {"Xf1": {"value": None}}])
def test_an_empty_profile_has_no_value(slack, pretend, fields):
    body = {"ok": True, "profile": {"fields": fields}}
    pretend.arm("users.profile.get", Fault(answer=lambda: answer(body)))

    assert "" == slack.profile_value(ALICE, "Xf1")


@pytest.mark.parametrize(
    ("method", "body", "status", "kind"),
    [
        pytest.param("users.profile.get", {"ok": True}, 200, Garbled, id="no profile"),
        pytest.param("team.profile.get", {"ok": True, "profile": {}}, 200, Garbled, id="no fields"),
        pytest.param("team.profile.get", {"ok": False}, 500, Unavailable, id="away"),
        pytest.param(
            "users.profile.get", {"ok": False, "error": "user_not_found"}, 200, NotFound, id="who?"
        ),
    ],
)
def test_what_slack_does_not_tell_is_an_error_of_ours(slack, pretend, method, body, status, kind):
    pretend.arm(method, Fault(answer=lambda: answer(body, status)))

    ask = {
        "users.profile.get": lambda: slack.profile_value(ALICE, "Xf1"),
        "team.profile.get": slack.protected_fields,
    }
    with pytest.raises(kind):
        ask[method]()
