"""Every target of the five systems is edited in its own tree: one line, one image, and back."""

import shutil
import subprocess

import pytest

from bot.config import load
from bot.domain.edit import read_tag, set_tag
from sandbox.systems import systems
from sandbox.systems.nouns import Kustomized

NO_KUBECTL = "kubectl is not on the PATH, so no tree can be built by Kustomize here"

SHAS = {
    "letters and digits": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
    "all digits": "7654321876543218765432187654321876543210",
    "like an exponent": "1234e56712345678123456781234567812345678",
    "a leading zero": "0123456712345678123456781234567812345678",
}

TARGETS = [
    pytest.param(each, target, id=f"{each.name}: {target.name}")
    for each in systems()
    for target in load(each.config()).catalog.targets.values()
]


def tag_of(target, sha):
    template = next(each for each in target.tags if not each.needs_version)
    return template.render(service=target.service, env=target.environment, sha=sha)


@pytest.mark.parametrize("sha", SHAS.values(), ids=SHAS)
@pytest.mark.parametrize(("described", "target"), TARGETS)
def test_a_deploy_changes_one_line_and_undoing_it_gives_the_same_bytes(described, target, sha):
    file, at = target.location.file, target.location.at
    before = described.files()[file]
    old, new = read_tag(before, file, at), tag_of(target, sha)
    after = set_tag(before, file, at, new, expected=old).text

    assert new == read_tag(after, file, at)
    changed = changed_lines(before, after)
    assert 1 == len(changed)
    ((was, now),) = changed
    assert now.replace(new.encode(), old.encode()).replace(b'"', b"") == was.replace(b'"', b"")
    assert old == read_tag(set_tag(after, file, at, old).text, file, at)


def changed_lines(before, after):
    """Return the lines that differ, as (was, is); both must have as many lines."""
    return [
        pair
        for pair in zip(before.split(b"\n"), after.split(b"\n"), strict=True)
        if pair[0] != pair[1]
    ]


def built_from(folder):
    built = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True
    )
    return built.stdout.encode()


@pytest.mark.skipif(shutil.which("kubectl") is None, reason=NO_KUBECTL)
@pytest.mark.parametrize(
    ("described", "target"),
    [
        row
        for row in TARGETS
        if any(isinstance(each.renderer, Kustomized) for each in row.values[0].applications)
    ],
)
def test_what_kustomize_builds_differs_in_that_image_alone(described, target, tmp_path):
    for path, content in described.files().items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (application,) = [
        each for each in described.applications if each.name == target.application.name
    ]
    edited = tmp_path / target.location.file
    before = built_from(tmp_path / application.path)
    new = tag_of(target, SHAS["like an exponent"])
    edited.write_bytes(
        set_tag(edited.read_bytes(), target.location.file, target.location.at, new).text
    )
    after = built_from(tmp_path / application.path)

    changed = changed_lines(before, after)
    assert changed
    for was, now in changed:
        assert f"image: {target.image}:{new}".encode() in now
        assert f"image: {target.image}:".encode() in was
