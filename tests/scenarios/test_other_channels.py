"""Who is told beside Slack, and what GitHub could not tell us while we were away. One story."""

import json

import pytest
from werkzeug.wrappers import Request, Response

from bot.domain.operations import Phase
from sandbox.process import free_port
from sandbox.wire import Fault, Wire, answer
from sandbox.world import GITHUB_WEBHOOK_SECRET, unguarded
from tests.adapters.github_world import pem, public_pem
from tests.scenarios.story import told_in

PAY = "210987654321.dkr.ecr.ap-northeast-2.amazonaws.com/flash-tickets-pay"
RULES = """
notify:
  - to: HOOK
    severity: warning
    environments: [staging]
"""
PERMISSIONS = {
    "contents": "write",
    "metadata": "read",
    "checks": "read",
    "statuses": "read",
    "members": "read",
    "actions": "write",
    "pull_requests": "write",
}


class Sink(Wire):
    """A web page of somebody who wants to know."""

    def __init__(self) -> None:
        super().__init__("sink")
        self.route("hook", ["POST"], "/hook", self._taken)
        self.bodies: list[dict[str, str]] = []

    def _taken(self, request: Request) -> Response:
        self.bodies.append(json.loads(request.get_data()))
        return answer({})

    @property
    def heard(self):
        return [(one["happening"], one["service"], one["resolves"]) for one in self.bodies]


@pytest.fixture(scope="module")
def sink():
    sink = Sink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture(scope="module")
def told(tmp_path_factory, sink):
    def as_an_app(world):
        world.github.add_app(42, public_pem(), 7, PERMISSIONS)
        usual = world.environment

        def environment(url, **how):
            variables = usual(url, **how)
            del variables["GITHUB_TOKEN"]
            return variables | {
                "GITHUB_APP_ID": "42",
                "GITHUB_APP_PRIVATE_KEY": pem(),
                "GITHUB_INSTALLATION_ID": "7",
                "NOTIFY_HOOK": sink.url.replace("http", "json") + "/hook",
            }

        world.environment = environment

    folder = tmp_path_factory.mktemp("channels")
    with told_in(
        folder,
        "flash_tickets",
        speed=60.0,
        config=lambda text: unguarded(text) + RULES,
        prepare=as_an_app,
    ) as story:
        yield story


def test_a_deploy_that_goes_well_is_no_news_elsewhere(told, sink):
    told.goes_live(told.types("/deploy pay v1.2.3 staging"))
    assert [] == sink.heard


def test_a_failure_is_told_and_who_is_away_keeps_nothing_back_in_slack(told, sink):
    sink.arm("hook", Fault(answer=lambda: answer({}, 500)), times=2)
    told.argocd.break_image(PAY, "v1.3.0")
    failed = told.ends(told.types("/deploy pay v1.3.0 staging"))
    assert Phase.FAILED is failed.phase
    assert "failed" in told.card(failed.id).words

    assert told.world.until(lambda: bool(sink.heard), 30)
    assert [("operation_failed", "pay", "false")] == sink.heard
    assert failed.id in sink.bodies[0]["title"]


def test_the_rollback_ends_the_trouble(told, sink):
    back = told.goes_live(told.types("/rollback pay staging because it fails"))
    assert told.world.until(lambda: len(sink.heard) == 3, 30)
    ending = {("recovered", "pay", "true"), ("rolled_back", "pay", "false")}
    assert ending == set(sink.heard[1:])
    assert sink.bodies[0]["dedup"] in {one["dedup"] for one in sink.bodies[1:]}
    assert all(back.id in one["title"] for one in sink.bodies[1:])


def test_what_came_while_we_were_away_comes_after_all(told):
    """Somebody pushed while nobody listened; GitHub itself never tells it again."""
    inbox = told.inside.shipmate.unasked.hearing.inbox
    told.github.subscribe(f"http://127.0.0.1:{free_port()}/webhooks/github", GITHUB_WEBHOOK_SECRET)
    repository = {"full_name": told.system.gitops}
    lost = told.github.deliver("push", {"ref": "refs/heads/x", "repository": repository})
    assert 0 == lost.status

    told.github.subscribe(f"{told.inside.url}/webhooks/github", GITHUB_WEBHOOK_SECRET)
    assert told.world.until(lambda: bool(inbox.known("github", [lost.guid])), 30)
