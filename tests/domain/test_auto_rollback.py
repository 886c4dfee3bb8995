"""When a failed change is taken back without anybody asking, and all that keeps it from being."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.auto_rollback import (
    Around,
    AutoRollback,
    GoBack,
    Later,
    Leave,
    Moment,
    OnlyOffer,
    WhyNot,
    decide,
)
from bot.domain.going_back import Past, Told
from bot.domain.operations import Kind, Phase, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.unknown import Unknown
from tests.messages.operations import ASKED, PLAN, REQUEST, WRITTEN, after, following, operation

RULE = AutoRollback(timedelta(minutes=3), timedelta(seconds=60))
ILL = Problem(Reason.DEGRADED, {"app": "astrago"})
LIVE, BROKEN = following(Stage.LIVE, Stage.FAILED)
FAILED = operation(
    Phase.FAILED, plan=PLAN, written=WRITTEN, progress=(LIVE, replace(BROKEN, problem=ILL))
)
GOOD = Past("core-stage-ba01", "b" * 40, "D-4700", ASKED, Told.OURS, verified=True)
AROUND = Around(back=GOOD, was_healthy=True, automatic=False, busy=None, locked=False)
MOMENT = Moment(after(minutes=4), stands=True, frozen=False, asks=False, around={"core": AROUND})
SILENT = Unknown("no answer")


def around(**changes):
    return replace(MOMENT, around={"core": replace(AROUND, **changes)})


def failed_by(reason):
    return replace(FAILED, progress=(replace(BROKEN, problem=Problem(reason, {})),))


def test_a_version_that_came_up_ill_goes_back_after_the_grace():
    expected = GoBack({"core": GOOD}, after(minutes=5))
    assert expected == decide(FAILED, RULE, MOMENT)


@pytest.mark.parametrize("reason", [Reason.DEGRADED, Reason.SYNC_FAILED, Reason.TOO_LATE])
def test_what_is_the_versions_own_fault(reason):
    assert isinstance(decide(failed_by(reason), RULE, MOMENT), GoBack)


def test_where_people_approve_rollbacks_it_is_only_offered():
    assert OnlyOffer({"core": GOOD}) == decide(FAILED, RULE, replace(MOMENT, asks=True))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(after(minutes=2, seconds=59), Later(after(minutes=3)), id="too soon"),
        pytest.param(
            after(minutes=3), GoBack({"core": GOOD}, after(minutes=4)), id="from that moment on"
        ),
    ],
)
def test_the_new_version_has_its_time(at, expected):
    assert expected == decide(FAILED, RULE, replace(MOMENT, at=at))


@pytest.mark.parametrize(
    ("failed", "why"),
    [
        pytest.param(replace(FAILED, phase=Phase.LIVE), WhyNot.NOT_FAILED, id="it is live"),
        pytest.param(replace(FAILED, phase=Phase.REFUSED), WhyNot.NOT_FAILED, id="refused"),
        pytest.param(
            replace(FAILED, request=replace(REQUEST, kind=Kind.ROLLBACK)),
            WhyNot.A_ROLLBACK,
            id="a rollback",
        ),
        pytest.param(replace(FAILED, written=None), WhyNot.NOTHING_WRITTEN, id="not written"),
        pytest.param(replace(FAILED, progress=()), WhyNot.NOTHING_WRITTEN, id="never looked at"),
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
            replace(
                FAILED,
                progress=(
                    replace(BROKEN, health="Progressing", problem=Problem(Reason.TOO_LATE, {})),
                ),
            ),
            WhyNot.NOT_THE_VERSION,
            id="only late",
        ),
        pytest.param(
            replace(FAILED, progress=(BROKEN,)), WhyNot.NOT_THE_VERSION, id="nobody knows why"
        ),
    ],
)
def test_an_operation_that_stays(failed, why):
    found = decide(failed, RULE, MOMENT)
    assert isinstance(found, Leave)
    assert why is found.why


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        pytest.param(replace(MOMENT, stands=False), WhyNot.OVERTAKEN, id="Git moved on"),
        pytest.param(replace(MOMENT, frozen=True), WhyNot.FROZEN, id="rollbacks are frozen"),
        pytest.param(replace(MOMENT, around={}), WhyNot.UNKNOWN, id="nothing was read"),
        pytest.param(around(busy="D-4900"), WhyNot.PEOPLE_AT_IT, id="somebody is at it"),
        pytest.param(around(locked=True), WhyNot.LOCKED, id="somebody holds a lock"),
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
    ],
)
def test_a_moment_in_which_it_stays(moment, why):
    found = decide(FAILED, RULE, moment)
    assert isinstance(found, Leave)
    assert why is found.why


@pytest.mark.parametrize("name", ["back", "was_healthy", "automatic", "busy", "locked"])
def test_what_is_unknown_of_a_target_never_takes_it_back(name):
    assert Leave(WhyNot.UNKNOWN, "core") == decide(FAILED, RULE, around(**{name: SILENT}))


@pytest.mark.parametrize("name", ["stands", "frozen"])
def test_what_is_unknown_of_the_moment_never_takes_anything_back(name):
    assert Leave(WhyNot.UNKNOWN) == decide(FAILED, RULE, replace(MOMENT, **{name: SILENT}))


def test_nothing_goes_back_by_itself_where_the_configuration_does_not_say_so():
    assert Leave(WhyNot.NOT_CONFIGURED) == decide(FAILED, None, MOMENT)


def test_one_service_that_may_not_go_back_keeps_all_of_them():
    both = replace(
        FAILED,
        progress=tuple(replace(one, problem=ILL, stage=Stage.FAILED) for one in (LIVE, BROKEN)),
    )
    batch = replace(AROUND, busy="D-4900")
    moment = replace(MOMENT, around={"core": AROUND, "batch": batch})
    assert Leave(WhyNot.PEOPLE_AT_IT, "batch") == decide(both, RULE, moment)


@pytest.mark.parametrize("wrong", [{"after": timedelta(-1)}, {"grace": timedelta(-1)}])
def test_times_are_never_below_nothing(wrong):
    with pytest.raises(ValueError, match="times from 0"):
        AutoRollback(**wrong)
