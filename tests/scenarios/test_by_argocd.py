"""Going back by Argo CD itself: auto-sync off and on again, never unnoticed."""

import json

import httpx
import pytest
from werkzeug.wrappers import Response

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.messages.rollback.auto_sync import RESUME
from sandbox.argocd import Window
from sandbox.wire import Fault, answer
from sandbox.world import unguarded
from tests.scenarios.story import told_in
from tests.scenarios.test_bad_back_and_forward import NOT_FOUND

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("around")
    with told_in(folder, "astrago", speed=60.0, config=unguarded) as story:
        yield story


def versions(told):
    return tuple(told.world.sha(BACKEND, f"{BRANCH}~{n}")[:8] for n in (1, 0))


def policy(told, app="astrago"):
    return told.argocd.application(app)["spec"].get("syncPolicy")


def items(told):
    return told.inside.shipmate.resuming.standing()


def asks(told, text, by="U0ALICE"):
    """Type *text*; return the words of the message that follows the first answer."""
    return told.answer_to(text, by).words.replace("`", "")


def test_a_bad_version_goes_back_by_argocd_and_auto_sync_is_resumed_after_git(told):
    good, bad = versions(told)
    before = policy(told)
    told.goes_live(told.types(f"/deploy core {good} stage"))
    told.goes_live(told.types(f"/deploy core {bad} stage"))

    back = told.goes_live(told.types("/rollback core stage by argocd because login fails"))

    assert None is back.written
    assert any(f"core-stage-{good}" in one for one in told.argocd.images("astrago"))
    assert not any(f"core-stage-{bad}" in one for one in told.argocd.images("astrago"))
    assert {**before["automated"], "enabled": False} == policy(told)["automated"]
    assert [f"core-stage-{bad}"] == told.held("core/stage")
    (item,) = items(told)
    assert (back.id, "U0ALICE", before) == (item.operation, item.owner, item.saved)
    assert "Auto-sync is OFF" in told.card(back.id).words
    assert [RESUME] == told.buttons(back.id)
    told.world.until(lambda: any("is OFF" in m.words for m in told.slack.messages("C0DEPLOY")))
    assert "is OFF since" in asks(told, "/ship status core stage")

    other = told.ends(told.types(f"/deploy batch {good} stage"))
    assert (Phase.REFUSED, Reason.AUTO_SYNC_OFF) == (other.phase, other.problem.reason)
    refused = asks(told, "/ship resume core stage")
    assert f"Git says core-stage-{bad} for core, and core-stage-{good} runs" in refused
    assert "/rollback core stage" in refused
    assert policy(told)["automated"]["enabled"] is False

    told.goes_live(told.types("/rollback core stage"))
    card = told.card(back.id)
    done = told.reads_after(lambda: told.slack.click(RESUME, by="U0BOB", message=card), "U0BOB")
    assert "is on again" in done, done
    assert before == policy(told)
    assert () == items(told)
    assert told.world.until(lambda: RESUME not in told.buttons(back.id), 20)
    assert told.world.until(lambda: "resumed by" in told.card(back.id).words, 20)


def rolled(told, text):
    """Type a rollback and return its end."""
    return told.ends(told.types(text))


def refuses(told, text, reason, **facts):
    """Type a rollback that is refused; nothing of auto-sync may have changed."""
    before = [policy(told, one.name) for one in told.system.applications]
    ended = rolled(told, text)
    assert (Phase.REFUSED, reason) == (ended.phase, ended.problem.reason), ended.problem
    assert facts.items() <= ended.problem.facts.items(), ended.problem.facts
    assert before == [policy(told, one.name) for one in told.system.applications]
    assert () == items(told)
    return ended


def in_a_line(told, operation):
    return " ".join(told.card(operation.id).words.replace("`", "").split())


def test_what_is_not_there_to_go_back_to_is_said(told):
    good, _ = versions(told)
    told.goes_live(told.types(f"/deploy monitor {good} stage"))
    refuses(told, "/rollback monitor stage #99 by argocd", Reason.NO_SUCH_ENTRY)
    refuses(told, "/rollback monitor stage core-stage-0000000 by argocd", Reason.NEVER_HERE)
    refuses(told, "/rollback monitor stage D-999 by argocd", Reason.NO_SUCH_ENTRY)
    (other, *_) = told.store.latest(["core"], "stage")
    foreign = refuses(told, f"/rollback monitor stage {other.id} by argocd", Reason.NOT_OF_HERE)
    assert f"{other.id} was not about monitor in stage" in in_a_line(told, foreign)
    told.argocd.arm("*", NOT_FOUND, times=None)
    gone = refuses(told, "/rollback monitor stage by argocd", Reason.APP_MISSING, app="astrago")
    told.argocd.disarm()
    assert "Argo CD main has no application astrago" in in_a_line(told, gone)
    here = f"monitor-stage-{good}"
    refuses(told, f"/rollback monitor stage {here} by argocd", Reason.ALREADY_THERE)


def test_what_else_lives_in_the_application_never_moves_along(told):
    good, bad = versions(told)
    told.goes_live(told.types(f"/deploy batch {good} stage"))
    told.goes_live(told.types(f"/deploy monitor {bad} stage"))
    told.goes_live(told.types(f"/deploy batch {bad} stage"))

    ended = refuses(told, "/rollback monitor stage by argocd", Reason.OTHERS_MOVE_ALONG)
    assert f"batch: batch-stage-{bad} → batch-stage-{good}" in ended.problem.facts["along"]
    said = told.card(ended.id).words.replace("`", "")
    assert "other services would move, too" in said
    assert f"batch: batch-stage-{bad} → batch-stage-{good}" in said


def test_a_closed_window_a_missing_right_and_a_trimmed_history_refuse(told):
    account = told.argocd.accounts[told.argocd.token]
    rights, account.rights = account.rights, account.rights - {"applications/update"}
    refuses(told, "/rollback batch stage by argocd", Reason.NO_UPDATE_RIGHT, app="astrago")
    account.rights = rights

    told.argocd.sync_window("astrago", Window(kind="deny"))
    refuses(told, "/rollback batch stage by argocd", Reason.WINDOW_BARS)
    told.argocd.sync_window("astrago")

    with told.argocd.lock:
        status = told.argocd.world.named("astrago")["status"]
        status["history"], whole = status["history"][-1:], status["history"]
    ended = refuses(told, "/rollback batch stage by argocd", Reason.NOT_IN_ARGOCD_HISTORY)
    assert f"batch-stage-{versions(told)[1]}" in ended.problem.facts["known"]
    with told.argocd.lock:
        status["history"] = []
    refuses(told, "/rollback batch stage by argocd", Reason.NO_ARGOCD_HISTORY)
    with told.argocd.lock:
        status["history"] = whole


def test_what_cannot_be_rolled_back_leaves_auto_sync_as_it_was(told):
    before = policy(told)
    told.argocd.arm("application.rollback", Fault(answer=no_such_deployment))
    ended = rolled(told, "/rollback batch stage by argocd")

    assert Phase.FAILED is ended.phase, ended.problem
    assert before == policy(told)
    assert () == items(told)
    assert "Auto-sync is as it was" in told.card(ended.id).words


def test_who_does_not_answer_in_the_middle_is_asked_again(told):
    bad = versions(told)[1]
    before = policy(told)
    for route in ("application.spec", "application.rollback"):
        told.argocd.arm(route, Fault(drop="before"))
        told.argocd.arm(route, Fault(drop="after"))
    asked = rollbacks(told)

    told.goes_live(told.types("/rollback batch stage by argocd"))

    assert 2 == rollbacks(told) - asked, "once without effect, once unheard, and never again"
    assert not any(f"batch-stage-{bad}" in one for one in told.argocd.images("astrago"))
    told.goes_live(told.types("/rollback batch stage"))
    assert "is on again" in asks(told, "/ship resume batch stage")
    assert before == policy(told)


def rollbacks(told):
    """Return how often a rollback was asked for."""
    return sum(one.path.endswith("/rollback") for one in told.argocd.calls)


def no_such_deployment():
    """Answer as Argo CD does where the entry was trimmed meanwhile."""
    said = {"error": "application argocd/astrago does not have deployment with id 1", "code": 3}
    return Response(json.dumps(said), 400, content_type="application/json")


def test_what_is_in_the_way_is_ended_first(told):
    _, bad = versions(told)
    before = policy(told)
    bad_again(told, bad)
    told.argocd.stuck_operation("astrago")
    sync_by_hand(told)
    number = told.operation(told.types("/rollback batch stage by argocd")).id

    def terminated():
        return any(one.method == "DELETE" for one in told.argocd.calls)

    assert told.world.until(terminated, 60)
    told.argocd.stuck_operation("astrago", on=False)
    ended = told.ends_with_id(number)

    assert Phase.LIVE is ended.phase, (ended.problem, told.timeline(number))
    told.goes_live(told.types("/rollback batch stage"))
    assert "is on again" in asks(told, "/ship resume batch stage")
    assert before == policy(told)


def bad_again(told, bad):
    """Bring the bad version of batch back, as somebody does who thinks it was well."""
    told.types("/ship release batch stage", by="U0BOB")
    assert told.world.until(lambda: not told.held("batch/stage"), 20)
    told.goes_live(told.types(f"/deploy batch {bad} stage"))


def sync_by_hand(told):
    """Sync as a person does in Argo CD."""
    argocd = told.argocd
    httpx.post(
        f"{argocd.url}/api/v1/applications/astrago/sync",
        json={"project": "default"},
        headers={"Authorization": f"Bearer {argocd.token}"},
    ).raise_for_status()


def test_auto_sync_that_others_switch_on_is_noticed(told):
    _, bad = versions(told)
    before = policy(told)
    bad_again(told, bad)
    back = told.goes_live(told.types("/rollback batch stage by argocd"))
    spec = told.argocd.application("astrago")["spec"]
    told.argocd.change_spec("astrago", {**spec, "syncPolicy": before})

    told.inside.shipmate.resuming.look()

    assert () == items(told)
    assert told.world.until(lambda: "not by Shipmate" in told.card(back.id).words, 20)


def test_it_is_refused_while_something_else_of_the_application_is_changed(told):
    for back in (1, 0):
        version = told.world.sha("xiilab/astrago-frontend", f"{BRANCH}~{back}")[:8]
        told.goes_live(told.types(f"/deploy frontend {version} stage"))
    told.argocd.hang_refresh("astrago")
    other = told.operation(told.types("/rollback monitor stage")).id
    assert told.world.until(lambda: Phase.FOLLOWING is told.store.operation(other).phase, 20)

    ended = refuses(told, "/rollback frontend stage by argocd", Reason.APP_BUSY, operation=other)

    said = told.card(ended.id).words.replace("`", "")
    assert f"/ship cancel {other}" in said
    told.argocd.hang_refresh("astrago", on=False)
    assert Phase.LIVE is told.ends_with_id(other).phase


def test_while_github_cannot_say_what_else_would_move_argocd_is_not_offered(told):
    """Of four services in one application only those of our own commits are known without it."""
    rolled_back = told.operation(told.types("/rollback frontend stage by argocd"))
    ended = told.ends_with_id(rolled_back.id)
    assert Reason.OTHERS_MOVE_ALONG is ended.problem.reason
    assert "monitor: monitor-stage-" in told.card(ended.id).words.replace("`", "")

    told.github.arm("*", Fault(answer=lambda: answer({"message": "down"}, 503)), times=None)
    number = told.operation(told.types("/rollback frontend stage")).id

    def barred():
        words = " ".join(told.card(number).words.split()) if told.card(number) else ""
        return "Around Git: Argo CD can't roll it back either. GitHub gave no usable" in words

    assert told.world.until(barred, 30), told.card(number).words
    assert "shipmate.rollback.around" not in told.buttons(number)
    told.github.disarm()
    assert Phase.LIVE is told.ends_with_id(number).phase
    assert () == items(told)
