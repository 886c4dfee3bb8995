"""What was approved is what is done: whatever moves between request, click and commit voids it."""

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from sandbox.wire import Fault, answer
from tests.scenarios.approving import ANEW, CODE, ORG, Approving, with_more_rules
from tests.scenarios.story import told_in


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("void")
    with told_in(folder, "pingvas", speed=60.0, config=with_more_rules) as told:
        yield told


@pytest.fixture
def they(world):
    yield Approving(world)
    world.github.disarm()


def another_value(they, service):
    """Somebody goes back to an older tag, which has an image."""
    tag = they.tag(service)
    other = they.world.sha(CODE, "main~2")
    they.edits(service, lambda text: text.replace(tag, other))


def another_line(they, service):
    """Somebody adds a line that has nothing to do with the tag."""
    they.edits(service, lambda text: f"{text}# somebody was here\n")


def nothing_left(they, service):
    """Somebody takes the image out of the file."""
    they.edits(service, lambda text: text.replace(f"- name: {service}", "- name: other"))


MOVES = {
    "another value": (another_value, ("the tags in Git", "the text of the files")),
    "another line of the file": (another_line, ("the text of the files",)),
    "no longer editable": (nothing_left, ("the text of the files",)),
}


@pytest.mark.parametrize("move", MOVES)
def test_a_file_that_moved_before_the_click_voids_it(they, move):
    number = they.asks("user-service")
    change, moved = MOVES[move]
    before = they.github.file(they.told.system.gitops, "main", they.file("user-service"))
    change(they, "user-service")

    said = they.approves(number)

    assert "no longer what would be done" in said
    assert Reason.PLAN_MOVED is they.refusal(number)
    shown = they.shows(number, "Void", *moved)
    assert "Nothing was changed" in shown
    assert [ANEW] == they.told.buttons(number)
    assert [] == they.ours(number)
    they.reads_in_person("U0ALICE", number)
    path = they.file("user-service")
    they.github.push(they.told.system.gitops, "main", {path: before}, message="back")

    assert "Received as" in they.clicks(ANEW, number, by="U0ALICE")
    (fresh,) = they.store.latest(limit=1)
    assert they.world.until(lambda: they.told.waits(fresh.id))
    they.shows(fresh.id, "0 of 1")


def test_a_branch_that_moved_before_the_click_voids_it(they):
    they.version()
    number = they.asks("payment-service", version="main")
    they.version()
    assert "the commit" in they.approves(number)
    assert Reason.PLAN_MOVED is they.refusal(number)
    they.shows(number, "Void", "the new tags", "the commit")
    assert [] == they.ours(number)


def test_a_rollback_that_waits_is_void_when_its_file_moves(they):
    service = "payment-service"
    live = they.asks(service)
    they.approves(live)
    assert Phase.LIVE is they.told.ends_with_id(live).phase
    number = they.told.operation(they.told.types(f"/rollback {service} prod because it leaks")).id
    assert they.world.until(lambda: they.told.waits(number)), they.told.timeline(number)
    another_line(they, service)

    assert "no longer what would be done" in they.approves(number)

    assert Reason.PLAN_MOVED is they.refusal(number)
    they.shows(number, "Void", "the text of the files")
    assert [] == they.ours(number)
    assert [] == they.told.held(f"{service}/prod"), "what was not taken away is not held"


def test_a_change_to_somebody_elses_file_voids_nothing(they):
    number = they.asks("payment-service")
    another_line(they, "frontend")
    assert "Approved by you" in they.approves(number)
    assert Phase.LIVE is they.told.ends_with_id(number).phase


def out_of_the_team(they, _service):
    they.github.remove_member(ORG, "sre", "bob-lee")


def requester_out_of_the_team(they, _service):
    they.github.remove_member(ORG, "release", "alice-kim")


def frozen(they, _service):
    they.says("/ship freeze prod because the fair", "U0BOB")


def locked(they, service):
    they.says(f"/ship lock {service} prod because mine", "U0BOB")


def stolen(they, service):
    they.says(f"/ship lock {service} prod steal because mine", "U0BOB")


def branch_moved(they, _service):
    they.version()


def pushed_again(they, service):
    tag = they.store.latest(limit=1)[0].plan.changes[0].new
    they.world.ecr.push("123456789012", service, tag, f"sha256:{'b' * 64}")


LATE = {
    "image pushed again": (pushed_again, Reason.PLAN_MOVED),
    "another value": (another_value, Reason.PLAN_MOVED),
    "another line of the file": (another_line, Reason.PLAN_MOVED),
    "branch moved": (branch_moved, Reason.PLAN_MOVED),
    "approver out of the team": (out_of_the_team, Reason.APPROVAL_LOST),
    "requester out of the team": (requester_out_of_the_team, Reason.NOT_PERMITTED),
    "freeze": (frozen, Reason.FROZEN),
    "lock": (locked, Reason.LOCKED),
    "stolen lock": (stolen, Reason.LOCKED),
}
WORDS = {
    Reason.PLAN_MOVED: "no longer what would be done",
    Reason.APPROVAL_LOST: "Somebody who approved it may no longer do so",
    Reason.NOT_PERMITTED: "may not deploy",
    Reason.FROZEN: "the fair",
    Reason.LOCKED: "holds the lock",
}


@pytest.mark.parametrize("case", LATE)
def test_what_moves_between_approval_and_commit_stops_it(they, case):
    """It waits in line behind another deploy, approved; then the world moves."""
    change, reason = LATE[case]
    service = "generation-service"
    version = "main" if case == "branch moved" else None

    with they.approved_and_in_line(service, {"version": version} if version else None) as number:
        if case == "stolen lock":
            they.says(f"/ship lock {service} prod because my deploy", "U0ALICE")
        change(they, service)

    assert reason is they.refusal(number)
    they.shows(number, WORDS[reason])
    assert [] == they.told.buttons(number)
    assert [] == they.ours(number)
    they.reads_in_person("U0ALICE", number, WORDS[reason])
    put_back(they, service)


def put_back(they, service):
    for slug, login in (("sre", "bob-lee"), ("release", "alice-kim")):
        they.github.add_member(ORG, slug, login)
    they.says("/ship unfreeze prod", "U0BOB")
    they.says(f"/ship unlock {service} prod", "U0BOB")


def test_one_of_three_in_line_is_cancelled_and_the_others_go_on(they):
    """The first goes live, the second is taken back while approved, the third follows."""
    service = "ai-worker"
    with they.approved_and_in_line(service) as second:
        third = they.asks(service, by="U0CAROL")
        assert Phase.QUEUED is they.phase(second), "what is approved is not superseded"
        assert "Approved by you" in they.approves(third)
        they.shows(third, "Number 2 in line")
        assert f"Cancelled {second}" in they.told.types(f"/ship cancel {second}").words.replace(
            "`", ""
        )
        they.shows(third, "Number 1 in line")
    assert Phase.CANCELLED is they.phase(second)
    assert Phase.LIVE is they.told.ends_with_id(third).phase
    assert [] == they.ours(second)
    assert 1 == len(they.ours(third))


def test_a_github_away_at_the_commit_is_waited_for(they):
    down = Fault(answer=lambda: answer({"message": "down"}, 503))
    with they.approved_and_in_line("frontend") as number:
        they.github.arm("graphql", down, times=None)
    they.shows(number, "Why it waits")
    assert [] == they.ours(number)
    they.github.disarm()
    assert Phase.LIVE is they.told.ends_with_id(number).phase
    assert 1 == len(they.ours(number))
