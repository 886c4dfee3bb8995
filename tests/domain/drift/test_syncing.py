from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.drift.syncing import Around, Bar, bar
from bot.domain.facts import Hold
from bot.domain.observation import OperationPhase, OperationState, Ordered, Sync, Windows
from bot.domain.stops.freezes import AdHocFreeze, Frozen
from bot.domain.stops.holds import WHOLE, Held
from bot.domain.stops.locks import Lock
from tests.builders import NOON
from tests.domain.drift.ground import OLD, TARGETS, seen
from tests.operations.people import ALICE, BOB

CORE = next(one for one in TARGETS if one.name == "core/prod")
OPEN, CLOSED = Windows(manual=True, automatic=True), Windows(False, False, "deny 0 22 * * * for 1h")
OUT = {"sync": Sync.OUT_OF_SYNC, "auto_sync": False}
FAILED = OperationState(OperationPhase.FAILED)


def lock(**changes):
    made = Lock(ALICE, frozenset({"core/prod"}), "we migrate", NOON - timedelta(hours=1))
    return replace(made, **changes)


def held(tag):
    return Held(1, "core/prod", Hold(tag, ALICE, "broken", NOON))


def judged(state=None, windows=OPEN, who=BOB, tag=OLD, **around):
    tags = {"core/prod": tag}
    observed = seen(CORE, **{**OUT, **(state or {})})
    found = bar(
        "core-prod", ["core/prod"], who, observed, windows, Around(tags=tags, **around), NOON
    )
    return None if found is None else found.bar


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param({}, None, id="nothing is against it"),
        pytest.param({"state": {"sync": Sync.SYNCED}}, Bar.IN_ORDER, id="it is as Git says"),
        pytest.param({"state": {"operation": Ordered()}}, Bar.UNDER_WAY, id="a sync was asked for"),
        pytest.param({"operation": "D-7"}, Bar.UNDER_WAY, id="an operation of ours"),
        pytest.param({"state": {"auto_sync": True}}, Bar.SYNCS_BY_ITSELF, id="auto-sync is on"),
        pytest.param(
            {"state": {"auto_sync": True, "operation_state": FAILED}}, None, id="and has given up"
        ),
        pytest.param({"windows": CLOSED}, Bar.WINDOW, id="a closed window"),
        pytest.param({"left_off_by": "D-7"}, Bar.LEFT_OFF, id="a rollback by Argo CD"),
        pytest.param({"locks": (lock(),)}, Bar.LOCKED, id="somebody's lock"),
        pytest.param({"locks": (lock(),), "who": ALICE}, None, id="one's own lock"),
        pytest.param({"locks": (lock(warn_only=True),)}, None, id="a lock that only warns"),
        pytest.param({"locks": (lock(until=NOON),)}, None, id="a lock that is over"),
        pytest.param(
            {"locks": (lock(targets=frozenset({"web/prod"})),)}, None, id="another's place"
        ),
        pytest.param({"holds": (held(OLD),)}, Bar.HELD, id="what Git says is held"),
        pytest.param({"holds": (held(WHOLE),)}, Bar.HELD, id="everything is held"),
        pytest.param({"holds": (held("9" * 40),)}, None, id="another version is held"),
        pytest.param(
            {"holds": (held(OLD),), "tag": None}, Bar.UNREAD, id="nobody knows what Git says"
        ),
        pytest.param({"tag": None}, None, id="and nothing is held"),
        pytest.param(
            {"frozen": Frozen((AdHocFreeze("prod", ALICE, "x", NOON),), None)},
            Bar.FROZEN,
            id="a freeze",
        ),
    ],
)
def test_what_is_against_a_sync(case, expected):
    assert expected is judged(**case)


def test_what_people_stopped_is_said_before_what_argocd_says():
    assert Bar.LOCKED is judged(locks=(lock(),), windows=CLOSED, state={"operation": Ordered()})
    assert Bar.LEFT_OFF is judged(locks=(lock(),), left_off_by="D-7")
