"""kustomize itself renders the edited tree: exactly the image changes."""

import shutil
import subprocess

import pytest

from bot.domain.edit import DROP, set_tag
from bot.domain.locations import Kustomize

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {a: a}}
  template:
    metadata: {labels: {a: a}}
    spec:
      containers:
      - {name: a, image: r/a:base}
      - {name: b, image: r/b:base}
"""
HEAD = "resources: [deployment.yaml]   # the only one\n"
DIGEST = f"sha256:{'a' * 64}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("kubectl") is None, reason="kubectl is not on PATH, so nobody can check us"
    ),
]


@pytest.mark.parametrize("tag", ["v2", "12345678", "0_X7", "1e10", "on", "null"])
@pytest.mark.parametrize(
    "images",
    [
        pytest.param("images:\n- name: r/a\n  newTag: v1 # c\n", id="newTag"),
        pytest.param("images:\n  - name: 'r/a'\n", id="no newTag"),
        pytest.param("images: [{name: r/a, newTag: 'v1'}]\n", id="flow"),
        pytest.param(f"images:\n- digest: {DIGEST}\n  name: r/a\n", id="digest dropped"),
        pytest.param("images:\n- name: r/c\n  newTag: v1\n", id="no entry"),
        pytest.param("images: []\n", id="empty list"),
        pytest.param("", id="no list"),
    ],
)
def test_exactly_the_image_changes(tmp_path, images, tag):
    text = (HEAD + images).encode()
    edited = set_tag(text, "kustomization.yaml", Kustomize("r/a"), tag, digest=DROP)

    before, after = _render(tmp_path, text), _render(tmp_path, edited.text)

    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [f"- image: r/a:{tag}"] == changed


def _render(path, kustomization: bytes) -> list[str]:
    (path / "kustomization.yaml").write_bytes(kustomization)
    (path / "deployment.yaml").write_text(DEPLOYMENT)
    run = subprocess.run(
        ["kubectl", "kustomize", path], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return [line.strip() for line in run.stdout.splitlines()]
