from dataclasses import replace

import pytest
from hypothesis import given, settings

from bot.domain.operations import Kind, Phase
from bot.domain.problems import Problem, Reason
from bot.messages import replies
from bot.messages.notices import BAD, ended_badly
from tests.messages.limits import assert_slack_takes
from tests.messages.operations import PLAN, REQUEST, WRITTEN, operation
from tests.messages.reading import read
from tests.messages.test_cards import operations

NOT_PERMITTED = Problem(
    Reason.NOT_PERMITTED,
    {
        "user": "U0BOB",
        "action": "deploy",
        "service": "core",
        "environment": "prod",
        "teams": "sre",
    },
)
AROUND = replace(REQUEST, kind=Kind.ROLLBACK, version="", by_argocd=True)
CARD = "https://acme.slack.com/archives/C0DEPLOY/p1795251600"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(
            replies.received(operation()),
            "Received as `D-4821`: *batch* and *core* to *stage* at `a1b2c3d4`. "
            "Its card follows in the environment's channel. "
            "If you have no right to it, only you are told.",
            id="received",
        ),
        pytest.param(
            replies.received(operation(), CARD),
            "Received as `D-4821`: *batch* and *core* to *stage* at `a1b2c3d4`. "
            f"Its card <{CARD}> follows it.",
            id="received, card known",
        ),
        pytest.param(
            replies.under_way(operation(Phase.FOLLOWING), CARD),
            "Already under way as `D-4821`, asked by @U0ALICE: *batch* and *core* to *stage* at "
            f"`a1b2c3d4`. Nothing new was started. Follow it on its card <{CARD}>.",
            id="under way",
        ),
        pytest.param(
            replies.under_way(operation(Phase.FOLLOWING)),
            "Already under way as `D-4821`, asked by @U0ALICE: *batch* and *core* to *stage* at "
            "`a1b2c3d4`. Nothing new was started. "
            "Its card follows in the environment's channel. "
            "If you have no right to it, only you are told.",
            id="under way, card unknown",
        ),
        pytest.param(
            replies.may_not_cancel(operation(), "U0BOB", NOT_PERMITTED),
            "@U0BOB may not cancel `D-4821`. Nothing was changed.\n"
            "@U0BOB may not deploy *core* in *prod*.\n"
            "Ask @U0ALICE, or a member of *sre*, to cancel it.",
            id="may not cancel",
        ),
        pytest.param(
            replies.cancelling(operation()),
            "Asked to cancel `D-4821`: *batch* and *core* to *stage* at `a1b2c3d4`. "
            "Its commit is being written right now.\n"
            "If that was quicker, the deploy goes on.",
            id="cancelling",
        ),
        pytest.param(
            replies.cancelled(operation(Phase.CANCELLED)),
            "Cancelled `D-4821`: *batch* and *core* to *stage* at `a1b2c3d4`. "
            "Nothing was changed. Send the command again to start anew.",
            id="cancelled",
        ),
        pytest.param(
            replies.too_late(operation(Phase.FOLLOWING), CARD),
            "`D-4821` can no longer be cancelled: its commit stands in Git, "
            "and Argo CD is bringing it out.\n"
            "To undo it, send `/rollback` with the service and the environment. "
            f"See its card <{CARD}>.",
            id="too late",
        ),
        pytest.param(
            replies.too_late(operation(Phase.FOLLOWING, request=AROUND), CARD),
            "`D-4821` can no longer be cancelled: Argo CD is rolling it back. "
            "Git does not know of it.\n"
            "Once it has ended, its card says how to take it back in Git, too. "
            f"See its card <{CARD}>.",
            id="too late, around Git",
        ),
        pytest.param(
            replies.cancelling(operation(Phase.COMMITTING, request=AROUND)),
            "Asked to cancel `D-4821`: *batch* and *core* in *stage* by Argo CD. "
            "It is being prepared in Argo CD right now.\n"
            "If Argo CD was asked before, the rollback goes on.",
            id="cancelling, around Git",
        ),
        pytest.param(
            replies.unknown_operation("D-1<!channel>", ["D-4821", "D-4822"]),
            "There is no operation `D-1<!channel>`.\n"
            "The latest are `D-4821` and `D-4822`. Each card shows its id.",
            id="unknown operation",
        ),
        pytest.param(
            replies.unknown_operation("D-1"),
            "There is no operation `D-1`.\nNothing has been asked for yet; `/ship help` shows how.",
            id="unknown operation, and there is none at all",
        ),
        pytest.param(
            replies.looking("core", "stage"),
            "Asking Git and Argo CD about *core* in *stage*; the answer follows here.",
            id="looking",
        ),
        pytest.param(
            replies.looking(None, None),
            "Asking Git and Argo CD about every service; the answer follows here.",
            id="looking at everything",
        ),
        pytest.param(
            replies.try_again(),
            "*Nothing was started: *the bot could not write your request down.\n"
            "Please send the same command again in a minute.",
            id="try again",
        ),
        pytest.param(
            replies.internal("3f2a9c"),
            "Something went wrong inside the bot, under the id `3f2a9c`.\n"
            "See `/ship status` for what has happened; give the id to a platform engineer.",
            id="internal",
        ),
    ],
)
def test_it_reads(message, expected):
    assert expected == read(message)
    assert_slack_takes(message)


@pytest.mark.parametrize("phase", list(Phase))
def test_too_late_says_what_stands_in_every_phase(phase):
    message = replies.too_late(operation(phase))
    assert "can no longer be cancelled: " in message.text
    assert_slack_takes(message)


@pytest.mark.parametrize("phase", list(Phase))
def test_around_git_no_phase_speaks_of_a_commit(phase):
    message = replies.too_late(operation(phase, request=AROUND))
    assert "commit" not in message.text
    assert_slack_takes(message)


def test_the_requester_hears_in_person_what_failed_and_what_to_do():
    shown = operation(
        Phase.FAILED,
        plan=PLAN,
        written=WRITTEN,
        problem=Problem(Reason.CANNOT_RENDER, {"app": "astrago", "detail": "no such file"}),
    )
    assert (
        "❌ Your deploy `D-4821` of *batch* and *core* to *stage* at `a1b2c3d4`. It failed.\n"
        "Its commit f00dcafe <https://github.com/xiilab/astrago-deployment/commit/f00dcafe>"
        " stands in Git.\n"
        "Argo CD cannot build the manifests of *astrago*: no such file.\n"
        "*Next: *Correct the files of *astrago* in Git; nothing is applied until they build.\n"
        f"All of it is on its card <{CARD}>."
    ) == read(ended_badly(shown, CARD))


def test_only_bad_ends_are_told_in_person():
    assert {Phase.REFUSED, Phase.FAILED} == BAD


@settings(max_examples=100, deadline=None)
@given(operations)
def test_slack_takes_the_answers_about_any_operation(shown):
    for say in (
        replies.received,
        replies.under_way,
        replies.cancelling,
        replies.cancelled,
        replies.too_late,
    ):
        assert_slack_takes(say(shown))
    assert_slack_takes(replies.may_not_cancel(shown, shown.request.version, NOT_PERMITTED))


def test_fifty_services_fit_in_an_answer():
    many = replace(REQUEST, services=tuple(f"service-{n}" * 9 for n in range(50)))
    assert "and 40 more" in read(replies.received(operation(request=many)))
