"""What anybody can reach, and anybody can be called: open pages, floods, and others' names."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import yaml

from bot.domain.operations import Phase
from bot.domain.rights import Actor, GitHubUser
from tests.attacks.conftest import pingvas
from tests.scenarios.approving import Approving

CHART = Path(__file__).parents[2] / "deploy" / "chart"
FLOOD = 120


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
