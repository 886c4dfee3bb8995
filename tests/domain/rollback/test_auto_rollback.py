"""When a failed change is taken back without anybody asking, and all that keeps it from being."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.environment_policy import AutoRollback
from bot.domain.facts import RunsNow
from bot.domain.observation import Health
from bot.domain.operations import Entry, Kind, Phase, Stage, TakesBack
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.auto_rollback import (
    LONG_AGO,
    STOOD,
    Around,
    GoBack,
    Later,
    Leave,
    Moment,
    WhyNot,
    bad_since,
    decide,
    how_it_stands,
    was_automatic,
    was_healthy,
)
from bot.domain.rollback.going_back import Past, Told
from bot.domain.unknown import Unknown
from tests.domain.policies import target_facts
from tests.messages.operations import ASKED, PLAN, REQUEST, WRITTEN, after, following, operation

RULE = AutoRollback(timedelta(minutes=3), timedelta(seconds=60))
ILL = Problem(Reason.DEGRADED, {"app": "astrago"})
LIVE, BROKEN = following(Stage.LIVE, Stage.FAILED)
BROKEN = replace(BROKEN, sync="Synced", health="Degraded", problem=ILL)
SINCE = after(minutes=1)
FAILED = replace(
    operation(Phase.FAILED, plan=PLAN, written=WRITTEN, progress=(LIVE, BROKEN)), ended_at=SINCE
)
(OLD,) = (one.old for one in PLAN.changes if one.service == "core")
GOOD = Past(OLD, "b" * 40, "D-4700", ASKED, Told.OURS, verified=True)
AROUND = Around(
    old=OLD,
    back=GOOD,
    stands=True,
    was_healthy=True,
    automatic=False,
    busy=None,
    now=Health.DEGRADED,
)
MOMENT = Moment(after(minutes=5), SINCE, rules=None, around={"core": AROUND})
LOCKED = Problem(Reason.LOCKED, {"service": "core", "environment": "stage", "by": "U0BOB"})
SILENT = Unknown("no answer")


def around(**changes):
    return replace(MOMENT, around={"core": replace(AROUND, **changes)})


def failed_by(reason, **changes):
    broken = replace(BROKEN, problem=Problem(reason, {}), **changes)
    return replace(FAILED, progress=(broken,))


def test_a_version_that_came_up_ill_goes_back_after_the_grace():
    expected = GoBack({"core": GOOD}, after(minutes=6), SINCE)
    assert expected == decide(FAILED, RULE, MOMENT)


@pytest.mark.parametrize(
    "failed",
    [
        pytest.param(failed_by(Reason.DEGRADED), id="Degraded"),
        pytest.param(failed_by(Reason.SYNC_FAILED), id="its sync failed and it is Degraded"),
        pytest.param(failed_by(Reason.TOO_LATE), id="Degraded at its deadline"),
        pytest.param(
            failed_by(Reason.TOO_LATE, health="Progressing"), id="applied and not up in time"
        ),
    ],
)
def test_what_is_the_versions_own_fault(failed):
    assert isinstance(decide(failed, RULE, MOMENT), GoBack)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(after(minutes=3, seconds=59), Later(after(minutes=4)), id="too soon"),
        pytest.param(
            after(minutes=4),
            GoBack({"core": GOOD}, after(minutes=5), SINCE),
            id="from that moment on",
        ),
        pytest.param(
            after(minutes=4) + LONG_AGO,
            GoBack({"core": GOOD}, after(minutes=5) + LONG_AGO, SINCE),
            id="an hour later",
        ),
        pytest.param(after(minutes=4, seconds=1) + LONG_AGO, Leave(WhyNot.LONG_AGO), id="long ago"),
    ],
)
def test_the_new_version_has_its_time(at, expected):
    assert expected == decide(FAILED, RULE, replace(MOMENT, at=at))


STAYS = [
    pytest.param(replace(FAILED, phase=Phase.LIVE), WhyNot.NOT_FAILED, id="it is live"),
    pytest.param(replace(FAILED, phase=Phase.REFUSED), WhyNot.NOT_FAILED, id="refused"),
    pytest.param(
        replace(FAILED, request=replace(REQUEST, kind=Kind.ROLLBACK)),
        WhyNot.A_ROLLBACK,
        id="a rollback",
    ),
    pytest.param(replace(FAILED, written=None), WhyNot.NOTHING_WRITTEN, id="not written"),
    pytest.param(replace(FAILED, progress=()), WhyNot.NOT_THE_VERSION, id="never looked at"),
    pytest.param(
        replace(FAILED, plan=replace(PLAN, changes=())), WhyNot.NOTHING_WRITTEN, id="no change"
    ),
    pytest.param(
        failed_by(Reason.APP_MISSING), WhyNot.NOT_THE_VERSION, id="the application is gone"
    ),
    pytest.param(
        failed_by(Reason.UNAVAILABLE), WhyNot.NOT_THE_VERSION, id="Argo CD does not answer"
    ),
    pytest.param(failed_by(Reason.OVERTAKEN), WhyNot.NOT_THE_VERSION, id="another commit came"),
    pytest.param(
        failed_by(Reason.ROLLOUT_ABORTED), WhyNot.NOT_THE_VERSION, id="somebody aborted it"
    ),
    pytest.param(
        failed_by(Reason.SYNC_FAILED, health="Healthy"),
        WhyNot.NOT_THE_VERSION,
        id="it could not be applied, and the old one runs on",
    ),
    pytest.param(
        failed_by(Reason.TOO_LATE, health="Healthy", sync="OutOfSync"),
        WhyNot.NOT_THE_VERSION,
        id="nobody applied it in time",
    ),
    pytest.param(
        replace(FAILED, progress=(replace(BROKEN, problem=None),)),
        WhyNot.NOT_THE_VERSION,
        id="nobody knows why",
    ),
]


@pytest.mark.parametrize(("failed", "why"), STAYS)
def test_an_operation_that_stays(failed, why):
    """It is said at once, whatever may still change."""
    early = replace(MOMENT, at=SINCE)
    for moment in (MOMENT, early):
        found = decide(failed, RULE, moment)
        assert isinstance(found, Leave)
        assert why is found.why


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        pytest.param(around(stands=False), WhyNot.OVERTAKEN, id="Git moved on"),
        pytest.param(around(busy="D-4900"), WhyNot.PEOPLE_AT_IT, id="somebody is at it"),
        pytest.param(around(automatic=True), WhyNot.IN_A_ROW, id="one was made just before"),
        pytest.param(around(was_healthy=False), WhyNot.ILL_BEFORE, id="the old one was ill, too"),
        pytest.param(around(back=None), WhyNot.UNVERIFIED, id="nothing to go back to"),
        pytest.param(
            around(back=replace(GOOD, verified=False)), WhyNot.UNVERIFIED, id="never verified"
        ),
        pytest.param(
            around(back=replace(GOOD, source=Told.GIT)), WhyNot.UNVERIFIED, id="only Git knows it"
        ),
        pytest.param(
            around(back=replace(GOOD, left=True)), WhyNot.UNVERIFIED, id="left by somebody"
        ),
        pytest.param(
            around(old="core-stage-foreign"), WhyNot.UNVERIFIED, id="not what was there before"
        ),
    ],
)
def test_what_will_not_change_is_said_at_once(moment, why):
    for one in (moment, replace(moment, at=SINCE)):
        found = decide(FAILED, RULE, one)
        assert isinstance(found, Leave)
        assert (why, "core") == (found.why, found.service)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param(replace(MOMENT, rules=LOCKED), Leave(WhyNot.RULES, problem=LOCKED), id="lock"),
        pytest.param(
            around(now=Health.HEALTHY), Leave(WhyNot.RECOVERED, "core"), id="it has come up"
        ),
        pytest.param(
            around(now=Health.SUSPENDED), Leave(WhyNot.WAITS_FOR_PEOPLE, "core"), id="it is paused"
        ),
    ],
)
def test_what_may_change_counts_when_the_time_has_come(moment, expected):
    assert expected == decide(FAILED, RULE, moment)
    assert Later(after(minutes=4)) == decide(FAILED, RULE, replace(moment, at=SINCE))


@pytest.mark.parametrize("health", [Health.DEGRADED, Health.PROGRESSING, Health.MISSING])
def test_a_pod_that_crashes_in_turns_is_not_up(health):
    assert isinstance(decide(FAILED, RULE, around(now=health)), GoBack)


@pytest.mark.parametrize("name", ["back", "stands", "was_healthy", "automatic", "now"])
def test_what_is_unknown_of_a_target_never_takes_it_back(name):
    expected = Leave(WhyNot.UNKNOWN, "core", detail="no answer")
    assert expected == decide(FAILED, RULE, around(**{name: SILENT}))
    early = replace(around(**{name: SILENT}), at=SINCE)
    assert isinstance(decide(FAILED, RULE, early), Later)


@pytest.mark.parametrize(
    ("moment", "service"),
    [
        pytest.param(replace(MOMENT, rules=SILENT), "", id="the rules"),
        pytest.param(replace(MOMENT, around={}), "core", id="nothing was read"),
        pytest.param(around(now=Health.UNKNOWN), "core", id="Argo CD does not know either"),
    ],
)
def test_what_is_unknown_of_the_moment_never_takes_anything_back(moment, service):
    found = decide(FAILED, RULE, moment)
    assert isinstance(found, Leave)
    assert (WhyNot.UNKNOWN, service) == (found.why, found.service)


def test_nothing_goes_back_by_itself_where_the_configuration_does_not_say_so():
    assert Leave(WhyNot.NOT_CONFIGURED) == decide(FAILED, None, MOMENT)


def test_one_service_that_may_not_go_back_keeps_all_of_them():
    both = replace(FAILED, progress=(replace(BROKEN, service="batch"), BROKEN))
    (old,) = (one.old for one in PLAN.changes if one.service == "batch")
    batch = replace(AROUND, old=old, back=replace(GOOD, tag=old), busy="D-4900")
    moment = replace(MOMENT, around={"core": AROUND, "batch": batch})
    expected = Leave(WhyNot.PEOPLE_AT_IT, "batch", detail="D-4900")
    assert expected == decide(both, RULE, moment)
    free = replace(moment, around={"core": AROUND, "batch": replace(batch, busy=None)})
    assert {"core": OLD, "batch": old} == decide(both, RULE, free).tags


@pytest.mark.parametrize("wrong", [{"after": timedelta(-1)}, {"grace": timedelta(-1)}])
def test_times_are_never_below_nothing(wrong):
    with pytest.raises(ValueError, match="times from 0"):
        AutoRollback(**wrong)


# since when it is bad


DURING = WRITTEN.at + timedelta(seconds=20)
BEFORE = WRITTEN.at - timedelta(seconds=20)


@pytest.mark.parametrize(
    ("health", "since", "expected"),
    [
        pytest.param(Health.DEGRADED, DURING, DURING, id="Degraded before it was called so"),
        pytest.param(Health.DEGRADED, None, SINCE, id="Argo CD does not say"),
        pytest.param(Health.DEGRADED, BEFORE, SINCE, id="Degraded before the commit"),
        pytest.param(Health.PROGRESSING, DURING, SINCE, id="not Degraded now"),
    ],
)
def test_since_when_it_is_bad(health, since, expected):
    assert expected == bad_since(FAILED, {"core": (health, since)})


# how it was before


@pytest.mark.parametrize(
    ("runs", "in_git", "expected"),
    [
        pytest.param(RunsNow(("a",), "Healthy"), "a", True, id="well"),
        pytest.param(RunsNow(("a",), "Degraded"), "a", False, id="ill"),
        pytest.param(RunsNow(("a", "b"), "Healthy"), "a", False, id="two versions ran"),
        pytest.param(RunsNow(("b",), "Healthy"), "a", False, id="something else ran"),
        pytest.param(SILENT, "a", None, id="nobody could tell"),
    ],
)
def test_how_the_old_version_was(runs, in_git, expected):
    word = how_it_stands(target_facts(runs=runs, in_git=in_git))
    line = Entry("D-1", ASKED, "shipmate", STOOD, {"core": word})
    found = was_healthy("core", [line])
    assert expected == (None if isinstance(found, Unknown) else found)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="no line"),
        pytest.param([Entry("D-1", ASKED, "shipmate", STOOD, {"batch": "Healthy"})], id="another"),
        pytest.param([Entry("D-1", ASKED, "shipmate", "moved", {"core": "Healthy"})], id="no word"),
    ],
)
def test_what_nobody_looked_at_is_unknown(lines):
    assert isinstance(was_healthy("core", lines), Unknown)


def test_the_first_word_on_the_old_version_counts():
    lines = [
        Entry("D-1", ASKED, "shipmate", STOOD, {"core": word}) for word in ("Degraded", "Healthy")
    ]
    assert was_healthy("core", lines) is False


# in a row


def automatic(phase, written=WRITTEN):
    request = replace(
        REQUEST, kind=Kind.ROLLBACK, requester="shipmate", takes_back=TakesBack("D-1", "U0ALICE")
    )
    return replace(FAILED, request=request, phase=phase, written=written)


HUMAN = replace(FAILED, phase=Phase.LIVE)


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        pytest.param([], False, id="nothing before"),
        pytest.param([HUMAN], False, id="a person's change is live"),
        pytest.param([automatic(Phase.LIVE), HUMAN], True, id="went back by itself"),
        pytest.param([FAILED, automatic(Phase.LIVE)], True, id="a person's change failed since"),
        pytest.param([HUMAN, automatic(Phase.LIVE)], False, id="a person's change went live since"),
        pytest.param([automatic(Phase.FAILED), HUMAN], True, id="one that failed counts"),
        pytest.param([automatic(Phase.QUEUED, None), HUMAN], True, id="one that waits counts"),
        pytest.param(
            [automatic(Phase.REFUSED, None), HUMAN], False, id="one that was refused does not"
        ),
    ],
)
def test_never_two_in_a_row_until_a_persons_change_went_live(earlier, expected):
    assert expected is was_automatic(earlier, whole=True)


def test_where_not_all_was_looked_at_nobody_knows():
    assert isinstance(was_automatic([FAILED], whole=False), Unknown)
