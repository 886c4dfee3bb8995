"""What is offered beside a rollback that waits for GitHub, and what gives way to it."""

from dataclasses import replace

import pytest

from bot.domain.errors import Unavailable
from bot.domain.operations import Kind, Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.going_around import (
    Offer,
    WayAround,
    gives_way,
    noted,
    waits_for_github,
    way_around,
)
from bot.domain.rollback.insisting import Insistence, insisted, typed
from tests.messages.operations import REQUEST, operation

AWAY = Problem(Reason.UNAVAILABLE, {"system": "GitHub", "doing": "read", "detail": "503"})
BACK = replace(REQUEST, kind=Kind.ROLLBACK, services=("core",), version="")
OPEN = WayAround(Offer.OPEN, {"core": "core-stage-ba01"})
BARRED = WayAround(
    Offer.BARRED, barred=Problem(Reason.REVERTED_BY_SET, {"app": "astrago", "owner": "apps, all"})
)


def waiting(way=OPEN, request=BACK, phase=Phase.CHECKING, **changes):
    problem = Problem(AWAY.reason, {**AWAY.facts, **noted(way)})
    return operation(phase, request=request, problem=problem, **changes)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(OPEN, id="open"),
        pytest.param(replace(OPEN, hooks=("Job/a", "Job/b")), id="with hooks"),
        pytest.param(replace(OPEN, offer=Offer.FOR_THE_CONFIRMED), id="for the confirmed"),
        pytest.param(BARRED, id="barred, with its facts"),
    ],
)
def test_what_was_noted_is_read_again(way):
    assert way == way_around(waiting(way).problem)


def test_nothing_was_noted():
    assert way_around(None) is None
    assert way_around(AWAY) is None


@pytest.mark.parametrize(
    ("request_", "system", "expected"),
    [
        pytest.param(BACK, "GitHub", True, id="a rollback by Git"),
        pytest.param(BACK, "Argo CD main", False, id="Argo CD itself is away"),
        pytest.param(replace(BACK, by_argocd=True), "GitHub", False, id="it goes around already"),
        pytest.param(REQUEST, "GitHub", False, id="a deploy has nothing to go back to"),
    ],
)
def test_who_waits_for_github(request_, system, expected):
    found = waits_for_github(operation(request=request_), Unavailable(system, "read"))
    assert expected == found


def test_a_refusal_is_no_waiting():
    assert not waits_for_github(operation(request=BACK), AWAY)


AROUND = replace(BACK, by_argocd=True)


@pytest.mark.parametrize(
    ("phase", "request_", "gives"),
    [
        pytest.param(Phase.QUEUED, AROUND, True, id="one that waits for its turn"),
        pytest.param(Phase.AWAITING, AROUND, False, id="nobody has approved it yet"),
        pytest.param(Phase.QUEUED, BACK, False, id="by Git it would wait as well"),
        pytest.param(
            Phase.QUEUED, replace(AROUND, services=("batch",)), False, id="of something else"
        ),
    ],
)
def test_what_gives_way(phase, request_, gives):
    other = replace(operation(phase, request=request_), id="D-5000")
    assert (other if gives else None) == gives_way(waiting(), [waiting(), other])


@pytest.mark.parametrize(
    ("shown", "how", "expected"),
    [
        pytest.param(
            waiting(),
            Insistence.AROUND,
            replace(BACK, version="core-stage-ba01", by_argocd=True),
            id="around, to what was shown",
        ),
        pytest.param(
            waiting(replace(OPEN, hooks=("Job/a",))),
            Insistence.AROUND,
            replace(BACK, version="core-stage-ba01", by_argocd=True, without_hooks=True),
            id="around, with the hooks named",
        ),
        pytest.param(
            waiting(
                WayAround(Offer.OPEN, {"batch": "b", "core": "c"}),
                replace(BACK, services=("batch", "core")),
            ),
            Insistence.AROUND,
            replace(BACK, services=("batch", "core"), by_argocd=True),
            id="around, of two that have tags of their own",
        ),
        pytest.param(waiting(BARRED), Insistence.AROUND, None, id="barred"),
        pytest.param(
            waiting(replace(OPEN, offer=Offer.NOBODY_CONFIRMED)),
            Insistence.AROUND,
            None,
            id="nobody may",
        ),
        pytest.param(waiting(phase=Phase.CANCELLED), Insistence.AROUND, None, id="cancelled"),
        pytest.param(waiting(phase=Phase.REFUSED), Insistence.AROUND, ..., id="refused since"),
        pytest.param(waiting(), Insistence.WITHOUT_HOOKS, None, id="no hooks are in the way"),
        pytest.param(waiting(), Insistence.ANYWAY, None, id="no foreign value"),
        pytest.param(
            operation(Phase.LIVE, request=BACK), Insistence.AROUND, None, id="it went live"
        ),
        pytest.param(
            waiting(request=REQUEST), Insistence.AROUND, None, id="a deploy goes nowhere back"
        ),
        pytest.param(
            waiting(request=replace(BACK, override=True)),
            Insistence.AROUND,
            replace(BACK, version="core-stage-ba01", by_argocd=True),
            id="a broken glass is not asked for anew",
        ),
    ],
)
def test_what_is_insisted_on(shown, how, expected):
    found = insisted(shown, how)
    assert (found is not None) if expected is ... else expected == found


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        pytest.param(("core",), replace(BACK, version="v1"), id="one service"),
        pytest.param(("batch", "core"), None, id="of two each is named by itself"),
    ],
)
def test_a_foreign_value_is_taken_back_by_naming_the_version(services, expected):
    foreign = Problem(Reason.FOREIGN_VALUE, {"service": "core", "back": "v1"})
    shown = operation(Phase.REFUSED, request=replace(BACK, services=services), problem=foreign)
    assert expected == insisted(shown, Insistence.ANYWAY)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(BACK, "/rollback core stage", id="plain"),
        pytest.param(
            replace(BACK, version="v1", by_argocd=True, without_hooks=True, reason="it is slow"),
            "/rollback core stage v1 by argocd without hooks because it is slow",
            id="all of it",
        ),
    ],
)
def test_how_it_is_typed(request_, expected):
    assert expected == typed(request_)
