"""Image references, as manifests, kustomizations and registries write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.images import ImageReference, is_digest, is_tag, same_repository

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("nginx", ImageReference("nginx"), id="name"),
        pytest.param("nginx:1.25", ImageReference("nginx", "1.25"), id="name and tag"),
        pytest.param("reg:5000/app", ImageReference("reg:5000/app"), id="port is no tag"),
        pytest.param(
            "registry:5000/r/a:tag@" + DIGEST,
            ImageReference("registry:5000/r/a", "tag", DIGEST),
            id="everything",
        ),
        pytest.param(f"r/a@{DIGEST}", ImageReference("r/a", None, DIGEST), id="digest only"),
        pytest.param("[::1]:5000/a:b", ImageReference("[::1]:5000/a", "b"), id="IPv6 host"),
        pytest.param("REGISTRY/App:v1", ImageReference("REGISTRY/App", "v1"), id="placeholder"),
    ],
)
def test_parse(text, expected):
    assert expected == ImageReference.parse(text)
    assert text == str(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":v1",
        "a:",
        "a b",
        "a:v1:v2",
        "a//b",
        "/a",
        "a/",
        "a@",
        "a@sha256:0",
        "a:-x",
        "a\n",
        "-/:x",
    ],
)
def test_what_is_no_reference_is_an_error(text):
    with pytest.raises(ValueError, match="no image reference"):
        ImageReference.parse(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("nginx", "docker.io/library/nginx", True),
        ("nginx", "index.docker.io/nginx", True),
        ("r/app", "docker.io/r/app", True),
        ("r/app", "r/app-x", False),
        ("r/app", "ghcr.io/r/app", False),
        ("localhost/app", "docker.io/localhost/app", False),
        ("reg:5000/app", "reg:5001/app", False),
        ("library/nginx", "nginx", True),
    ],
)
def test_same_repository(one, other, same):
    assert same == same_repository(one, other) == same_repository(other, one)


@pytest.mark.parametrize(
    ("text", "registry", "path"),
    [
        ("nginx:1", "docker.io", "library/nginx"),
        ("ghcr.io/pinksea-ai/api:v1", "ghcr.io", "pinksea-ai/api"),
        ("localhost:5000/a/b", "localhost:5000", "a/b"),
    ],
)
def test_registry_and_path(text, registry, path):
    reference = ImageReference.parse(text)

    assert (registry, path) == (reference.registry, reference.path)


@given(st.text(max_size=30))
def test_whatever_parses_is_written_the_same(text):
    try:
        reference = ImageReference.parse(text)
    except ValueError:
        return
    assert text == str(reference)


def test_the_longest_tag():
    assert is_tag("x" * 128)
    assert not is_tag("x" * 129)


@pytest.mark.parametrize(("text", "good"), [(DIGEST, True), ("sha256:", False), ("v1", False)])
def test_digest(text, good):
    assert good == is_digest(text)
