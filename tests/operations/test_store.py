import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.domain.operations import (
    Change,
    Kind,
    Phase,
    Plan,
    Progress,
    Request,
    Stage,
    Written,
    number_of,
)
from bot.domain.problems import Problem, Reason
from bot.operations.books.card_book import Card
from bot.operations.store import CancelOutcome, Receipt, Store, wish_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REQUEST = Request(
    Kind.DEPLOY, ("core",), "stage", "a1b2c3d4", "U0ALICE", "C0DEPLOY", reason="for <b> & \u2603"
)
PLAN = Plan(
    repo="xiilab/astrago-deployment",
    branch="main",
    commit="a1b2c3d4" + "0" * 32,
    title="Fix \U0001f600",
    author="Kim",
    source="xiilab/astrago-backend",
    changes=(Change("core", "values.yaml", "core-stage-ba01", "core-stage-a1b2c3d4", "b" * 40),),
)


@pytest.fixture
def store(database):
    return Store(database)


def received(store, request=REQUEST, asked="command:1"):
    return store.receive(request, asked, NOON)[0]


def test_a_request_comes_back_as_it_was_asked(store):
    operation = received(store)
    assert REQUEST == store.operation(operation.id).request
    assert Phase.RECEIVED is operation.phase
    assert NOON == operation.requested_at


def test_the_log_tells_each_phase_once_and_with_what(store):
    operation = received(store)
    with capture_logs() as told:
        for _ in range(2):  # A step may run twice.
            store.move(operation.id, Phase.CHECKING, NOON, "checking")
        detail = {"core": "core-stage-ba01 -> core-stage-a1b2c3d4"}
        store.move(operation.id, Phase.QUEUED, NOON, "planned", detail=detail)
    assert [
        (operation.id, "checking", {}),
        (operation.id, "queued", detail),
    ] == [(one["operation"], one["phase"], one["detail"]) for one in told]


def test_everything_an_operation_can_hold_survives_the_database(store):
    operation = received(store)
    written = Written("c" * 40, "https://github.com/x/y/commit/c", NOON, 3)
    progress = (
        Progress(
            "core",
            "astrago",
            "https://argocd/a",
            Stage.ROLLING,
            "Synced",
            "Progressing",
            Problem(Reason.NOT_OBSERVED, {"app": "astrago"}),
        ),
    )
    store.move(operation.id, Phase.CHECKING, NOON, "checking")
    store.move(operation.id, Phase.QUEUED, NOON, "planned", changes={"plan": PLAN})
    store.move(operation.id, Phase.COMMITTING, NOON, "committing")
    moved = store.move(
        operation.id,
        Phase.FOLLOWING,
        NOON,
        "written",
        changes={"written": written, "progress": progress},
    )
    assert moved == store.operation(operation.id)
    assert (PLAN, written, progress) == (moved.plan, moved.written, moved.progress)


def test_the_same_delivery_twice_is_one_operation(store):
    first, _ = store.receive(REQUEST, "command:1", NOON)
    again, receipt = store.receive(REQUEST, "command:1", NOON)
    assert (first.id, Receipt.REPEATED) == (again.id, receipt)


def test_the_same_wish_while_it_runs_is_the_same_operation(store):
    first, _ = store.receive(REQUEST, "command:1", NOON)
    other = replace(REQUEST, requester="U0BOB", reason=None)
    again, receipt = store.receive(other, "command:2", NOON)
    assert (first.id, Receipt.UNDER_WAY) == (again.id, receipt)


def test_after_its_end_the_same_wish_is_a_new_operation(store):
    first = received(store)
    store.move(first.id, Phase.REFUSED, NOON, "refused")
    second, receipt = store.receive(REQUEST, "command:2", NOON)
    assert receipt is Receipt.NEW
    assert first.id != second.id


def test_a_hundred_at_once_with_one_delivery_id_are_one_operation(store):
    ids, failures = [], []

    def ask():
        try:
            ids.append(store.receive(REQUEST, "command:1", NOON)[0].id)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures
    assert 1 == len(set(ids))


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "prod"},
        {"version": "ffffffff"},
        {"services": ("batch",)},
        {"services": ("batch", "core")},
        {"override": True},
    ],
)
def test_another_wish_is_another_operation(change):
    assert wish_of(REQUEST) != wish_of(replace(REQUEST, **change))


def test_a_wish_that_an_older_version_wrote_down_is_found_again():
    before = Request(Kind.DEPLOY, ("core",), "stage", "a1b2c3d4", "U0ALICE", "C0DEPLOY")
    written = "96ec6d1078fc404b852d41875d11a7d5128a9146fef10e7b2aab160982623f87"
    assert written == wish_of(before)


def test_an_ended_operation_does_not_move(store):
    operation = received(store)
    store.move(operation.id, Phase.REFUSED, NOON, "refused")
    assert store.move(operation.id, Phase.CHECKING, NOON, "checking") is None
    assert store.operation(operation.id).phase is Phase.REFUSED


def test_what_has_gone_on_is_not_ended_by_who_saw_it_wait(store):
    """A click on a card may be judged while the commit that others approved is written."""
    number = received(store).id
    for phase in (Phase.CHECKING, Phase.AWAITING):
        store.move(number, phase, NOON, phase.value)
    assert store.move(number, Phase.QUEUED, NOON, "approved") is not None
    store.move(number, Phase.COMMITTING, NOON, "committing")

    assert store.move(number, Phase.REFUSED, NOON, "void", out_of=Phase.AWAITING) is None
    assert Phase.COMMITTING is store.operation(number).phase


def test_a_step_that_runs_twice_writes_one_line(store):
    operation = received(store)
    for _ in range(2):
        store.move(operation.id, Phase.CHECKING, NOON, "checking", detail={"a": "b"})
    assert ["received", "checking"] == [entry.what for entry in store.timeline(operation.id)]


@pytest.mark.parametrize("phase", [Phase.RECEIVED, Phase.CHECKING, Phase.AWAITING, Phase.QUEUED])
def test_before_the_commit_a_cancel_ends_it_at_once(store, phase):
    operation = received(store)
    for step in (Phase.CHECKING, Phase.AWAITING, Phase.QUEUED):
        if phase is Phase.RECEIVED:
            break
        store.move(operation.id, step, NOON, step.value)
        if step is phase:
            break
    after, outcome = store.cancel(operation.id, "U0BOB", NOON)
    assert (Phase.CANCELLED, CancelOutcome.CANCELLED) == (after.phase, outcome)
    assert store.move(operation.id, Phase.COMMITTING, NOON, "committing") is None


def test_while_committing_a_cancel_is_a_wish_that_the_workflow_finds(store):
    operation = received(store)
    for phase in (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING):
        store.move(operation.id, phase, NOON, phase.value)
    _, outcome = store.cancel(operation.id, "U0BOB", NOON)
    assert CancelOutcome.ASKED is outcome
    assert "U0BOB" == store.cancel_wished(operation.id)


def test_after_the_commit_it_is_too_late(store):
    operation = received(store)
    for phase in (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING):
        store.move(operation.id, phase, NOON, phase.value)
    store.move(
        operation.id,
        Phase.FOLLOWING,
        NOON,
        "written",
        changes={"written": Written("c" * 40, "https://x", NOON)},
    )
    assert CancelOutcome.TOO_LATE is store.cancel(operation.id, "U0BOB", NOON)[1]


@pytest.mark.parametrize("typed", ["D-0", "D-", "4821", "D-99999999999", "x", "D-1; DROP"])
def test_what_is_no_operation_id_is_unknown(store, typed):
    assert (None, CancelOutcome.UNKNOWN) == store.cancel(typed, "U0BOB", NOON)


def test_ids_are_read_in_any_case():
    assert 4821 == number_of("d-4821")


def test_a_queued_operation_knows_who_is_ahead_of_it(store):
    first = received(store)
    second = received(store, replace(REQUEST, version="bbbbbbb1"), "command:2")
    other = received(store, replace(REQUEST, environment="prod"), "command:3")
    for operation in (first, second, other):
        store.move(operation.id, Phase.CHECKING, NOON, "checking")
        store.move(operation.id, Phase.QUEUED, NOON, "planned")
    assert (first.id,) == store.operation(second.id).ahead
    assert () == store.operation(other.id).ahead


def queued(store, number):
    operation = received(store, replace(REQUEST, version=f"bbbbbbb{number}"), f"command:{number}")
    store.move(operation.id, Phase.CHECKING, NOON, "checking")
    store.move(operation.id, Phase.QUEUED, NOON, "planned")
    return operation


def test_who_holds_the_target_is_ahead_also_of_an_earlier_number(store):
    """An operation whose checks took long lines up behind a later one that already acts."""
    first, second = queued(store, 1), queued(store, 2)
    store.move(second.id, Phase.COMMITTING, NOON, "committing")
    assert (second.id,) == store.operation(first.id).ahead


@pytest.mark.parametrize("cancelled", [True, False], ids=["a cancel", "a bad end"])
def test_when_one_in_line_ends_the_cards_behind_it_are_stale(store, cancelled):
    first, second, third = (queued(store, number) for number in (1, 2, 3))
    for operation in (first, second, third):
        shows(store, operation, "d")
    if cancelled:
        store.cancel(second.id, "U0BOB", NOON)
    else:
        store.move(second.id, Phase.REFUSED, NOON, "refused")
    assert (second.id, third.id) == store.cards.stale()
    assert (first.id,) == store.operation(third.id).ahead


def test_a_line_of_the_timeline_is_written_once(store):
    operation = received(store)
    assert store.note(operation.id, "writing-0", "writing", NOON)
    assert not store.note(operation.id, "writing-0", "writing", NOON)
    assert store.note(operation.id, "writing-1", "writing", NOON)
    assert ["received", "writing", "writing"] == [
        entry.what for entry in store.timeline(operation.id)
    ]


def test_a_card_that_was_begun_is_told_from_a_new_one(store):
    operation = received(store)
    assert -1 == store.cards.begin(operation.id).shown_version
    assert 0 == store.cards.begin(operation.id).shown_version


def shows(store, operation, shown):
    """Let the card show the operation as it is now."""
    begun = store.cards.begin(operation.id)
    version = store.versioned(operation.id).version
    store.cards.save(Card(operation.id, "C0DEPLOY", "1.2", shown, version), begun)


def test_when_two_replicas_showed_a_card_at_once_it_is_shown_anew(store):
    """Slack keeps the words that came last, and nobody can tell whose those were."""
    operation = received(store)
    shows(store, operation, "first")
    read_by_both = store.cards.of(operation.id)
    store.move(operation.id, Phase.CHECKING, NOON, "checking")
    version = store.versioned(operation.id).version
    for words in ("older", "newer"):
        store.cards.save(replace(read_by_both, shown=words, shown_version=version), read_by_both)
    assert (operation.id,) == store.cards.stale()


def test_a_changed_operation_has_a_stale_card_until_it_is_shown(store):
    operation = received(store)
    shows(store, operation, "d")
    assert () == store.cards.stale()
    store.move(operation.id, Phase.CHECKING, NOON + timedelta(seconds=1), "checking")
    assert (operation.id,) == store.cards.stale()


def test_listeners_hear_of_changes(store):
    heard = []
    store.observe(lambda: heard.append(1))
    operation = received(store)
    store.move(operation.id, Phase.CHECKING, NOON, "checking")
    store.cancel(operation.id, "U0BOB", NOON)
    assert 2 == len(heard)


def lives(store, tag, at, *, service="core", environment="stage", end=Phase.LIVE):
    """Let an operation bring *tag* to its *end* at *at*."""
    request = replace(REQUEST, services=(service,), environment=environment, version=tag)
    operation = received(store, request, f"c:{service}:{environment}:{tag}:{at}")
    made = replace(PLAN, changes=(replace(PLAN.changes[0], service=service, new=tag),))
    path = (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING, end)
    for phase in path:
        store.move(operation.id, phase, at, phase.value, changes={"plan": made})


def test_what_was_live_somewhere_is_remembered_for_that_place_and_that_tag(store):
    lives(store, "v1.2.3", NOON)
    lives(store, "v2", NOON, service="batch")
    lives(store, "v3", NOON, end=Phase.FAILED)

    asked = [("core", "stage", tag) for tag in ("v1.2.3", "v1.2", "v_.2.3", "%", "v2", "v3")]
    asked += [("core", "prod", "v1.2.3"), ("batch", "stage", "v1.2.3")]
    assert [("core", "stage", "v1.2.3")] == [one for one in asked if store.past.was_live(*one)]


def test_the_newest_live_operation_says_what_it_brought_and_when(store):
    assert store.past.last_live("core", "stage") is None
    lives(store, "new", NOON + timedelta(hours=1))
    lives(store, "old", NOON)  # it ended first, whenever it was asked for
    lives(store, "bad", NOON + timedelta(hours=2), end=Phase.FAILED)

    assert ("new", NOON + timedelta(hours=1)) == store.past.last_live("core", "stage")
    assert store.past.last_live("core", "prod") is None
