import asyncio

import pytest

from bot.adapters.github.commits import Commit, CommitName
from bot.adapters.gitops import Snapshot
from bot.domain.catalog import Application
from bot.domain.errors import NotFound
from bot.domain.observation import Health, Observation, Sync
from bot.domain.problems import Problem, Reason
from bot.operations.facts import Gatherer
from bot.operations.threads import Threads
from tests.builders import SHA, catalog, request

OTHER = "20261121" + "0" * 32


class GitHub:
    """A GitHub with the commits that are called *names*, and one branch without files."""

    def __init__(self, names):
        self._names = names

    def resolve(self, _repo, version):
        if version not in self._names:
            raise NotFound("GitHub", f"find {version}")
        return Commit(self._names[version], "Fix", "Kim", CommitName.BRANCH, version)

    def has(self, _repo, version):
        return version in self._names

    def read(self, repo, branch, _files):
        return Snapshot(repo, branch, "h" * 40, "t" * 40, {}, ())


class ArgoCD:
    """An Argo CD where all is well."""

    def look(self, application: Application):
        return Observation(
            "main", "argocd", application.name, "u1", "p", Sync.SYNCED, Health.HEALTHY
        )


@pytest.fixture
def gather():
    threads = Threads("github")

    def gathered(version, names):
        github = GitHub(names)
        gatherer = Gatherer(catalog(), github, github, {"main": ArgoCD()}, threads)
        found = asyncio.run(gatherer.gather(request(version=version)))
        if isinstance(found, Problem):
            return found.reason, found.facts["version"]
        return found.commits["xiilab/astrago-backend"].sha

    yield gathered
    threads.close()


@pytest.mark.parametrize(
    ("version", "names", "expected"),
    [
        pytest.param("core-stage-a1b2c3d4", {"a1b2c3d4": SHA}, SHA, id="an image tag of ours"),
        pytest.param(
            "hotfix-core-20261121",
            {"hotfix-core-20261121": SHA},
            SHA,
            id="a branch that only looks like one",
        ),
        pytest.param(
            "hotfix-core-20261121",
            {"hotfix-core-20261121": SHA, "20261121": OTHER},
            SHA,
            id="and a commit that its digits name",
        ),
        pytest.param(
            "core-stage-a1b2c3d4",
            {},
            (Reason.UNKNOWN_VERSION, "core-stage-a1b2c3d4"),
            id="nothing of the kind, said as it was typed",
        ),
    ],
)
def test_a_version_is_first_of_all_a_name(gather, version, names, expected):
    assert expected == gather(version, names)
