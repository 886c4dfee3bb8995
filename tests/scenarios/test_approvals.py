"""Production waits for a second person: what they see, click, and are told."""

from bot.domain.operations import Phase
from bot.domain.problems import Reason

CODE = "pingvas/pingvas-studio"


def asks(told, by="U0ALICE", service="user-service", ref="main", because=" because the login fix"):
    """Ask for a production deploy; return its id once the approvers' card stands."""
    sha = told.world.sha(CODE, ref)
    reply = told.types(f"/deploy {service} {sha} prod{because}", by=by)
    operation = told.operation(reply)
    assert told.world.until(lambda: told.waits(operation.id)), told.timeline(operation.id)
    return operation.id


def test_a_second_person_approves_and_it_goes_live(story):
    with story("pingvas", speed=60.0) as told:
        number = asks(told)

        shown = told.card(number).words
        for fact in (number, "the login fix", "0 of 1", "sre", "alice-kim", "green", "sha256:"):
            assert fact in shown, (fact, shown)
        assert "approve_operation" in told.buttons(number)

        told.slack.click("approve_operation", by="U0BOB")
        ended = told.ends_with_id(number)

        assert Phase.LIVE is ended.phase, told.timeline(number)
        assert [] == told.buttons(number)
        assert "Approved by" in told.card(number).words
        message = told.commits()[0][1]
        assert "Approved-by: bob-lee" in message
        assert "Requested-by: U0ALICE (alice-kim)" in message


def test_the_requester_may_not_approve_their_own(story):
    with story("pingvas", speed=60.0) as told:
        number = asks(told)
        said = told.reads_after(
            lambda: told.slack.click("approve_operation", by="U0ALICE"), "U0ALICE"
        )
        assert "may not be the one who approves it" in said
        assert Phase.AWAITING is told.store.operation(number).phase
        assert "0 of 1" in told.card(number).words


def test_a_no_asks_for_a_reason_and_ends_it(story):
    with story("pingvas", speed=60.0) as told:
        before = told.commits()
        number = asks(told)
        told.slack.click("reject_operation", by="U0BOB")
        assert told.world.until(lambda: told.slack.modal("U0BOB") is not None)
        told.slack.submit(by="U0BOB", reason="not on a *Friday* <!channel>")
        ended = told.ends_with_id(number)
        assert (Phase.REFUSED, Reason.REJECTED_BY) == (ended.phase, ended.problem.reason)
        shown = told.card(number).words
        assert "Rejected by" in shown
        assert "not on a *Friday* <!channel>" in shown
        assert [] == told.buttons(number)
        assert before == told.commits()
