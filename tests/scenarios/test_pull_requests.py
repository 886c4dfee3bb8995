"""Changes that wait in pull requests: merged by people, closed, taken by others, in conflict."""

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from tests.scenarios.pulling import ANEW, CANCEL, GITOPS, Pulling, refused
from tests.scenarios.story import told_in


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    with told_in(folder, "guide-by-pull-request", speed=60.0) as told:
        told.github.protect(GITOPS)  # Git itself takes no direct commit here
        yield told


@pytest.fixture
def they(people):
    yield Pulling(people)
    people.github.disarm()


def test_people_merge_it_and_it_goes_live(they):
    version = they.version()
    before, was = they.told.commits(), they.tag()

    number = they.opens(version)

    assert before == they.told.commits()
    pull = they.pull(number)
    assert (was, version) == (they.tag(), they.tag(pull.head))
    shown = they.shows(number, f"#{pull.number}", "People merge it on GitHub", "open since")
    assert "Waiting to be merged" in shown
    assert pull.head.startswith(f"shipmate/{number.lower()}-")

    sha = they.merges(number)
    ended = they.ends(number, Phase.LIVE)

    assert sha == ended.written.sha
    assert version == they.tag()
    assert [] == they.branches()
    assert "Live" in they.shows(number, f"#{pull.number}")


def test_the_pull_request_tells_what_approvers_would_see(they):
    hostile = "fix @bob-lee & close #12, fixes https://x.test/1 <img src=x> [a](http://b) `c`"
    number = they.opens(they.version(hostile), because="says @everyone: closes #9\nand **this**")
    text = they.pull(number).body

    for told in (number, "alice-kim", "Because:", "k8s/deployment.yaml", "all 2 green", "Argo CD"):
        assert told in text, (told, text)
    for call in ("@bob-lee", "@everyone", "#12", "#9", "https://x.test", "<img", "[a](http"):
        assert call not in text, text
    they.closes(number)
    they.ends(number, Phase.CANCELLED)


def test_merged_while_no_webhook_comes_it_is_noticed_all_the_same(they):
    number = they.opens()
    sha = they.merges(number, method="squash", tell=False)
    assert sha == they.ends(number, Phase.LIVE).written.sha


def test_closed_by_somebody_it_is_cancelled_by_them(they):
    was = they.tag()
    number = they.opens()
    they.closes(number)
    ended = they.ends(number, Phase.CANCELLED)
    assert Reason.PULL_CLOSED is ended.problem.reason
    they.shows(number, "bob-lee closed pull request", "nothing was changed")
    assert was == they.tag()
    assert [] == they.branches()


def test_cancel_closes_it_and_removes_its_branch(they):
    number = they.opens()
    assert [CANCEL] == they.told.buttons(number)
    said = they.told.types(f"/ship cancel {number}").words
    assert "pull request is being closed" in said
    ended = they.ends(number, Phase.CANCELLED)
    assert {"by": "U0ALICE"} == ended.problem.facts
    assert "closed" == they.pull(number).state
    assert [] == they.branches()
    they.shows(number, "cancelled it before anything was changed")


def test_what_somebody_else_pushed_is_theirs(they):
    number = they.opens()
    branch = they.pull(number).head
    they.edits(lambda text: text.replace("replicas: 2", "replicas: 3"), branch)
    they.tells(number)
    they.shows(number, "Somebody pushed to the branch", "the bot does not merge it")

    they.told.types(f"/ship cancel {number}")
    they.ends(number, Phase.CANCELLED)
    assert [f"refs/heads/{branch}"] == they.branches()  # their work is left to them
    they.github.delete_branch(GITOPS, branch)


def test_merged_with_what_somebody_pushed_besides_it_is_followed(they):
    number = they.opens()
    they.edits(lambda text: text.replace("memory: 256Mi", "memory: 512Mi"), they.pull(number).head)
    they.tells(number)
    they.shows(number, "Somebody pushed")
    they.merges(number)
    they.ends(number, Phase.LIVE)
    (left,) = they.branches()
    they.github.delete_branch(GITOPS, left.removeprefix("refs/heads/"))


def test_changed_in_the_same_line_a_fresh_plan_is_offered(they):
    version = they.version()
    number = they.opens(version)
    they.github.unprotect(GITOPS)
    they.edits(lambda text: text.replace(they.tag(), they.version("another")))
    they.github.protect(GITOPS)
    they.tells(number)

    ended = they.ends(number, Phase.REFUSED)

    assert Reason.PULL_CONFLICTS is ended.problem.reason
    assert "closed" == they.pull(number).state
    assert [] == they.branches()
    assert [ANEW] == they.told.buttons(number)
    said = they.clicks(ANEW, number, by="U0BOB")
    fresh = they.store.latest(limit=1)[0]
    assert fresh.id in said
    they.is_open(fresh.id)
    they.merges(fresh.id)
    they.ends(fresh.id, Phase.LIVE)
    assert version == they.tag()


def test_a_change_elsewhere_on_the_branch_is_kept(they):
    number = they.opens()
    they.github.unprotect(GITOPS)
    they.edits(lambda text: text.replace("periodSeconds: 5", "periodSeconds: 6"))
    they.github.protect(GITOPS)
    they.merges(number)
    they.ends(number, Phase.LIVE)
    assert b"periodSeconds: 6" in they.github.file(GITOPS, "main", "k8s/deployment.yaml")


def test_a_newer_wish_takes_the_place_of_one_that_waits(they):
    older = they.opens()
    newer = they.asks(by="U0BOB")
    ended = they.ends(older, Phase.REFUSED)
    assert Reason.SUPERSEDED is ended.problem.reason
    assert newer == ended.problem.facts["operation"]
    assert "closed" == they.pull(older).state
    they.is_open(newer)
    they.merges(newer)
    they.ends(newer, Phase.LIVE)


def test_what_runs_already_needs_no_pull_request(they):
    version = they.version()
    number = they.opens(version)
    they.merges(number)
    they.ends(number, Phase.LIVE)
    before = len(they.pulls())

    again = they.told.ends_with_id(they.asks(version))

    assert again.pull is None
    assert before == len(they.pulls())
    assert [] == they.branches()


def test_github_away_while_it_waits_is_told_and_waited_for(they):
    number = they.opens()
    they.github.arm("graphql", refused("down", 503), times=None)
    they.tells(number)
    they.shows(number, "GitHub gave no usable answer")
    they.github.disarm()
    they.merges(number, tell=False)
    they.ends(number, Phase.LIVE)
