"""What holds for any document: every other byte stays, and the edit can be undone."""

from copy import deepcopy

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.domain.edit import DROP, EditError, read_tag, set_tag
from bot.domain.edit.quoting import reads_as_string
from bot.domain.locations import Container, Key, Kustomize
from tests.domain.edit.documents import PLAIN, TAGS, Document, documents


@given(documents(), TAGS)
def test_every_other_byte_stays(document: Document, tag: str):
    edited = set_tag(document.text, "values.yaml", Key(document.path), tag)

    quote = document.quote or ("" if reads_as_string(tag) else '"')
    assert document.before + f"{quote}{tag}{quote}".encode() + document.after == edited.text
    assert tag == read_tag(edited.text, "values.yaml", Key(document.path))


@given(documents(tags=PLAIN), PLAIN)
def test_an_independent_reader_sees_one_value_changed(document: Document, tag: str):
    edited = set_tag(document.text, "values.yaml", Key(document.path), tag)

    before, after = _load(document.text), _load(edited.text)
    assert _with(before, document.tag, tag) == _with(after, document.tag, tag)
    assert (before == after) == (document.tag == tag)


def _load(text: bytes):
    return list(YAML(typ="safe").load_all(text.decode("utf-8-sig")))


def _with(data, old: str, new: str):
    """Return *data* with *old* replaced by *new* wherever it is a whole value."""
    if isinstance(data, dict):
        return {key: _with(value, old, new) for key, value in data.items()}
    if isinstance(data, list):
        return [_with(value, old, new) for value in data]
    return new if data == old else deepcopy(data)


@given(documents(), TAGS)
def test_an_edit_can_be_undone(document: Document, tag: str):
    plain_both_ways = reads_as_string(document.tag) and reads_as_string(tag)
    assume(document.quote or plain_both_ways)

    there = set_tag(document.text, "values.yaml", Key(document.path), tag)
    back = set_tag(there.text, "values.yaml", Key(document.path), document.tag, expected=tag)

    assert document.text == back.text


@given(documents(), TAGS)
def test_a_gotmpl_file_without_templates_is_a_values_file(document: Document, tag: str):
    path = Key(document.path)
    assume(b"{{" not in document.text)

    plain = set_tag(document.text, "values.yaml", path, tag)

    assert plain == set_tag(document.text, "values.yaml.gotmpl", path, tag)


# fmt: off
SCRAPS = st.lists(
    st.sampled_from([
        *"abc:-?[]{},&*#!|>'\"%@`~<=. \t\n\r$(", "tag", "tag: ", "image: ", "r/a:v1", "\n  ",
        "\n- ", "images:", "name: a", "newTag: v1", "digest: ", f"sha256:{'a' * 64}", "{{", "}}",
        "/*", "<<: *x", "&x ", "*x", "---\n", "...\n", "\ufeff", "\x85", "\u2028", "\x00",
        "|\n ", "${X}", "kustomize:", "!!str ", "null", "\r\n", "kind: ",
    ]),
    max_size=30,
).map(lambda scraps: "".join(scraps).encode())

PLACES = st.sampled_from([
    Key("tag"), Key("a.tag"), Key("[0]"), Key("image"), Key("a[].b"), Key("[tag=a].c"), Key("[[="),
    Container("r/a"), Kustomize("a"),
])
# fmt: on


@pytest.mark.parametrize("file", ["values.yaml", "values.yaml.gotmpl"])
@given(text=st.binary(max_size=60) | SCRAPS, at=PLACES, tag=TAGS, dropped=st.booleans())
def test_whatever_the_bytes_it_edits_or_refuses(file, text, at, tag, dropped):
    try:
        edited = set_tag(text, file, at, tag, every=True, digest=DROP if dropped else None)
    except EditError:
        return
    assert tag == read_tag(edited.text, file, at, every=True)
