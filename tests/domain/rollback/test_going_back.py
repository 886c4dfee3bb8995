"""Which version is meant: nothing, a tag, a SHA, an entry of the list, or an operation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.operations import Change, Phase, Written
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.going_back import (
    GitValue,
    Lived,
    Past,
    Told,
    choose,
    from_others,
    from_ours,
    joined,
    meant,
)
from tests.builders import NOON, operation, plan, request, target

HOUR = timedelta(hours=1)
CORE = target("core", "prod")
SHAS = {name: name * 40 for name in "abcd"}


def tag(name):
    return f"core-prod-{SHAS[name][:8]}"


def lived(*names, left=()):
    """Our operations, newest first; the last one is D-1."""
    return [
        Lived(tag(n), SHAS[n], f"D-{len(names) - at}", NOON - at * HOUR, "U0ALICE", n in left)
        for at, n in enumerate(names)
    ]


def in_git(*names):
    return [
        GitValue(None if n == "-" else tag(n), str(at) * 40, NOON - at * HOUR, "kim")
        for at, n in enumerate(names)
    ]


def past(name, **changes):
    made = Past(tag(name), SHAS[name], "D-1", NOON, Told.OURS, verified=True)
    return replace(made, **changes)


def named(found):
    return [(one.tag.rpartition("-")[2][0], one.source.value, one.left) for one in found]


@pytest.mark.parametrize(
    ("current", "ours", "expected", "back"),
    [
        pytest.param("c", "cba", ["b", "a"], "b", id="the one before"),
        pytest.param("c", "ccbba", ["b", "a"], "b", id="each tag once"),
        pytest.param("b", "cba", ["c", "a"], "a", id="somebody went back: not what they left"),
        pytest.param("d", "cba", ["c", "b", "a"], "c", id="brought by nobody we know"),
        pytest.param("a", "a", [], None, id="nothing else"),
        pytest.param("a", "", [], None, id="nothing at all"),
        pytest.param("a", "ba", ["b"], None, id="only what was left"),
    ],
)
def test_our_own_past(current, ours, expected, back):
    found = from_ours(tag(current), lived(*ours))
    assert expected == [name for name, _, _ in named(found)]
    chosen = meant(found)
    assert back == (chosen and named([chosen])[0][0])


def test_what_a_rollback_took_away_is_listed_and_never_meant():
    """A, B, back to A: another rollback does not lead to B."""
    found = from_ours(tag("a"), [*lived("a", "b", "a", left="b"), *lived("d")])
    assert [("b", "ours", True), ("d", "ours", False)] == named(found)
    assert tag("d") == meant(found).tag


def test_what_came_back_by_itself_is_taken_back_to_what_had_taken_its_place():
    """A, B, back to A, and an image updater brings B again: a rollback leads to A."""
    ours = from_ours(tag("b"), [*lived("a", "b", "a", left="b"), *lived("d")])
    assert tag("a") == meant(ours).tag
    git = from_others(tag("b"), in_git("b", "a", "b", "a", "d"), returned=True)
    assert tag("a") == meant(git).tag
    assert tag("a") == meant(joined(ours, from_others(tag("b"), in_git("b", "a", "b")))).tag


def test_what_is_held_is_never_meant():
    found = from_ours(tag("c"), lived("c", "b", "a"))
    assert tag("a") == meant(found, {tag("b")}).tag
    assert meant(found, {tag("a"), tag("b")}) is None


@pytest.mark.parametrize(
    ("values", "expected", "back"),
    [
        pytest.param("cba", [("b", False), ("a", False)], "b", id="the one before"),
        pytest.param("cbcba", [("b", True), ("a", False)], "a", id="what was reverted"),
        pytest.param("c-b", [("b", False)], "b", id="there was none for a while"),
        pytest.param("ba", [("b", False), ("a", False)], "b", id="what is there is not in it"),
    ],
)
def test_the_past_by_git(values, expected, back):
    found = from_others(tag("c"), in_git(*values))
    assert expected == [(name, left) for name, _, left in named(found)]
    assert not any(one.verified for one in found)
    assert tag(back) == meant(found).tag


def test_ours_goes_before_gits_word_for_the_same_tag():
    ours = from_ours(tag("d"), lived("b"))
    git = from_others(tag("d"), in_git("d", "c", "b", "a"))
    found = joined(ours, git)
    assert [("b", "ours"), ("c", "git"), ("a", "git")] == [each[:2] for each in named(found)]
    assert tag("b") == meant(found).tag, "what was verified goes before what is newer"


def test_what_was_left_by_our_word_is_not_meant_by_gits():
    ours = from_ours(tag("a"), lived("b", left="b"))
    git = from_others(tag("a"), in_git("a", "b"))
    assert meant(joined(ours, git)) is None


def test_what_nobody_knows_the_time_of_comes_last():
    undated = past("a", at=None, source=Told.ARGOCD)
    assert [past("b"), undated] == list(joined([undated], [past("b")]))


def of(**changes):
    """An operation D-7 that brought a to core in prod."""
    change = Change("core", "f", tag("b"), tag("a"), "0" * 40, commit=SHAS["a"])
    made = operation(
        id="D-7",
        request=request(environment="prod"),
        phase=Phase.LIVE,
        plan=plan(changes=(change,)),
        written=Written("e" * 40, "https://github.example", NOON),
        ended_at=NOON,
    )
    return replace(made, **changes)


LIST = (past("c", verified=False, left=True), past("b", operation="D-2"), past("a"))
ELSEWHERE = request(environment="stage")
OTHER = request(environment="prod", services=("batch",))


@pytest.mark.parametrize(
    ("what", "given", "expected"),
    [
        pytest.param("", {}, LIST[1], id="nothing: the last that was verified and not left"),
        pytest.param("", {"held": {tag("b")}}, LIST[2], id="nothing: not what is held"),
        pytest.param("", {"past": ()}, Reason.NOTHING_TO_GO_BACK_TO, id="nothing: no history"),
        pytest.param("", {"past": LIST[:1]}, Reason.NOTHING_TO_GO_BACK_TO, id="nothing: all left"),
        pytest.param("#1", {}, LIST[0], id="entry: the first, whatever it is"),
        pytest.param("#3", {}, LIST[2], id="entry: the last"),
        pytest.param("#0", {}, Reason.NO_SUCH_ENTRY, id="entry: there is no zeroth"),
        pytest.param("#99", {}, Reason.NO_SUCH_ENTRY, id="entry: past the end"),
        pytest.param("#1", {"past": ()}, Reason.NOTHING_TO_GO_BACK_TO, id="entry: of nothing"),
        pytest.param(tag("a"), {}, LIST[2], id="tag: one of them"),
        pytest.param(tag("d"), {}, Reason.ALREADY_THERE, id="tag: what is there"),
        pytest.param("core-prod-eeeeeeee", {}, Reason.NEVER_HERE, id="tag: never was"),
        pytest.param("latest", {}, Reason.NEVER_HERE, id="tag: of no commit"),
        pytest.param("b" * 7, {}, LIST[1], id="sha: seven digits"),
        pytest.param("B" * 40, {}, LIST[1], id="sha: all of them, in capitals"),
        pytest.param("d" * 9, {}, Reason.ALREADY_THERE, id="sha: what is there"),
        pytest.param("e" * 8, {}, Reason.NEVER_HERE, id="sha: never was"),
        pytest.param("b" * 6, {}, Reason.NEVER_HERE, id="sha: too short to be one"),
        pytest.param("D-7", {"named": of()}, LIST[2], id="operation: one of the list"),
        pytest.param("d-7", {"named": of()}, LIST[2], id="operation: in small letters"),
        pytest.param("D-99", {}, Reason.NO_SUCH_ENTRY, id="operation: there is no such one"),
        pytest.param(
            "D-7", {"named": of(request=ELSEWHERE)}, Reason.NOT_OF_HERE, id="operation: elsewhere"
        ),
        pytest.param(
            "D-7", {"named": of(request=OTHER)}, Reason.NOT_OF_HERE, id="operation: another service"
        ),
        pytest.param(
            "D-7", {"named": of(written=None)}, Reason.NO_SUCH_ENTRY, id="operation: refused"
        ),
        pytest.param(
            "D-7", {"named": of(), "current": tag("a")}, Reason.ALREADY_THERE, id="operation: there"
        ),
    ],
)
def test_choosing(what, given, expected):
    given = {"current": tag("d"), "past": LIST} | given
    current, listed = given.pop("current"), given.pop("past")
    found = choose(what, CORE, current, listed, **given)
    assert expected == (found.reason if isinstance(found, Problem) else found)


def test_an_operation_that_is_not_in_the_list_is_taken_at_its_own_word():
    found = choose("D-7", CORE, tag("d"), (), named=of(phase=Phase.FAILED))
    assert (tag("a"), SHAS["a"], "D-7", False) == (
        found.tag,
        found.commit,
        found.operation,
        found.verified,
    )


def test_the_facts_say_what_the_list_has_and_what_the_operation_was_about():
    entry = choose("#99", CORE, tag("d"), LIST).facts
    assert {"service": "core", "environment": "prod", "entry": "#99", "last": "#3"} == entry
    elsewhere = choose("D-7", CORE, tag("d"), LIST, named=of(request=ELSEWHERE)).facts
    assert ("D-7", "core/stage") == (elsewhere["operation"], elsewhere["there"])


@pytest.mark.parametrize(
    "written", ["main-bbbbbbb", "b" * 40 + "-cuda", "develop-bbbbbbb", "core-prod-bbbbbbbb"]
)
def test_a_sha_is_found_in_tags_of_every_shape(written):
    one = past("b", tag=written, commit="")
    assert one == choose("b" * 12 if len(written) > 20 else "b" * 7, CORE, tag("d"), (one,))
