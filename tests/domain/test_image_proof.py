"""Whether an image really runs."""

from dataclasses import replace

import pytest

from bot.domain.image_proof import Found, Proof, by_pods, by_workloads, carriers
from bot.domain.observation import Workload
from tests.domain.argocd_views import EXPECTED, IMAGE

DIGEST = "sha256:" + "1" * 64
OTHER_DIGEST = "sha256:" + "2" * 64
WORKLOAD = Workload("Deployment", "web", "web", "apps", (f"{IMAGE}:2",), desired=2, updated=2)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param([f"{IMAGE}:2"], Found(Proof.PROVEN, ("2",)), id="ours alone"),
        pytest.param([f"{IMAGE}:2", "redis:7"], Found(Proof.PROVEN, ("2",)), id="beside others"),
        pytest.param([f"{IMAGE}:1", f"{IMAGE}:2"], Found(Proof.MIXED, ("1", "2")), id="both"),
        pytest.param([f"{IMAGE}:1"], Found(Proof.OTHER, ("1",)), id="the old one"),
        pytest.param([], Found(Proof.ABSENT), id="no pods"),
        pytest.param([f"{IMAGE}-worker:2"], Found(Proof.ABSENT), id="a longer name is another"),
        pytest.param([f"{IMAGE}:2@{DIGEST}"], Found(Proof.PROVEN, ("2",)), id="tag and digest"),
        pytest.param([f"{IMAGE}@{DIGEST}"], Found(Proof.OTHER, (DIGEST,)), id="digest alone"),
        pytest.param([IMAGE], Found(Proof.OTHER, ("latest",)), id="nothing means latest"),
        pytest.param(["", "::", "<none>"], Found(Proof.ABSENT), id="no images at all"),
    ],
)
def test_pods_prove_what_runs(images, expected):
    assert expected == by_pods(images, EXPECTED)


@pytest.mark.parametrize(
    ("ours", "pod"),
    [
        ("nginx", "docker.io/library/nginx:2"),
        ("docker.io/library/nginx", "nginx:2"),
        ("acme/web", "docker.io/acme/web:2"),
        ("registry:5000/web", "registry:5000/web:2"),
    ],
)
def test_a_repository_has_several_spellings(ours, pod):
    assert Found(Proof.PROVEN, ("2",)) == by_pods([pod], replace(EXPECTED, image=ours))


def test_a_digest_in_git_decides_over_the_tag():
    wanted = replace(EXPECTED, digest=DIGEST)
    assert Proof.PROVEN == by_pods([f"{IMAGE}@{DIGEST}"], wanted).proof
    assert Proof.OTHER == by_pods([f"{IMAGE}:2@{OTHER_DIGEST}"], wanted).proof


@pytest.mark.parametrize(
    ("workloads", "expected"),
    [
        pytest.param([WORKLOAD], Proof.PROVEN, id="settled"),
        pytest.param([replace(WORKLOAD, updated=1)], Proof.SETTLING, id="pods missing"),
        pytest.param([replace(WORKLOAD, observed=False)], Proof.SETTLING, id="not observed"),
        pytest.param([replace(WORKLOAD, desired=0, updated=0)], Proof.PROVEN, id="zero replicas"),
        pytest.param(
            [replace(WORKLOAD, kind="CronJob", desired=None, updated=None)],
            Proof.PROVEN,
            id="a CronJob has no pods to count",
        ),
        pytest.param(
            [WORKLOAD, replace(WORKLOAD, name="canary", images=(f"{IMAGE}:1",))],
            Proof.PROVEN,
            id="another workload has a tag of its own",
        ),
        pytest.param([replace(WORKLOAD, images=(f"{IMAGE}:1",))], Proof.OTHER, id="another tag"),
        pytest.param([replace(WORKLOAD, images=("redis:7",))], Proof.ABSENT, id="another image"),
        pytest.param([], Proof.ABSENT, id="none"),
    ],
)
def test_templates_prove_what_pods_cannot(workloads, expected):
    assert expected is by_workloads(workloads, EXPECTED).proof


def test_carriers_are_the_workloads_of_our_image():
    other = replace(WORKLOAD, name="old", images=(f"{IMAGE}:1",))
    assert (WORKLOAD,) == carriers([other, WORKLOAD], EXPECTED)
