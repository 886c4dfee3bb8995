"""Whatever is asked of ``/rollback`` that cannot be: refused in words, and nothing half done."""

import re
from html import unescape

import pytest

from bot.domain.operations import Kind, Phase
from bot.domain.problems import Reason
from bot.messages.rollback.insisting import ACTIONS
from sandbox.github.server import mutates
from sandbox.wire import Fault, answer
from tests.attacks.forging import forged_click
from tests.scenarios.story import told_in

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
VALUES = "helmfile/environments/customers/xiilab/values.yaml"
BOB = "U0BOB"
ANYWAY = "shipmate.rollback.anyway"
AWAY = Fault(answer=lambda: answer({"message": "down"}, 503))
NOT_FOUND = Fault(answer=lambda: answer({"error": "not found", "code": 5}, 404))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A stage where core had three versions of ours, batch had one, and monitor none (D-1 … 4)."""
    with told_in(tmp_path_factory.mktemp("bad"), speed=80.0) as story:
        for back in (2, 1, 0):
            story.goes_live(story.types(f"/deploy core {sha(story, back)} stage"))
        story.goes_live(story.types(f"/deploy batch {sha(story)} stage"))
        yield story


def sha(told, back=0):
    return told.world.sha(BACKEND, f"{BRANCH}~{back}")[:8]


def words_of(told, operation):
    return unescape(told.card(operation).words.replace("`", "").replace("*", ""))


def refused(told, text, reason, *words, by="U0ALICE"):
    """Type *text* and see it refused by *reason* in *words*, with nothing done."""
    commits, holds = told.commits(), told.held("core/stage")
    ended = told.ends(told.types(text, by=by))
    assert (Phase.REFUSED, reason) == (ended.phase, ended.problem.reason), ended.problem
    said = words_of(told, ended.id)
    for one in ("refused and nothing was changed", *words):
        assert one in said, said
    assert (commits, holds) == (told.commits(), told.held("core/stage"))
    return said


# what was asked for is not there

HISTORY = "Choose from /ship history core stage"
CHOOSE = "Choose a version from /ship history core stage, or deploy this one."
NOTHING = (
    "Nobody knows a version of monitor that ran well in stage before monitor-stage-ba01.",
    "Name one from /ship history monitor stage if you know that it was well",
    "Or deploy a good version by its name.",
)

REFUSED = {
    "a tag that was never here": (
        "core stage core-stage-deadbeef",
        Reason.NEVER_HERE,
        ("core-stage-deadbeef of core was never live in stage", CHOOSE),
    ),
    "a commit that was never here": (
        "core stage deadbeef",
        Reason.NEVER_HERE,
        ("deadbeef of core was never live in stage", CHOOSE),
    ),
    "an entry behind the last": (
        "core stage #99",
        Reason.NO_SUCH_ENTRY,
        ("#99 names nothing that core had in stage: the list ends at #3.", HISTORY),
    ),
    "an entry before the first": (
        "core stage #0",
        Reason.NO_SUCH_ENTRY,
        ("#0 names nothing that core had in stage", "#1 is the newest"),
    ),
    "an operation of another service": (
        "core stage D-4",
        Reason.NOT_OF_HERE,
        ("D-4 was not about core in stage, but about batch/stage.", HISTORY),
    ),
    "an operation that nobody knows": (
        "core stage D-9999",
        Reason.NO_SUCH_ENTRY,
        ("D-9999 names nothing that core had in stage.", HISTORY),
    ),
    "nothing to go back to": ("monitor stage", Reason.NOTHING_TO_GO_BACK_TO, NOTHING),
    "an entry of an empty list": ("monitor stage #1", Reason.NOTHING_TO_GO_BACK_TO, NOTHING),
    "one of two has nothing to go back to": (
        "core,monitor stage",
        Reason.NOTHING_TO_GO_BACK_TO,
        NOTHING,
    ),
    "the operation that brought what is there": (
        "core stage D-3",
        Reason.ALREADY_THERE,
        ("already stands in Git", "/ship status shows what runs"),
    ),
}


@pytest.mark.parametrize(("typed", "reason", "words"), REFUSED.values(), ids=REFUSED)
def test_what_there_is_no_way_back_to(told, typed, reason, words):
    refused(told, f"/rollback {typed} because it is slow", reason, *words)


def test_the_version_that_is_there(told):
    refused(told, f"/rollback core stage {sha(told)}", Reason.ALREADY_THERE, sha(told))


def test_an_application_that_argocd_does_not_have(told):
    told.argocd.arm("*", NOT_FOUND, times=None)
    try:
        refused(
            told,
            "/rollback core stage",
            Reason.APP_MISSING,
            "has no application astrago",
            "Ask a platform engineer to check",
        )
    finally:
        told.argocd.disarm()


# what stands in the way


def test_a_lock_of_another_says_whose(told):
    told.types("/ship lock core stage because I debug it", by=BOB)
    locked = "<@U0BOB> locked core in stage"
    assert told.world.until(
        lambda: any(locked in one.words for one in told.slack.messages("C0DEPLOY")), 10
    ), [one.words for one in told.slack.messages("C0DEPLOY")][-3:]
    refused(
        told,
        "/rollback core stage",
        Reason.LOCKED,
        "<@U0BOB> holds the lock on core in stage",
        "I debug it",
        "Ask <@U0BOB> to send /ship unlock core stage",
    )
    told.reads_after(lambda: told.types("/ship unlock core stage", by=BOB), BOB)


# systems that are away


@pytest.mark.parametrize("system", ["GitHub", "Argo CD main"])
def test_a_system_that_is_away_is_asked_again(told, system):
    """The card says who does not answer; when it does again, the rollback goes on by itself."""
    wire = {"GitHub": told.github, "Argo CD main": told.argocd}[system]
    wire.arm("*", AWAY, times=None)
    number = told.operation(told.types("/rollback batch stage because it is slow")).id
    try:
        assert told.world.until(
            lambda: (
                told.card(number) and f"{system} gave no usable answer" in words_of(told, number)
            )
        ), told.timeline(number)
        assert not told.store.operation(number).phase.ended
    finally:
        wire.disarm()

    assert Phase.LIVE is told.ends_with_id(number).phase
    released(told, "batch")
    told.goes_live(told.types(f"/deploy batch {sha(told)} stage"))


def released(told, service):
    told.types(f"/ship release {service} stage", by=BOB)
    assert told.world.until(lambda: told.held(f"{service}/stage") == [])


# others who change the same meanwhile


def right_before_the_commit(told, change):
    """Push *change* of the values file between the rollback's plan and its commit."""

    def meanwhile(request):
        if mutates(request) and not done:
            done.append(True)
            change()
        return False

    done = []
    told.github.arm("graphql", AWAY, when=meanwhile)
    return done


def by_hand(told, old, new):
    text = told.github.file(told.system.gitops, "main", VALUES)
    assert old.encode() in text
    text = text.replace(old.encode(), new.encode())
    told.github.push(told.system.gitops, "main", {VALUES: text}, message="by hand")


def test_a_value_that_somebody_changed_meanwhile_is_not_written_over(told):
    was, new = f"core-stage-{sha(told)}", f"core-stage-{sha(told, 2)}"
    done = right_before_the_commit(told, lambda: by_hand(told, f'"{was}"', f'"{new}"'))
    ended = told.ends(told.types("/rollback core stage because it is slow"))
    told.github.disarm()

    assert done
    assert (Phase.REFUSED, Reason.VALUE_MOVED) == (ended.phase, ended.problem.reason)
    said = words_of(told, ended.id)
    assert f"it said {was}, now it says {new}" in said
    assert "See who changed it" in said
    assert [] == told.held("core/stage")
    assert "by hand" == told.commits()[0][1].strip()
    by_hand(told, f'"{new}"', f'"{was}"')
    told.everything_is_healthy()


def test_a_rollback_of_a_rollback_goes_further_back_and_never_forward(told):
    """A branch that moved on in other files is no obstacle, nor is a freeze; both stay as said."""
    told.types("/ship freeze stage because incident 42", by=BOB)
    frozen = "froze stage"
    assert told.world.until(
        lambda: any(frozen in one.words for one in told.slack.messages("C0DEPLOY"))
    )
    done = right_before_the_commit(
        told, lambda: told.github.push(told.system.gitops, "main", {"notes.md": "by a stranger\n"})
    )

    first = told.goes_live(told.types("/rollback core stage because it is slow"))
    told.github.disarm()

    assert done
    assert " is frozen; a rollback goes on all the same." in told.card(first.id).words
    assert f"core-stage-{sha(told, 1)}" == first.plan.changes[0].new
    assert b"by a stranger\n" == told.github.file(told.system.gitops, "main", "notes.md")
    assert [f"core-stage-{sha(told)}"] == told.held("core/stage")

    second = told.goes_live(told.types("/rollback core stage because that is slow, too", by=BOB))
    assert f"core-stage-{sha(told, 2)}" == second.plan.changes[0].new

    third = told.goes_live(told.types("/rollback core stage"))
    assert "core-stage-ba01" == third.plan.changes[0].new

    refused(
        told,
        "/rollback core stage",
        Reason.NOTHING_TO_GO_BACK_TO,
        "Nobody knows a version of core that ran well in stage before core-stage-ba01.",
    )
    named = told.ends(told.types(f"/rollback core stage {sha(told)}"))
    assert (Phase.REFUSED, Reason.HELD) == (named.phase, named.problem.reason)

    told.reads_after(lambda: told.types("/ship unfreeze stage", by=BOB), BOB)
    for _ in range(3):
        told.types("/ship release core stage", by=BOB)
    assert told.world.until(lambda: told.held("core/stage") == [])
    told.goes_live(told.types(f"/deploy core {sha(told, 1)} stage"))
    told.goes_live(told.types(f"/deploy core {sha(told)} stage"))


def test_two_who_roll_back_at_once_go_back_once(told):
    """The same wish is under way already; another one waits for its turn."""
    told.argocd.hang_refresh("astrago")
    began = told.operation(told.types("/rollback core stage"))
    assert Kind.ROLLBACK is began.request.kind

    again = told.types("/rollback core stage", by=BOB)
    # Who is checked first is first in line.
    assert told.world.until(lambda: told.store.operation(began.id).plan)
    other = told.operation(told.types("/rollback core stage core-stage-ba01", by=BOB))
    told.argocd.hang_refresh("astrago", on=False)

    assert re.search(rf"{began.id}\b", again.words)
    assert "under way" in again.words
    ended, then = told.ends_with_id(began.id), told.ends_with_id(other.id)
    assert f"core-stage-{sha(told, 1)}" == ended.plan.changes[0].new
    # Bob named a version, so it goes there, from where the first one went.
    (change,) = then.plan.changes
    assert (Phase.LIVE, Phase.LIVE) == (ended.phase, then.phase), then.problem
    assert (ended.plan.changes[0].new, "core-stage-ba01") == (change.old, change.new)


def test_what_somebody_else_put_into_git_is_taken_back_only_by_who_insists(told):
    version = told.world.sha("xiilab/astrago-frontend", BRANCH)[:8]
    told.goes_live(told.types(f"/deploy frontend {version} stage"))
    ours, foreign = f"frontend-stage-{version}", "frontend-stage-ca02"
    by_hand(told, f'"{ours}"', f'"{foreign}"')
    told.everything_is_healthy()
    said = refused(
        told,
        "/rollback frontend stage because it is slow",
        Reason.FOREIGN_VALUE,
        f"Git says {foreign} for frontend in stage, and Shipmate did not put it there: ",
        f"did, in commit {told.commits()[0][0][:8]}",
        f"The last it put there is {ours}.",
        f"/rollback frontend stage {ours}",
    )
    number = re.search(r"D-\d+", said)[0]
    assert [ANYWAY] == told.buttons(number)
    by_two = told.ends(told.types("/rollback batch,frontend stage"))
    assert Reason.FOREIGN_VALUE is by_two.problem.reason
    assert [] == told.buttons(by_two.id), "of two services each is named by itself"

    card = told.card(number)
    read = told.reads_after(lambda: told.slack.click(ANYWAY, by=BOB, message=card), BOB)
    back = told.ends_with_id(re.search(r"D-\d+", read)[0])

    (change,) = back.plan.changes
    assert (Phase.LIVE, foreign, ours) == (back.phase, change.old, change.new), back.problem
    assert (BOB, ours) == (back.request.requester, back.request.version)
    assert [foreign] == told.held("frontend/stage")
    told.types("/ship release frontend stage", by=BOB)
    assert told.world.until(lambda: told.held("frontend/stage") == [])
    heard = told.slack.ephemerals
    assert told.world.until(lambda: any("Released:" in one.words for one in heard(BOB)))

    for action in ACTIONS:  # a button that says it is of an operation that offers nothing
        read = told.reads_after(
            lambda action=action: forged_click(
                told, card, BOB, back.id, action=ANYWAY, become=action
            ),
            BOB,
        )
        assert "does not offer that any more" in read
