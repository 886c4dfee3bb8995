"""What anybody can reach, and anybody can be called: open pages, floods, and others' names."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import yaml

from bot.domain.operations import Phase
from bot.domain.rights import Actor, GitHubUser
from bot.messages.drifting.drift import MORE
from tests.attacks.conftest import pingvas
from tests.attacks.forging import forged_click
from tests.scenarios.approving import Approving

CHART = Path(__file__).parents[2] / "deploy" / "chart"
FLOOD = 120
FOR_MEMBERS = "handlers.desk.Desk.for_members"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with pingvas(tmp_path_factory.mktemp("doors")) as told:
        yield told


@pytest.fixture
def they(world):
    return Approving(world)


# names


def anybody(_self, user, _operation, _rule):
    return Actor(user, GitHubUser(99, "anybody"))


@pytest.mark.guard("bot.operations.deploy.approve.Approvers.may", anybody)
def test_to_be_called_like_an_approver_is_no_right(they):
    """Guard: ``Approvers.may``. Anybody names themselves in Slack; only ids are believed."""
    bob = they.slack.workspace.users["U0BOB"]
    they.slack.add_user("U0EVE", bob.name)
    number = they.asks("user-service")
    said = they.approves(number, by="U0EVE")
    assert "does not know which GitHub account" in said
    assert Phase.AWAITING is they.phase(number)


# looking


def for_everybody(_self, _user, later):
    return later


LOOKS = [
    "/ship status",
    "/ship history user-service",
    "/ship diff user-service prod",
    "/ship drift prod",
    "/ship rollout user-service prod",
    "/rollback user-service",
]


@pytest.mark.guard(FOR_MEMBERS, for_everybody)
@pytest.mark.parametrize("line", LOOKS)
def test_a_guest_is_shown_nothing_of_what_runs(they, line):
    """Guard: ``Desk.for_members``. A partner in one channel is no reader of all services."""
    they.slack.add_user("U0GUEST", "guest", guest=True)
    before = len(they.slack.ephemerals("U0GUEST"))
    they.told.types(line, by="U0GUEST")
    assert they.world.until(lambda: len(they.slack.ephemerals("U0GUEST")) >= before + 2, 20)
    # The second answer may be quicker than what Slack shows of the first.
    said = " ".join(one.words for one in they.slack.ephemerals("U0GUEST")[before:])
    assert "has a guest account here, and such accounts may not act" in said
    assert "pingvas-studio" not in said


@pytest.mark.guard(FOR_MEMBERS, for_everybody)
def test_somebody_of_a_connected_workspace_is_shown_nothing_either(they):
    they.slack.add_user("U0STRANGER", "stranger", stranger=True)
    they.slack.workspace.channels["C0DEPLOY"].members.add("U0STRANGER")
    before = len(they.slack.ephemerals("U0STRANGER"))
    they.slack.mention("history user-service", by="U0STRANGER", channel="C0DEPLOY")
    heard = lambda: len(they.slack.ephemerals("U0STRANGER")) >= before + 2  # noqa: E731
    assert they.world.until(heard, 20)
    said = " ".join(one.words for one in they.slack.ephemerals("U0STRANGER")[before:])
    assert "of another workspace" in said


@pytest.mark.guard(FOR_MEMBERS, for_everybody)
def test_a_forged_button_turns_no_page_for_a_guest(they):
    they.slack.add_user("U0GUEST", "guest", guest=True)
    card = they.told.card(they.asks("user-service"))
    said = they.reads(
        lambda: forged_click(they.told, card, "U0GUEST", "drift:prod:10", become=MORE), "U0GUEST"
    )
    assert "has a guest account here" in said


def test_a_guest_gets_no_form_with_the_newest_commits(they):
    they.slack.add_user("U0GUEST", "guest", guest=True)
    before = len(they.slack.ephemerals("U0GUEST"))
    they.told.types("/deploy", by="U0GUEST")
    assert they.world.until(lambda: len(they.slack.ephemerals("U0GUEST")) > before, 20)
    assert "has a guest account here" in they.slack.ephemerals("U0GUEST")[-1].words
    assert they.slack.modal("U0GUEST") is None


# pages without a login


PAGES = ("/metrics", "/readyz", "/healthz")


@pytest.mark.parametrize("page", PAGES)
def test_an_open_page_tells_no_secret_and_nobodys_name(world, page):
    answer = httpx.get(f"{world.inside.url}{page}")
    assert httpx.codes.OK == answer.status_code
    settings = world.inside.shipmate.settings
    assert [] == [one for one in settings.secrets() if one in answer.text]
    people = [one for one in world.slack.workspace.users.values() if not one.bot]
    names = [text for one in people for text in (one.id, one.name) if len(text) > 3]
    assert [] == [one for one in names if one in answer.text]


def test_no_page_without_a_login_is_shown_outside_of_the_cluster():
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert ["/slack/events", "/webhooks/github", "/webhooks/argocd"] == values["ingress"]["paths"]
    ingress = (CHART / "templates" / "ingress.yaml").read_text(encoding="utf-8")
    assert "pathType: Exact" in ingress
    assert "Prefix" not in ingress


def test_a_copy_of_the_database_holds_no_secret(they, world):
    """Whoever finds a backup reads who did what, and is let in nowhere."""
    they.approves(they.asks("user-service"))
    (file,) = world.world.folder.glob("shipmate.db")
    copies = b"".join(one.read_bytes() for one in file.parent.glob("shipmate.db*"))
    assert b"U0ALICE" in copies
    settings = world.inside.shipmate.settings
    assert [] == [one for one in settings.secrets() if one.encode() in copies]


# floods


def test_a_flood_of_what_nobody_signed_keeps_nobody_from_deploying(they, world):
    before = len(world.store.latest())
    junk = b"x" * 10_000
    with httpx.Client(base_url=world.inside.url) as door, ThreadPoolExecutor(16) as crowd:
        doors = ("/slack/events", "/webhooks/github", "/webhooks/argocd")
        posts = [
            crowd.submit(door.post, doors[turn % len(doors)], content=junk) for turn in range(FLOOD)
        ]
        number = they.asks("user-service")
        answers = {post.result().status_code for post in posts}
    assert answers <= {400, 401, 404}
    assert they.still_waits(number)
    assert 1 == len(world.store.latest()) - before
