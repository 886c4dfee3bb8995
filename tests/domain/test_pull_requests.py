from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.operations import Kind, Phase, Pull
from bot.domain.pull_requests import (
    LATEST,
    SOONEST,
    Closed,
    Conflicts,
    Merged,
    PullSeen,
    PullState,
    Taken,
    Waits,
    branch_of,
    judge,
    newer_in_line,
    next_look,
    operation_of,
)
from tests.builders import operation, request

OURS, THEIRS, ON_MAIN = "a" * 40, "b" * 40, "c" * 40
PULL = Pull(12, "https://github.com/x/y/pull/12", "shipmate/d-1-kkkkkkkk", OURS)
SEEN = PullSeen(12, PULL.url, PullState.OPEN, OURS, mergeable=True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, Waits(ready=False), id="open, and people merge it"),
        pytest.param({"mergeable": None}, Waits(ready=False), id="GitHub still works it out"),
        pytest.param({"mergeable": False}, Conflicts(), id="the base changed in the same lines"),
        pytest.param({"head": THEIRS}, Taken(THEIRS), id="somebody pushed"),
        pytest.param({"head": THEIRS, "mergeable": False}, Taken(THEIRS), id="they resolve it"),
        pytest.param({"state": PullState.CLOSED, "by": "bob"}, Closed("bob"), id="closed"),
        pytest.param(
            {"state": PullState.MERGED, "merged_as": ON_MAIN, "by": "bob", "head": THEIRS},
            Merged(ON_MAIN, "bob"),
            id="merged, with whatever was on it",
        ),
    ],
)
def test_what_it_has_come_to(changes, expected):
    assert expected == judge(replace(SEEN, **changes), PULL)


def test_the_bot_merges_only_its_own_commit():
    own = replace(PULL, by_bot=True)
    assert Waits(ready=True) == judge(SEEN, own)
    assert Taken(THEIRS) == judge(replace(SEEN, head=THEIRS), own)
    assert Conflicts() == judge(replace(SEEN, mergeable=False), own)


@given(st.timedeltas(timedelta(), timedelta(days=300)))
def test_pauses_grow_and_end(waited):
    assert SOONEST <= next_look(waited) <= LATEST
    assert next_look(waited) <= next_look(waited + timedelta(minutes=1))


def test_a_branch_is_read_back_to_its_operation():
    one = operation(id="D-4821", key="1f3a9c02" + "0" * 24)
    assert "shipmate/d-4821-1f3a9c02" == branch_of(one)
    assert "D-4821" == operation_of(branch_of(one)) == operation_of(f"refs/heads/{branch_of(one)}")


@given(st.text(max_size=40))
def test_no_other_branch_is_taken_for_ours(name):
    assert operation_of(name) is None or name.removeprefix("refs/heads/").startswith("shipmate/d-")


WAITS = operation(id="D-5", phase=Phase.MERGING)


@pytest.mark.parametrize(
    ("changes", "gives_way"),
    [
        pytest.param({}, True, id="newer and in line"),
        pytest.param({"id": "D-4"}, False, id="older"),
        pytest.param({"phase": Phase.AWAITING}, False, id="not approved yet"),
        pytest.param({"request": request(environment="prod")}, False, id="elsewhere"),
        pytest.param({"request": request(services=("batch",))}, False, id="another service"),
        pytest.param({"request": request(services=("batch", "core"))}, True, id="shares one"),
    ],
)
def test_it_gives_way_to_what_was_asked_for_later(changes, gives_way):
    other = replace(operation(id="D-6", phase=Phase.QUEUED), **changes)
    assert (other if gives_way else None) == newer_in_line(WAITS, [WAITS, other])


@pytest.mark.parametrize(("kind", "gives_way"), [(kind, kind is Kind.ROLLBACK) for kind in Kind])
def test_what_is_brought_out_gives_way_to_a_rollback_alone(kind, gives_way):
    rolls_out = operation(id="D-5", phase=Phase.FOLLOWING)
    other = operation(id="D-6", phase=Phase.QUEUED, request=request(kind=kind))
    assert (other if gives_way else None) == newer_in_line(rolls_out, [rolls_out, other])


def test_a_rollback_on_its_way_gives_way_to_nobody():
    goes_back = request(kind=Kind.ROLLBACK)
    first = operation(id="D-5", phase=Phase.FOLLOWING, request=goes_back)
    second = operation(id="D-6", phase=Phase.QUEUED, request=goes_back)
    assert newer_in_line(first, [first, second]) is None
