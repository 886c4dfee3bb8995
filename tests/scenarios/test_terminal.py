"""The same words in a shell: deployed, approved, refused and looked at, with and without Slack."""

from datetime import timedelta

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.terminal.ends import End
from bot.terminal.orders import Waiting
from sandbox.wire import Fault, answer
from tests.scenarios.approving import CODE, Approving, with_more_rules
from tests.scenarios.story import told_in
from tests.terminal.desk import ALICE, BOB, MALLORY, Terminals

GO = Waiting(most=timedelta(seconds=60))
BRIEFLY = Waiting(wait=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terminal")
    with told_in(folder, "pingvas", speed=60.0, config=with_more_rules) as told:
        told.terminals = Terminals(told.world, f"sqlite:///{folder / 'shipmate.db'}")
        yield told


@pytest.fixture
def they(world):
    yield Approving(world)
    world.github.disarm()
    world.slack.disarm()


@pytest.fixture
def shell(world):
    return world.terminals


def operation_of(told, number):
    return told.store.operation(number)


def asked(they, shell, service="user-service", **more):
    """Ask for production from a shell; return the operation's id once it waits for approval."""
    version = they.version()
    ordered = shell.types(f"deploy {service} {version} prod because of it", waiting=BRIEFLY,
                          as_json=True, **more)  # fmt: skip
    assert End.UNDER_WAY is ordered.end, ordered.text
    number = ordered.rows[0]["operation"]
    assert they.world.until(lambda: they.told.waits(number)), they.told.timeline(number)
    return number


def test_a_deploy_from_a_shell_goes_live_and_is_followed(they, shell, world):
    number = asked(they, shell)
    request = operation_of(world, number).request
    account = they.github.account(ALICE).number if hasattr(they.github, "account") else None
    assert request.requester.startswith("github:")
    assert account in {None, int(request.requester.partition(":")[2])}

    said = shell.types(f"approve {number}", by=BOB)
    assert (End.DONE, f"Approved by you: {number}") == (said.end, said.text.partition(".")[0])
    followed = shell.types(f"follow {number}", by=BOB, waiting=GO)

    assert End.DONE is followed.end, followed.text
    assert "Live after" in followed.text
    assert "commit " in followed.text
    (message,) = they.ours(number)
    assert f"Requested-by: {request.requester} (alice-kim)" in message
    assert "Approved-by: bob-lee" in message
