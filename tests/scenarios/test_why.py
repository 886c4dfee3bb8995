"""``/ship why``: everything that the rules say of a deploy, before anybody asks for it."""

from collections.abc import Iterator

import pytest

from sandbox.slack.contents import words
from sandbox.wire import Fault, answer
from tests.scenarios.story import Story, told_in

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with told_in(tmp_path_factory.mktemp("why"), speed=60) as story:
        yield story


def asked(told: Story, text: str, by: str) -> str:
    """Return what *by* alone reads in the end after *text*."""
    before = len(told.slack.ephemerals(by))
    first = told.types(text, by=by)
    assert "the answer follows here, and nothing is started." in first.words
    assert not first.public
    assert told.world.until(lambda: len(told.slack.ephemerals(by)) > before + 1, 60)
    return " ".join(words(told.slack.ephemerals(by)[-1].blocks).split())


def a_new_version(told: Story) -> str:
    number = len(told.github.log(BACKEND, BRANCH))
    return told.github.push(BACKEND, BRANCH, {"change.txt": f"{number}\n"}, message="fix")[:8]


@pytest.mark.parametrize(
    ("by", "rest", "verdict", "rule"),
    [
        pytest.param("U0ALICE", "", "it may start now.", "Right passes", id="who may"),
        pytest.param("U0CAROL", "", "it may not start.", "Right refuses", id="who may not"),
        pytest.param(
            "U0ALICE",
            " override because x",
            "it may not start.",
            "Override refuses",
            id="an override without its right",
        ),
    ],
)
def test_the_rules_are_told_and_nothing_is_started(told, by, rest, verdict, rule):
    sha, commits, cards = a_new_version(told), told.commits(), len(told.slack.cards())
    said = asked(told, f"/ship why /deploy core {sha} stage{rest}", by)
    assert said.startswith(f"To deploy core to stage at {sha} : {verdict}")
    assert rule in said
    assert said.endswith("This was only a look: nothing was started.")
    assert (commits, cards) == (told.commits(), len(told.slack.cards()))
    assert () == tuple(told.store.latest())


def test_a_version_that_is_none_is_said_before_anybody_deploys_it(told):
    said = asked(told, "/ship why core no-such-branch stage", "U0ALICE")
    assert "it may not start." in said
    assert "Version refuses" in said


def test_while_github_is_away_the_answer_is_unknown_so_no(told):
    sha = a_new_version(told)
    told.github.arm("*", Fault(answer=lambda: answer({"message": "down"}, 503)), times=None)
    try:
        said = asked(told, f"/ship why core {sha} stage", "U0ALICE")
    finally:
        told.github.disarm()
    assert "it may not start." in said
    assert "unknown, so no" in said


def test_a_guest_reads_that_they_are_one_and_nothing_of_the_rules(told):
    told.slack.add_user("U0GUEST", "guest", guest=True)
    said = asked(told, f"/ship why core {a_new_version(told)} stage", "U0GUEST")
    assert "a guest account" in said
    assert "Right" not in said
    assert "sre" not in said
