"""Going back to what was good, and forward from one environment to the next."""

from bot.domain.operations import Kind, Phase
from bot.domain.problems import Reason
from sandbox.world import unguarded

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
TICKETS = "flash-tickets/flash-tickets"


def test_a_bad_version_is_rolled_back_and_does_not_come_back(story):
    with story("astrago", speed=60.0) as told:
        good, bad = (told.world.sha(BACKEND, f"{BRANCH}~{n}")[:8] for n in (1, 0))
        told.goes_live(told.types(f"/deploy core {good} stage"))
        deployed = told.goes_live(told.types(f"/deploy core {bad} stage"))

        back = told.goes_live(told.types("/rollback core stage because it fails at login"))

        assert Kind.ROLLBACK is back.request.kind
        (change,) = back.plan.changes
        assert (f"core-stage-{bad}", f"core-stage-{good}") == (change.old, change.new)
        assert deployed.id == change.undoes
        sha, message = told.commits()[0]
        assert message.startswith(f"Roll back core in stage: core-stage-{good}")
        assert f"Shipmate-Undoes: {deployed.id}" in message
        assert ([f"core-stage-{good}"]) == [told.diff(sha)[1][0].split('"')[1]]

        again = told.ends(told.types(f"/deploy core {bad} stage"))
        assert (Phase.REFUSED, Reason.HELD) == (again.phase, again.problem.reason)

        told.types("/ship release core stage", by="U0BOB")
        assert told.world.until(lambda: not told.held("core/stage"))
        told.goes_live(told.types(f"/deploy core {bad} stage"))


def test_a_rollback_waits_neither_for_the_deploy_it_takes_back_nor_for_its_sync(story):
    with story("astrago", speed=60.0) as told:
        good, bad = (told.world.sha(BACKEND, f"{BRANCH}~{n}")[:8] for n in (1, 0))
        told.goes_live(told.types(f"/deploy core {good} stage"))
        told.argocd.stuck_operation("astrago")
        hangs = told.operation(told.types(f"/deploy core {bad} stage")).id
        assert told.world.until(lambda: Phase.FOLLOWING is told.store.operation(hangs).phase)
        assert told.world.until(lambda: runs(told))

        back = told.types("/rollback core stage because it hangs")

        ended = told.ends_with_id(hangs)
        assert (Phase.FAILED, Reason.TAKEN_BACK) == (ended.phase, ended.problem.reason)
        assert told.operation(back).id == ended.problem.facts["operation"]
        live = told.goes_live(back)  # What is stuck there ends only where somebody stops it.
        assert [f"core-stage-{good}"] == [change.new for change in live.plan.changes]
        assert [] == told.buttons(hangs), "what was taken back is not offered to be taken back"


def runs(told):
    state = told.argocd.application("astrago")["status"].get("operationState", {})
    return "Running" == state.get("phase")


def test_what_runs_healthy_before_is_promoted_as_that_environment_names_it(story):
    with story("flash_tickets", speed=60.0, config=unguarded) as told:
        told.goes_live(told.types("/deploy api v1.3.0 staging"))

        reply = told.types("/promote api staging prod because the tests are green")

        ended = told.goes_live(reply)
        assert (Kind.PROMOTE, "staging") == (ended.request.kind, ended.request.origin)
        assert ["v1.3.0"] == [change.new for change in ended.plan.changes]
        assert told.commits()[0][1].startswith("Promote api to prod: v1.3.0")


def test_without_an_environment_a_person_picks_from_buttons(story):
    with story("flash_tickets", speed=60.0, config=unguarded) as told:
        for version in ("v1.2.3", "v1.3.0"):
            told.goes_live(told.types(f"/deploy pay {version} staging"))

        said = told.reads_after(
            lambda: told.types("/rollback pay because of the totals"), "U0ALICE"
        )
        while "Looking where" in said:
            said = told.reads_after(lambda: None, "U0ALICE")

        assert "v1.3.0 → v1.2.3" in said.replace("`", "")
        before = len(told.store.latest())
        told.slack.click("rollback_in:staging", by="U0ALICE")
        assert told.world.until(lambda: len(told.store.latest()) > before)
        ended = told.ends_with_id(told.store.latest()[0].id)
        assert (Kind.ROLLBACK, Phase.LIVE) == (ended.request.kind, ended.phase), ended.problem
        assert ("staging", "of the totals") == (ended.request.environment, ended.request.reason)
