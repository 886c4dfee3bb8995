"""Nobody in Slack, whatever they click or type, speaks as who proves themselves on a terminal."""

import json

import pytest

from handlers.slack import is_of_slack
from tests.attacks.conftest import pingvas
from tests.attacks.forging import forged_reason
from tests.scenarios.approving import Approving

BOBS = "github:58102"
ALICES = "github:58101"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with pingvas(tmp_path_factory.mktemp("terminal")) as told:
        told.slack.add_user(BOBS, "bob-of-the-terminal")
        yield told


@pytest.fixture
def they(world):
    return Approving(world)


def _anybody(_body):
    return True


@pytest.mark.guard("handlers.slack.is_of_slack", _anybody)
def test_a_signed_form_of_a_terminals_person_rejects_nothing(they):
    number = they.asks("user-service")
    assert 403 == forged_reason(they.told, BOBS, number, "because I say so").status
    assert they.still_waits(number)
    assert "reject" not in [line for line, _ in they.told.timeline(number)]


SHAPES = [
    {"user_id": BOBS},
    {"user": {"id": BOBS}},
    {"event": {"user": BOBS}},
    {"user": BOBS},
]


@pytest.mark.parametrize("body", SHAPES, ids=json.dumps)
def test_every_shape_in_which_slack_names_people_is_looked_at(body):
    assert not is_of_slack(body)
    assert is_of_slack(json.loads(json.dumps(body).replace(BOBS, "U0BOB")))


def _lets(*_):
    return None


@pytest.mark.guard("bot.operations.intake.account_of", _lets)
def test_no_command_is_ever_written_down_in_their_name(they, world):
    """Were the door open, there would still be none of theirs in the store."""
    from bot.operations.intake import Intake  # the class is whole; only its door is asked
    from tests.builders import request

    with pytest.raises(ValueError, match="letterbox"):
        Intake.receive(world.inside.shipmate.intake, request(requester=ALICES), "command:1")
