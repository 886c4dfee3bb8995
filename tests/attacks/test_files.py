"""Files and names that look harmless: bombs of aliases, deep nests, letters of other alphabets."""

import time

import pytest

from bot.domain.commands import Deploy, Misread, parse
from bot.domain.edit import EditError, set_tag
from bot.domain.locations import Container, Key, Kustomize
from bot.domain.tags import TagTemplate
from tests.builders import catalog

SHORT = 3.0
"""Seconds of the processor; each takes some tenths."""

LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    + ["image: {tag: v1}"]
)
NEST = "a: " + "[" * 20_000 + "]" * 20_000 + "\nimage: {tag: v1}\n"
MERGES = "\n".join(
    ["b0: &b0 {x: 1}"]
    + [f"b{n}: &b{n} {{<<: [{', '.join([f'*b{n - 1}'] * 9)}]}}" for n in range(1, 30)]
    + ["image: {<<: *b29, tag: v1}"]
)
WIDE = "\n".join(f"k{n}: &k{n} v" for n in range(20_000)) + "\nimage: {tag: v1}\n"
BOMBS = {"laughs": LAUGHS, "a nest": NEST, "merges": MERGES, "anchors": WIDE}
PLACES = {
    "key": Key("image.tag"),
    "kustomize": Kustomize("web"),
    "container": Container("ghcr.io/acme/web"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_file_that_unfolds_without_end_keeps_nobody_busy(bomb, place):
    """libyaml's events name an alias and never unfold it; nests end at ``DEEPEST``."""
    begun = time.thread_time()
    try:
        done = set_tag(BOMBS[bomb].encode(), "values.yaml", PLACES[place], "v2").text
    except EditError:
        done = None
    assert time.thread_time() - begun < SHORT
    assert done in {None, BOMBS[bomb].replace("tag: v1", "tag: v2").encode()}


CYRILLIC = "с"  # as in "сore": not a Latin c
LOOK_ALIKE = ["v1.2.3\u0430", "ｖ1.2.3", "v1\u20242.3", "latest\u200b", "v1.2.3\u0301", "v١.٢"]


@pytest.mark.parametrize("version", LOOK_ALIKE, ids=ascii)
def test_a_tag_of_letters_that_look_alike_is_none(version):
    with pytest.raises(ValueError, match="no legal image tag"):
        TagTemplate.parse("{version}").render(service="core", env="prod", version=version)


@pytest.mark.parametrize("word", [f"{CYRILLIC}ore", "ｃore", "core\u0307"], ids=ascii)
def test_a_service_of_letters_that_look_alike_is_none(word):
    known = catalog()
    assert isinstance(parse("deploy", "core a1b2c3d4 stage", known), Deploy)
    assert isinstance(parse("deploy", f"{word} a1b2c3d4 stage", known), Misread)
