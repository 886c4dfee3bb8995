"""Rendering: what committed files become, held to ``kubectl kustomize`` where that exists."""

import shutil
import subprocess

import pytest
from ruamel.yaml import YAML

from sandbox.argocd.cluster import images_of
from sandbox.argocd.kustomize import Broken, renamed
from sandbox.argocd.render import Renderer, Source, ValuesWorkload
from sandbox.argocd.repository import Unresolved
from tests.sandbox.argocd_ground import REPO, GitOps

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      initContainers:
        - name: wait
          image: busybox
      containers:
        - name: web
          image: web:0
        - name: proxy
          image: registry.example.com:5000/proxy:1@sha256:{d}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: tidy
spec:
  schedule: "0 0 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: tidy
              image: web
---
apiVersion: v1
kind: Service
metadata:
  name: web
""".replace("{d}", "a" * 64)
ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: roll
spec:
  template:
    spec:
      containers:
        - {name: roll, image: "web:0"}
"""
TREES = {
    "tag": {"a/kustomization.yaml": "resources: [../b]\nimages:\n- name: web\n  newTag: v1\n"},
    "new name and tag": {
        "a/kustomization.yaml": (
            "resources: [../b]\nimages:\n- {name: web, newName: ghcr.io/acme/web, newTag: '1.10'}\n"
        )
    },
    "name only": {
        "a/kustomization.yaml": "resources: [../b]\nimages:\n- {name: web, newName: other}\n"
    },
    "digest": {
        "a/kustomization.yaml": (
            "resources: [../b]\nimages:\n- name: web\n  digest: sha256:" + "b" * 64 + "\n"
        )
    },
    "tag over a digest": {
        "a/kustomization.yaml": (
            "resources: [../b]\nimages:\n- name: registry.example.com:5000/proxy\n  newTag: v2\n"
        )
    },
    "tag and digest": {
        "a/kustomization.yaml": (
            "resources: [../b]\nimages:\n- name: web\n  newTag: v1\n"
            "  digest: sha256:" + "b" * 64 + "\n"
        )
    },
    "chained names": {
        "a/kustomization.yaml": (
            "resources: [../b]\nimages:\n- {name: web, newName: x/web}\n"
            "- {name: x/web, newTag: v3}\n"
        )
    },
    "overlay over overlay": {
        "a/kustomization.yaml": "resources: [../m]\nimages:\n- {name: web, newTag: v2}\n",
        "m/kustomization.yaml": "resources: [../b]\nimages:\n- {name: web, newTag: v1}\n",
    },
    "namespace and replicas": {
        "a/kustomization.yaml": (
            "resources: [../b]\nnamespace: shop\nreplicas:\n- {name: web, count: 3}\n"
        )
    },
    "component": {
        "a/kustomization.yaml": "resources: [../b]\ncomponents: [../c]\n",
        "c/kustomization.yaml": (
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
            "images:\n- {name: web, newTag: v4}\n"
        ),
    },
    "strategic merge": {
        "a/kustomization.yaml": "resources: [../b]\npatches:\n- path: p.yaml\n",
        "a/p.yaml": (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n"
            "    spec:\n      containers:\n      - name: web\n        image: web:patched\n"
        ),
    },
    "operations": {
        "a/kustomization.yaml": (
            "resources: [../b]\npatches:\n- target: {kind: Deployment, name: web}\n"
            "  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 4\n"
        )
    },
}


@pytest.fixture
def gitops(tmp_path):
    return GitOps(tmp_path)


def render(gitops, files, path="a", **settings):
    sha = gitops.push(files)
    return Renderer(lambda _url: gitops.bare).render(Source(REPO, path, **settings), sha)


def by_name(manifests):
    return {(each["kind"], each["metadata"]["name"]): each for each in manifests}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is the other opinion")
@pytest.mark.parametrize("tree", TREES)
def test_it_renders_what_kubectl_renders(gitops, tmp_path, tree):
    files = TREES[tree] | {
        "b/kustomization.yaml": "resources:\n- all.yaml\n- roll.yaml\n",
        "b/all.yaml": BASE,
        "b/roll.yaml": ROLLOUT,
    }
    ours = by_name(render(gitops, files))
    printed = subprocess.run(
        ["kubectl", "kustomize", str(tmp_path / "work" / "a")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert by_name(YAML(typ="safe").load_all(printed)) == ours


@pytest.mark.parametrize(
    ("image", "entry", "expected"),
    [
        pytest.param("web", {"name": "web", "newTag": "1"}, "web:1", id="no tag before"),
        pytest.param("h:5/web", {"name": "h:5/web", "newTag": "1"}, "h:5/web:1", id="a port"),
        pytest.param("website:0", {"name": "web", "newTag": "1"}, "website:0", id="another name"),
        pytest.param("x/web:0", {"name": "web", "newTag": "1"}, "x/web:0", id="only the last part"),
        pytest.param("web:0", {"name": "web", "newName": "y"}, "y:0", id="the tag is kept"),
    ],
)
def test_images_are_renamed(image, entry, expected):
    assert expected == renamed(image, entry)


def test_plain_files_of_a_directory_are_taken_and_deeper_ones_left(gitops):
    files = {"k8s/b.yaml": BASE, "k8s/a.yml": ROLLOUT, "k8s/deep/c.yaml": BASE, "k8s/x.md": "x"}
    kinds = [each["kind"] for each in render(gitops, files, "k8s")]
    assert ["Rollout", "Deployment", "CronJob", "Service"] == kinds


def test_one_file_can_be_the_path(gitops):
    files = {"k8s/a.yaml": ROLLOUT, "k8s/b.yaml": BASE}
    assert ["Rollout"] == [each["kind"] for each in render(gitops, files, "k8s/a.yaml")]


def test_the_root_can_be_the_path(gitops):
    assert ["Rollout"] == [each["kind"] for each in render(gitops, {"a.yaml": ROLLOUT}, ".")]


def test_an_application_can_override_images_over_kustomize(gitops):
    files = {"a/kustomization.yaml": "resources: [roll.yaml]\n", "a/roll.yaml": ROLLOUT}
    [rollout] = render(gitops, files, images=("web=ghcr.io/acme/web:7",))
    assert ("ghcr.io/acme/web:7",) == images_of(rollout)


def test_values_make_deployments(gitops):
    values = "astrago:\n  core:\n    imageTag: core-stage-a1b2c3d4\n  batch: {imageTag: b}\n"
    made = render(
        gitops,
        {"env/values.yaml": values},
        "env",
        workloads=(
            ValuesWorkload("core", "ghcr.io/xiilab/core", "astrago.core.imageTag"),
            ValuesWorkload("batch", "ghcr.io/xiilab/batch", "astrago.batch.imageTag"),
        ),
    )
    assert [("ghcr.io/xiilab/core:core-stage-a1b2c3d4",), ("ghcr.io/xiilab/batch:b",)] == [
        images_of(each) for each in made
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param({"x": ""}, "a: app path does not exist", id="no path"),
        pytest.param(
            {"a/kustomization.yaml": "images: [\n"}, "Failed to unmarshal", id="broken YAML"
        ),
        pytest.param(
            {"a/kustomization.yaml": "images: [{name: web, newTag: 1.10}]\n"},
            "cannot unmarshal number into Go struct field Image.images.newTag of type string",
            id="a tag that YAML reads as a number",
        ),
        pytest.param(
            {"a/kustomization.yaml": "resources: [gone.yaml]\n"}, "no such file", id="no resource"
        ),
        pytest.param({"a/x.yaml": "just: words\n"}, "Object 'Kind' is missing", id="no kind"),
    ],
)
def test_what_cannot_be_rendered_says_why(gitops, files, said):
    with pytest.raises(Broken) as broken:
        render(gitops, files)
    assert said in str(broken.value)


SCALARS = [
    "on",
    "yes",
    "Y",
    "n",
    "off",
    "true",
    "True",
    "null",
    "~",
    "1.10",
    "12345678",
    "1234e567",
    "1e5",
    "0x1F",
    "0o17",
    "0777",
    "089",
    "1_000",
    "0_X7",
    "1:30",
    "2024-01-02",
    ".5",
    "1.",
    "+1",
    "-0",
    "1e400",
    "0b11",
    "12e",
    "1.2.3",
    "v1",
    "a1b2c3d4",
    "0123456",
    "'on'",
    '"1.10"',
    "!!str 5",
    "&x v9",
]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is the other opinion")
@pytest.mark.parametrize("scalar", SCALARS)
def test_an_unquoted_tag_is_read_as_kustomize_reads_it(gitops, tmp_path, scalar):
    files = {
        "a/kustomization.yaml": (
            f"resources: [roll.yaml]\nimages:\n- name: web\n  newTag: {scalar}\n"
        ),
        "a/roll.yaml": ROLLOUT,
    }
    try:
        ours = images_of(render(gitops, files)[0])[0]
    except Broken as broken:
        ours = str(broken)
    done = subprocess.run(
        ["kubectl", "kustomize", str(tmp_path / "work" / "a")],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        assert ours in done.stderr
    else:
        assert images_of(YAML(typ="safe").load(done.stdout))[0] == ours


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        pytest.param("a1b2c3d4", "a1b2c3d4", id="a text"),
        pytest.param('"12345678"', "12345678", id="a quoted number"),
        pytest.param("12345678", "1.2345678e+07", id="a number loses its face"),
        pytest.param("1.10", "1.1", id="so does a version"),
        pytest.param("1e10", "1e+10", id="and what looks like an exponent"),
        pytest.param("123456", "123456", id="six digits survive"),
        pytest.param("on", "true", id="a bool"),
    ],
)
def test_a_values_file_prints_tags_as_go_templates_do(gitops, written, tag):
    workload = ValuesWorkload("core", "x", "tag")
    [made] = render(gitops, {"a/values.yaml": f"tag: {written}\n"}, workloads=(workload,))
    assert (f"x:{tag}",) == images_of(made)


def test_anchors_and_merges_are_followed(gitops):
    values = "base: &b {tag: v1}\ncore:\n  <<: *b\n  other: 1\n"
    workload = ValuesWorkload("core", "x", "core.tag")
    [made] = render(gitops, {"a/values.yaml": values}, workloads=(workload,))
    assert ("x:v1",) == images_of(made)


def test_a_missing_key_of_a_values_file_says_which(gitops):
    workload = ValuesWorkload("core", "x", "a.core.imageTag")
    with pytest.raises(Broken, match=r"a\.core\.imageTag"):
        render(gitops, {"a/values.yaml": "a: {}\n"}, workloads=(workload,))


def test_revisions_resolve_like_git_names(gitops):
    sha = gitops.push({"x": "1"})
    renderer = Renderer(lambda _url: gitops.bare)
    subprocess.run(["git", "-C", str(gitops.bare), "tag", "v1", sha], check=True)
    subprocess.run(["git", "-C", str(gitops.bare), "pack-refs", "--all"], check=True)
    names = ("main", "HEAD", "v1", sha, sha[:8], "refs/heads/main")
    assert {sha} == {renderer.resolve(REPO, name) for name in names}
    with pytest.raises(Unresolved, match="unable to resolve 'no' to a commit SHA"):
        renderer.resolve(REPO, "no")
