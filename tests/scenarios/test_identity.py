"""Who somebody is, in their own words: ``/ship whoami``, ``/ship link`` and ``/ship unlink``."""

import re
from collections.abc import Iterator

import pytest

from bot.messages.linking import CONFIRM
from tests.scenarios.story import Story, told_in


def with_links(text: str) -> str:
    """Take Carol off the map and let people link."""
    assert "source: [map]" in text
    return text.replace("source: [map]", "source: [map, link]").replace(", U0CAROL: carol-park", "")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("identity")
    with told_in(folder, speed=60, config=with_links) as story:
        yield story


def reads(told: Story, text: str, by: str) -> str:
    """Return what *by* alone reads in the end after *text*."""
    before = len(told.slack.ephemerals(by))
    first = told.types(text, by=by)
    assert not first.public
    assert "the answer follows here" in first.words
    assert told.world.until(lambda: len(told.slack.ephemerals(by)) > before + 1, 30)
    return told.slack.ephemerals(by)[-1].words


def letters(told: Story, user: str):
    return told.slack.messages(told.slack.workspace.direct_channel(user).id)


def test_somebody_on_the_map_reads_who_they_are_and_what_they_may(told):
    said = reads(told, "/ship whoami", "U0ALICE")
    assert "alice-kim" in said
    assert "the account number 58101" in said
    assert "people.map" in said
    assert "deploy" in said


def test_somebody_links_and_only_their_own_click_counts(told):
    assert "does not know which GitHub account" in reads(told, "/ship whoami", "U0CAROL")

    shown = reads(told, "/ship link", "U0CAROL")
    [code] = set(re.findall(r"[A-Z0-9]{4}-[A-Z0-9]{4}", shown))
    told.github.approve_device(code, "carol-park")
    assert told.world.until(lambda: bool(letters(told, "U0CAROL")), 30)
    question = letters(told, "U0CAROL")[-1]
    assert "carol-park" in question.words

    said = told.reads_after(
        lambda: told.slack.click(CONFIRM, by="U0MALLORY", message=question), "U0MALLORY"
    )
    assert "was for somebody else" in said
    assert "does not know which GitHub account" in reads(told, "/ship whoami", "U0CAROL")

    said = told.reads_after(
        lambda: told.slack.click(CONFIRM, by="U0CAROL", message=question), "U0CAROL"
    )
    assert "You are linked with" in said
    assert "your own link, which GitHub confirmed" in reads(told, "/ship whoami", "U0CAROL")

    said = told.reads_after(
        lambda: told.slack.click(CONFIRM, by="U0CAROL", message=question), "U0CAROL"
    )
    assert "answered before" in said

    assert "is forgotten" in reads(told, "/ship unlink", "U0CAROL")
    assert "does not know which GitHub account" in reads(told, "/ship whoami", "U0CAROL")


def test_somebody_taken_out_of_a_team_loses_the_right_when_github_says_so(told):
    """The webhook comes before anything remembered has grown old."""
    desk = told.inside.shipmate.rights.people
    assert "yes" == desk.who("U0BOB", ["sre"], live=False).memberships["sre"].standing
    told.github.remove_member("xiilab", "sre", "bob-lee")
    payload = {
        "action": "removed",
        "member": {"login": "bob-lee"},
        "team": {"slug": "sre"},
        "organization": {"login": "xiilab"},
    }
    assert 200 == told.github.deliver("membership", payload).status
    assert "no" == desk.who("U0BOB", ["sre"], live=False).memberships["sre"].standing
