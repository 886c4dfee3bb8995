"""One deploy over two Argo CDs, in which the applications happen to have the same name."""

from bot.clock import Clock
from sandbox.argocd import ArgoCD
from sandbox.inside import Inside
from sandbox.systems import system
from sandbox.world import World
from tests.scenarios.story import Story

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
VALUES = "helmfile/environments/customers/xiilab/values.yaml"
IMAGE = "ghcr.io/xiilab/astrago-backend"


class TwoClusters(World):
    """Astrago, whose batch runs in a second cluster with an Argo CD and a token of its own."""

    def start(self):
        super().start()
        self.edge = ArgoCD(self.clock, self._path, name="edge", token="edge.token.x")
        self.edge.start()
        self.edge.add_application(
            "astrago",
            repo_url="https://github.com/xiilab/astrago-deployment",
            path=VALUES,
            workloads=[("astrago-batch", IMAGE, "astrago.batch.imageTag")],
        )

    def stop(self):
        self.edge.stop()
        super().stop()

    def environment(self, database_url, *, socket_mode=False):
        variables = super().environment(database_url, socket_mode=socket_mode)
        file = self.folder / "shipmate.yaml"
        at = "key: astrago.batch.imageTag}\n"
        text = file.read_text("utf-8")
        text = text.replace(at, f"{at}    argocd: {{instance: edge}}\n")
        text = text.replace("argocd:\n", f"argocd:\n  edge: {{url: {self.edge.url}}}\n", 1)
        file.write_text(text, "utf-8")
        return {**variables, "ARGOCD_AUTH_TOKEN_EDGE": self.edge.token}


def test_each_service_is_followed_in_its_own_argocd(tmp_path):
    world = TwoClusters(system("astrago"), tmp_path, clock=Clock(60))
    world.start()
    try:
        with Inside(world, f"sqlite:///{tmp_path / 'a.db'}") as inside:
            told = Story(world, inside)
            told.everything_is_healthy()
            sha = world.sha(BACKEND, BRANCH)[:8]

            ended = told.goes_live(told.types(f"/deploy core,batch {sha} stage"))

            assert f"{IMAGE}:core-stage-{sha}" in world.argocd.images("astrago")
            assert [f"{IMAGE}:batch-stage-{sha}"] == world.edge.images("astrago")
            pages = {one.service: one.url.rpartition("/applications/")[0] for one in ended.progress}
            assert {"batch": world.edge.url, "core": world.argocd.url} == pages
        assert [] == world.troubles() + world.edge.strange
    finally:
        world.stop()
