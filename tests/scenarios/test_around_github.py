"""GitHub is away in the middle of a rollback: what is offered, to whom, and what comes of it."""

import re
from html import unescape

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.messages.rollback.auto_sync import RESUME
from sandbox.github.server import mutates
from sandbox.wire import Fault, answer
from sandbox.world import unguarded
from tests.scenarios.story import told_in
from tests.scenarios.test_by_argocd import asks

AROUND, HOOKS = "shipmate.rollback.around", "shipmate.rollback.without_hooks"
AWAY = Fault(answer=lambda: answer({"message": "down"}, 503))
APP = "my-app"
ALICE, BOB = "U0ALICE", "U0BOB"


def remembering(text):
    return unguarded(text) + "emergency: {remember: 2h}\n"


def impatient(text):
    return unguarded(text).replace("deadline: 10m", "deadline: 90s")


@pytest.fixture
def told(tmp_path, config):
    """The guide's one service with a good version before a bad one."""
    with told_in(tmp_path, "guide", speed=60.0, config=config) as story:
        for back in (1, 0):
            story.goes_live(story.types(f"/deploy my-app {sha(story, back)} prod"))
        yield story
        story.github.disarm()


def sha(told, back=0):
    return told.world.sha("org/my-app", f"main~{back}")


def runs(told):
    return {one.rpartition(":")[2] for one in told.argocd.images(APP) if one.startswith("my-app:")}


def words_of(told, number):
    """Return the words of the card in one line: its blocks tell each span by itself."""
    return unescape(re.sub(r"[`*\n]", "", told.card(number).words))


def reads(told, number, *wanted):
    """Wait until the card of the operation says all of *wanted*; return its words."""

    def says():
        return told.card(number) and all(one in words_of(told, number) for one in wanted)

    assert told.world.until(says, 40), (words_of(told, number), told.timeline(number))
    return words_of(told, number)


def clicks(told, number, by):
    """Click the card's way around; return the operation that was begun, and what was read."""
    seen = len(told.slack.ephemerals(by))
    told.slack.click(AROUND, by=by, message=told.card(number))
    assert told.world.until(lambda: len(told.slack.ephemerals(by)) > seen, 20)
    said = told.slack.ephemerals(by)[-1].words
    return re.search(r"D-\d+", said)[0], said


@pytest.mark.parametrize("config", [remembering])
def test_the_card_offers_argocd_and_both_ways_come_to_one_end(told):
    """GitHub says nothing at all: only whom it confirmed before may go around it."""
    good = sha(told, 1)
    told.github.arm("*", AWAY, times=None)
    waits = told.operation(told.types("/rollback my-app prod because logins fail")).id

    said = reads(told, waits, "GitHub gave no usable answer", "Around Git: ")
    assert f"Argo CD itself can bring back {good[:7]}" in said.replace("…", "") or good in said
    assert f"/rollback my-app prod {good} by argocd because logins fail" in said
    assert "Auto-sync is switched off" in said
    assert AROUND in told.buttons(waits)

    card = told.card(waits)
    no = told.reads_after(lambda: told.slack.click(AROUND, by=BOB, message=card), BOB)
    assert "could not learn" in no, "nobody has confirmed Bob"
    number, _ = clicks(told, waits, ALICE)
    again, under_way = clicks(told, waits, ALICE)

    assert (number, True) == (again, "under way" in under_way), "one wish, one operation"
    ended = told.ends_with_id(number)
    assert Phase.LIVE is ended.phase, (ended.problem, told.timeline(number))
    assert {good} == runs(told)
    assert (ALICE, good, None) == (ended.request.requester, ended.request.version, ended.written)
    assert "is as it confirmed it at" in told.card(number).words

    told.github.disarm()
    assert Phase.LIVE is told.ends_with_id(waits).phase, "it goes on by Git when GitHub answers"
    assert told.store.operation(waits).written is not None
    assert AROUND not in told.buttons(waits)
    assert "is on again" in asks(told, "/ship resume my-app prod")


@pytest.mark.parametrize("config", [impatient])
def test_where_nobody_can_be_confirmed_the_card_says_what_is_missing_until_the_deadline(told):
    told.github.arm("*", AWAY, times=None)
    waits = told.operation(told.types("/rollback my-app prod because logins fail")).id

    said = reads(told, waits, "Around Git: ", "GitHub can't say now who may roll back in prod,")
    assert "emergency: {remember: 1h} in shipmate.yaml would let it" in said
    assert AROUND not in told.buttons(waits)

    typed = told.operation(told.types("/rollback my-app prod by argocd")).id
    for number in (waits, typed):
        ended = told.ends_with_id(number)
        assert (Phase.REFUSED, Reason.UNAVAILABLE) == (ended.phase, ended.problem.reason)
        assert "nothing was changed" in words_of(told, number)
    assert {sha(told)} == runs(told)
    assert () == told.inside.shipmate.resuming.standing()


@pytest.mark.parametrize("config", [unguarded])
def test_a_commit_that_github_does_not_take_gives_way_to_argocd(told):
    """Rights can be read; the commit's answer is lost, and then GitHub shows no repository."""
    good = sha(told, 1)
    told.github.arm("graphql", AWAY, times=None, when=mutates)
    told.github.arm("graphql", AWAY, times=None, when=reads_files_after(told))
    waits = told.operation(told.types("/rollback my-app prod because logins fail")).id
    said = reads(told, waits, "GitHub gave no usable answer", "Argo CD itself can bring back")
    assert Phase.COMMITTING is told.store.operation(waits).phase, said

    number, _ = clicks(told, waits, BOB)
    gone = told.ends_with_id(waits)
    ended = told.ends_with_id(number)

    assert (Phase.FAILED, Reason.GONE_AROUND) == (gone.phase, gone.problem.reason)
    assert f"{number} goes by Argo CD, around Git; this one gave way" in words_of(told, waits)
    assert Phase.LIVE is ended.phase, (ended.problem, told.timeline(number))
    assert BOB == ended.request.requester
    assert {good} == runs(told)
    assert RESUME in told.buttons(number)
    assert AROUND not in told.buttons(waits)


@pytest.mark.parametrize("config", [unguarded])
def test_a_commit_that_github_never_takes_ends_at_the_deadline(told):
    """It can be read that nothing is there, so that is said; nothing is held back for it."""
    before = told.commits()
    told.github.arm("graphql", AWAY, times=None, when=mutates)

    late = told.ends(told.types("/rollback my-app prod because logins fail"))

    assert (Phase.REFUSED, Reason.UNAVAILABLE) == (late.phase, late.problem.reason)
    assert "nothing was changed" in words_of(told, late.id)
    assert (before, {sha(told)}) == (told.commits(), runs(told))
    assert [] == told.held("my-app/prod")
    assert AROUND not in told.buttons(late.id)


MIGRATE = b"""apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {argocd.argoproj.io/hook: PreSync}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: m, image: "busybox:1.36"}]}}}
"""


def migrating(world):
    world.github.push(world.system.gitops, "main", {"k8s/migrate.yaml": MIGRATE}, message="migrate")


def test_who_goes_around_git_is_asked_before_hooks_are_skipped(tmp_path):
    with told_in(tmp_path, "guide", speed=60.0, config=unguarded, prepare=migrating) as told:
        good = sha(told, 1)
        for back in (1, 0):
            told.goes_live(told.types(f"/deploy my-app {sha(told, back)} prod"))
        before = told.argocd.application(APP)["spec"]

        refused = told.ends(told.types("/rollback my-app prod by argocd because it is slow"))

        assert (Phase.REFUSED, Reason.HOOKS_SKIPPED) == (refused.phase, refused.problem.reason)
        said = words_of(told, refused.id)
        assert "runs before each sync of my-app (PreSync): Job/migrate" in said
        assert "/rollback my-app prod by argocd without hooks because it is slow" in said
        assert [HOOKS] == told.buttons(refused.id)
        assert before == told.argocd.application(APP)["spec"]
        assert () == told.inside.shipmate.resuming.standing()

        card = told.card(refused.id)
        read = told.reads_after(lambda: told.slack.click(HOOKS, by=BOB, message=card), BOB)
        back = told.ends_with_id(re.search(r"D-\d+", read)[0])
        assert Phase.LIVE is back.phase, (back.problem, told.timeline(back.id))
        assert (BOB, True) == (back.request.requester, back.request.without_hooks)
        assert {good} == runs(told)
        assert "by Argo CD without hooks" in words_of(told, back.id)


def reads_files_after(told):
    """Tell of a question about the repository, once a commit was tried."""

    before = len(told.github.calls)

    def later(request):
        tried = any(b"createCommitOnBranch" in one.body for one in told.github.calls[before:])
        return tried and b"repository(" in request.get_data()

    return later
