from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.operations import Change
from bot.domain.planning import (
    Text,
    Version,
    headline,
    message_body,
    moved,
    named_as,
    one_line,
    plan_edits,
    rebased,
    reference,
    tag_for,
)
from bot.domain.problems import Problem, Reason
from bot.domain.tags import TagTemplate
from tests.builders import NOON, SHA, VALUES, plan, target

FILE = b"""# tags
astrago:
  core:
    imageTag: "core-stage-ba01"  # keep
  batch: {imageTag: batch-stage-ba01}
"""
RELEASES = (TagTemplate.parse("{version}"), TagTemplate.parse("{sha}"))


def edits(tags, content=FILE):
    text = None if content is None else Text(content, "b" * 40)
    return plan_edits({target(service): tag for service, tag in tags.items()}, {VALUES: text})


def test_two_services_in_one_file_are_one_edit():
    made = edits({"core": "core-stage-a1b2c3d4", "batch": "batch-stage-a1b2c3d4"})
    expected = FILE.replace(b"core-stage-ba01", b"core-stage-a1b2c3d4").replace(
        b"batch-stage-ba01", b"batch-stage-a1b2c3d4"
    )
    assert {VALUES: expected} == made.files
    assert ["batch", "core"] == [change.service for change in made.changes]


def test_what_is_there_already_changes_nothing():
    made = edits({"core": "core-stage-ba01"})
    assert {} == made.files
    assert ("core-stage-ba01", "core-stage-ba01") == (made.changes[0].old, made.changes[0].new)


def test_a_missing_file_is_named():
    assert Reason.FILE_MISSING is edits({"core": "x"}, None).reason


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"astrago: {}\n", "not_found", id="key missing"),
        pytest.param(b"astrago: [\n", "unparsable", id="not parsable"),
        pytest.param(b"astrago: {core: {imageTag: a, imageTag: b}}\n", "duplicate_key", id="twice"),
        pytest.param(b"astrago:\n  core:\n    imageTag: '{{ .x }}'\n", "templated", id="templated"),
    ],
)
def test_what_cannot_be_edited_is_refused_with_its_code(content, code):
    found = edits({"core": "core-stage-a1b2c3d4"}, content)
    assert isinstance(found, Problem)
    assert (Reason.UNEDITABLE, code) == (found.reason, found.facts["code"])
    assert found.facts["hint"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("a1b2c3d4", "a1b2c3d4", id="a short SHA"),
        pytest.param("core-stage-a1b2c3d4", "a1b2c3d4", id="a whole image tag"),
        pytest.param("main", "main", id="a branch"),
        pytest.param("v1.2.3", "v1.2.3", id="a Git tag"),
    ],
)
def test_reference(typed, expected):
    assert expected == reference(typed, [target()])


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param(Version(SHA, "v1.2.3"), "v1.2.3", id="a Git tag"),
        pytest.param(Version(SHA), SHA, id="a commit"),
    ],
)
def test_the_template_that_fits_the_version_is_used(version, expected):
    assert expected == tag_for(target(tags=RELEASES), version, "typed")


def test_a_branch_never_becomes_a_tag():
    """``main`` as an image tag would move under the deploy."""
    found = tag_for(target(tags=(TagTemplate.parse("{version}"),)), Version(SHA), "main")
    assert Reason.VERSION_UNFIT is found.reason


PLANNED = Change("core", VALUES, "old", "new", "b" * 40)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param("old", None, id="still there"),
        pytest.param("new", None, id="done by somebody else"),
        pytest.param("other", Reason.VALUE_MOVED, id="changed meanwhile"),
        pytest.param(None, Reason.VALUE_MOVED, id="gone"),
    ],
)
def test_moved(found, expected):
    problem = moved([PLANNED], [Change("core", VALUES, found, "new", "c" * 40)])
    assert expected == (problem and problem.reason)


def ours(old, new, service="core"):
    return Change(service, VALUES, old, new, "b" * 40)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param([], "old", id="nothing happened"),
        pytest.param([ours("old", "newer")], "newer", id="one ahead"),
        pytest.param([ours("old", "a"), ours("a", "b")], "b", id="one after the other"),
        pytest.param([ours("old", "a"), ours("a", "old")], "old", id="there and back"),
        pytest.param([ours("older", "old")], "old", id="made before the plan was"),
        pytest.param([ours("old", "a"), ours("theirs", "b")], "a", id="a stranger came between"),
        pytest.param([ours("old", "x", service="batch")], "old", id="another service"),
    ],
)
def test_a_plan_that_waited_starts_from_what_ours_ahead_of_it_left(since, expected):
    assert expected == rebased(plan(changes=(PLANNED,)), since).changes[0].old


def test_what_a_plan_knows_besides_the_files_is_kept_when_they_are_read_again():
    """Else a plan that was approved would differ from itself."""
    known = {"commit": SHA, "undoes": "D-3", "committed_at": NOON}
    planned = replace(PLANNED, **known)
    read = replace(planned, commit="", undoes=None, committed_at=None)
    assert {field.name for field in fields(Change)} - FROM_FILES == known.keys()
    assert (planned,) == named_as([planned], [read])


FROM_FILES = {"service", "file", "old", "new", "blob"}


def test_the_message_names_the_change_and_ends_in_trailers():
    trailers = [("Shipmate-Operation", "D-1"), ("Requested-by", "U0ALICE")]
    expected = (
        "core: old -> new\n\nBecause: hotfix\n\nShipmate-Operation: D-1\nRequested-by: U0ALICE"
    )
    assert "Deploy core to stage: new" == headline([PLANNED], "stage")
    assert expected == message_body([PLANNED], trailers, "hotfix")


@given(st.text())
def test_nobody_forges_a_trailer_by_their_reason(reason):
    body = message_body(
        [PLANNED], [("Shipmate-Operation", "D-1")], f"x\nShipmate-Operation: D-2{reason}"
    )
    lines = [line for line in body.split("\n") if line.startswith("Shipmate-Operation")]
    assert ["Shipmate-Operation: D-1"] == lines


@given(st.text())
def test_one_line_is_one_printable_line(text):
    line = one_line(text)
    assert len(line) <= 500
    assert line.isprintable()
