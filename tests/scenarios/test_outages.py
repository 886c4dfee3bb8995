"""Outages that outlast every deadline, and tokens that end in the middle: told as they are."""

from datetime import timedelta

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.operations.deploy import write
from sandbox.github.server import mutates
from sandbox.wire import Fault, answer

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
FAST = 300
"""Stage's deadline of 15 minutes passes in three seconds."""


def away():
    return answer({"message": "down", "ok": False}, 503)


DOWN = Fault(answer=away)


def core_to_stage(told):
    sha = told.world.sha(BACKEND, BRANCH)[:8]
    return told.operation(told.types(f"/deploy core {sha} stage")).id


def when_committed(told, number):
    assert told.world.until(lambda: told.store.operation(number).written)


def test_argocd_down_past_the_deadline(story):
    """The commit stands, and whether it runs nobody can know: both are said."""
    with story(speed=FAST) as told:
        told.argocd.slow_render("astrago", 60)
        number = core_to_stage(told)
        when_committed(told, number)
        told.argocd.arm("*", DOWN, times=None)

        ended = told.ends_with_id(number)

        assert (Phase.FAILED, Reason.UNAVAILABLE) == (ended.phase, ended.problem.reason)
        said = told.card(number).words
        assert "Argo CD main gave no usable answer" in said
        assert "It stands: Git names the new tag." in said
        assert "Send the command again when Argo CD main answers." in said
        assert 2 == len(told.commits())


def test_argocds_token_expires_while_it_is_followed(story):
    """The card says at once whose token it is; the end at the deadline says it again."""
    with story(speed=FAST) as told:
        told.argocd.slow_render("astrago", 60)
        number = core_to_stage(told)
        when_committed(told, number)
        told.argocd.expire_token()

        words = "Argo CD main no longer accepts the bot's token"
        assert told.world.until(lambda: words in told.card(number).words)
        assert Phase.FOLLOWING is told.store.operation(number).phase

        ended = told.ends_with_id(number)
        assert (Phase.FAILED, Reason.TOKEN_REFUSED) == (ended.phase, ended.problem.reason)
        said = told.card(number).words
        assert words in said
        assert "It stands: Git names the new tag." in said


def test_github_down_past_the_deadline_before_anything_was_changed(story):
    with story(speed=FAST) as told:
        told.github.arm("*", DOWN, times=None)

        ended = told.ends_with_id(core_to_stage(told))

        assert (Phase.REFUSED, Reason.UNAVAILABLE) == (ended.phase, ended.problem.reason)
        said = told.card(ended.id).words
        assert "Refused, nothing was changed" in said
        assert "Send the command again when GitHub answers." in said
        assert 1 == len(told.commits())


@pytest.mark.parametrize(
    ("fault", "commits", "phase"),
    [
        pytest.param(Fault(drop="after"), 2, Phase.LIVE, id="the commit was made"),
        pytest.param(Fault(drop="before"), 1, Phase.REFUSED, id="the commit was not made"),
    ],
)
def test_github_down_past_the_deadline_after_a_commit_without_an_answer(
    story, fault, commits, phase
):
    """Nothing is called off before the branch could be read; then what is there decides."""
    with story(speed=FAST) as told:

        def then_down(request):
            if not mutates(request):
                return False
            told.github.arm("*", DOWN, times=None)
            return True

        told.github.arm("graphql", fault, when=then_down)
        number = core_to_stage(told)
        begun = Phase.COMMITTING.value
        assert told.world.until(lambda: begun in told.store.operation(number).entered)
        late = told.store.operation(number).entered[begun] + timedelta(minutes=16)
        assert told.world.until(lambda: told.world.clock.now() > late)
        assert Phase.COMMITTING is told.store.operation(number).phase
        assert "It is tried again at " in told.card(number).words
        told.github.disarm()

        ended = told.ends_with_id(number)

        assert (commits, phase) == (len(told.commits()), ended.phase)


def test_when_nobody_can_know_whether_the_commit_was_made_that_is_said(story, monkeypatch):
    """Not "nothing was changed": the commit may stand."""
    # Its real length would be minutes of this test's time even at this speed.
    monkeypatch.setattr(write, "UNSURE_FOR", timedelta(minutes=5))
    with story(speed=FAST) as told:

        def then_down(request):
            if not mutates(request):
                return False
            told.github.arm("*", DOWN, times=None)
            return True

        told.github.arm("graphql", Fault(drop="after"), when=then_down)

        ended = told.ends_with_id(core_to_stage(told))

        assert (Phase.FAILED, Reason.UNAVAILABLE) == (ended.phase, ended.problem.reason)
        said = told.card(ended.id).words
        assert "nothing was changed" not in said.lower()
        assert "Send the command again when GitHub answers." in said


def test_slack_does_not_say_at_the_start_who_we_are(story):
    """Nothing is taken before, everything after."""

    def broken(world):
        world.slack.arm("auth.test", DOWN, times=3)

    with story(prepare=broken) as told:
        assert Phase.LIVE is told.ends_with_id(core_to_stage(told)).phase


EXPIRED = Fault(answer=lambda: answer({"ok": False, "error": "token_expired"}))


def test_slacks_token_is_renewed_during_the_deploy(story):
    """Posts are refused for a while: the card appears when they are taken again, once."""
    with story() as told:
        told.slack.arm("*", EXPIRED, times=None, when=lambda call: "users.info" not in call.path)
        number = core_to_stage(told)
        assert told.world.until(lambda: told.store.operation(number).phase.ended)
        assert [] == told.slack.cards()
        told.slack.disarm()
        assert Phase.LIVE is told.ends_with_id(number).phase
        assert 1 == len(told.slack.cards())


def test_while_slack_takes_no_token_nobody_is_anybody(story):
    """Who asks cannot be read: nothing is changed, and it is told when the token is renewed."""
    with story() as told:
        told.slack.arm("*", EXPIRED, times=None)
        number = core_to_stage(told)
        assert told.world.until(lambda: told.store.operation(number).phase.ended)
        told.slack.disarm()
        ended = told.ends_with_id(number)
        assert (Phase.REFUSED, Reason.NOT_ANSWERED) == (ended.phase, ended.problem.reason)
        assert 1 == len(told.commits())
        said = told.card(number).words
        assert "The bot could not learn which GitHub account this person has" in said
        assert "token_expired" in said


def asks_about(login):
    """Return what tells GitHub's query about *login* apart."""
    return lambda request: f'"{login}"' in request.get_data(as_text=True)


@pytest.mark.parametrize("login", ["alice-kim", "bob-lee"])
def test_an_approved_deploy_waits_for_github_to_say_who_may(story, login):
    """Right before the commit rights are read anew: a silence then costs no approval."""
    with story("pingvas", speed=60.0) as told:
        sha = told.world.sha("pingvas/pingvas-studio", "main")
        number = told.operation(told.types(f"/deploy user-service {sha} prod")).id
        assert told.world.until(lambda: told.waits(number)), told.timeline(number)
        before = told.commits()

        def then_down(request):
            """Let the approver in, and nobody after."""
            if told.store.operation(number).phase is Phase.AWAITING:
                return False
            return asks_about(login)(request)

        told.github.arm("graphql", DOWN, times=None, when=then_down)
        told.slack.click("approve_operation", by="U0BOB")
        waits = "GitHub gave no usable answer"
        assert told.world.until(lambda: waits in told.card(number).words)
        assert before == told.commits()
        told.github.disarm()

        assert Phase.LIVE is told.ends_with_id(number).phase, told.timeline(number)
        assert "Approved-by: bob-lee" in told.commits()[0][1]


def test_who_cannot_be_told_apart_by_slack_deploys_nothing(story):
    """Past the deadline it is refused; whoever asked reads why as soon as Slack is back."""
    with story(speed=FAST) as told:
        told.slack.arm("*", DOWN, times=None)
        number = core_to_stage(told)
        assert told.world.until(lambda: told.store.operation(number).phase.ended)

        told.slack.disarm()
        ended = told.ends_with_id(number)

        assert (Phase.REFUSED, Reason.UNAVAILABLE) == (ended.phase, ended.problem.reason)
        assert 1 == len(told.commits())
        words = "Slack gave no usable answer, so the bot could not look up"
        assert told.world.until(lambda: any(words in one.words for one in told.slack.dm("U0ALICE")))
