"""Auto-sync and Argo CD's own rollback through the real client, on servers old and new."""

import pytest

from bot.adapters.argocd_emergency import Emergency, _rule_of
from bot.domain.catalog import Application
from bot.domain.errors import Conflict, Forbidden, NotFound, Rejected
from bot.domain.rollback.emergency import SetRule, switched_off, switched_on
from sandbox.argocd import ApplicationSet
from tests.adapters.test_argocd import client, eventually
from tests.sandbox.argocd_ground import ground

WEB = Application("main", "web")


class Ground:
    """An application ``web`` at its third tag."""

    def __init__(self, world, **settings):
        self.world, self.argocd = world, client(world.argocd)
        self.emergency = Emergency(self.argocd)
        world.add_web(**settings)
        self.shas = [world.gitops.push_web("2")]
        world.live(self.shas[0])
        self.shas.append(world.gitops.push_web("3"))
        world.argocd.poll_now("web")
        world.live(self.shas[1])

    @property
    def account(self):
        return self.world.argocd.accounts[self.world.argocd.token]

    def switches_off(self):
        standing = self.emergency.read(WEB)
        self.emergency.write(WEB, switched_off(standing.spec, self.argocd.version()))
        return standing


@pytest.fixture
def g():
    with ground() as world:
        yield Ground(world)


@pytest.mark.parametrize("version", ["v3.0.9", "v3.5.1"])
def test_it_is_off_back_and_on_as_it_was(version):
    with ground(version=version) as world:
        g = Ground(world)
        before = g.switches_off()
        assert before.seen.auto_sync
        assert not g.emergency.read(WEB).seen.auto_sync

        wanted = next(one for one in before.seen.history if one.revisions == (g.shas[0],))
        g.emergency.roll_back(WEB, wanted.id)
        eventually(lambda: ["ghcr.io/acme/web:2"] == world.argocd.images("web"))
        done = g.emergency.read(WEB)
        assert (g.shas[0],) == done.seen.operation_state.revisions
        assert g.emergency.ourselves() == done.seen.operation_state.username

        g.emergency.write(WEB, switched_on(done.spec, before.sync_policy))
        assert before.spec == g.emergency.read(WEB).spec


def test_while_auto_sync_is_on_there_is_no_rollback(g):
    with pytest.raises(Conflict, match="auto-sync is enabled"):
        g.emergency.roll_back(WEB, 0)


def test_an_entry_that_is_not_there_is_refused_for_good(g):
    g.switches_off()
    with pytest.raises(Rejected, match="does not have deployment with id 99"):
        g.emergency.roll_back(WEB, 99)


def test_without_the_right_it_says_so_before_and_is_refused(g):
    standing = g.emergency.read(WEB)
    assert g.emergency.may_update(standing)
    g.account.rights -= {"applications/update"}
    assert not g.emergency.may_update(standing)
    with pytest.raises(Forbidden):
        g.emergency.write(WEB, standing.spec)


def test_a_set_that_may_not_be_read_or_is_not_there():
    with ground() as world:
        g = Ground(world, owner=ApplicationSet("apps", ("/spec/syncPolicy",)))
        assert SetRule(keeps=True) == g.emergency.application_set("apps", "argocd", "web")
        with pytest.raises(NotFound):
            g.emergency.application_set("others", "argocd", "web")
        g.account.rights -= {"applicationsets/get"}
        with pytest.raises(Rejected):
            g.emergency.application_set("apps", "argocd", "web")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({}, SetRule(keeps=False), id="nothing said"),
        pytest.param({"ignoreApplicationDifferences": None}, SetRule(keeps=False), id="null"),
        pytest.param(
            {"ignoreApplicationDifferences": [{"jsonPointers": ["/spec/source"]}]},
            SetRule(keeps=False),
            id="another field",
        ),
        pytest.param(
            {"ignoreApplicationDifferences": [{"jqPathExpressions": [".spec.syncPolicy"]}]},
            SetRule(keeps=True),
            id="by jq",
        ),
        pytest.param(
            {
                "ignoreApplicationDifferences": [
                    {"name": "other", "jsonPointers": ["/spec/syncPolicy"]}
                ]
            },
            SetRule(keeps=False),
            id="of another application",
        ),
        pytest.param(
            {"syncPolicy": {"applicationsSync": "create-only"}}, SetRule(keeps=True), id="policy"
        ),
        pytest.param(
            {"syncPolicy": {"applicationsSync": "create-update"}},
            SetRule(keeps=False),
            id="a policy that writes",
        ),
        pytest.param(
            {"strategy": {"type": "RollingSync"}}, SetRule(keeps=False, rolls=True), id="rolls"
        ),
    ],
)
def test_what_a_set_leaves_alone(spec, expected):
    assert expected == _rule_of(spec, "web")
