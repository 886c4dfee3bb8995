import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.drift.items import (
    AutoSyncOff,
    Behind,
    DriftKind,
    Item,
    MovingTag,
    OutOfSync,
    Stale,
    Told,
    Unreadable,
    Unwell,
    WrongImage,
)
from bot.domain.drift.reporting import (
    UNWELL_AFTER,
    Replied,
    Reply,
    Row,
    gone,
    is_due,
    is_same,
    loud,
    marked,
    ordered,
    tallies,
)
from bot.operations.sql.codec import dump, load
from tests.builders import NOON
from tests.domain.drift.ground import CATALOG, DAY, row

WHATS = (
    Unwell("Degraded", "why"),
    WrongImage(("a",), "b"),
    OutOfSync(("Deployment/core",), 1),
    AutoSyncOff(),
    Stale(NOON),
    Unreadable("no answer"),
    MovingTag("latest", in_git=True),
    Behind("stage", "a", "b", "acme/core", "a" * 40, "b" * 40),
)

items = st.builds(
    Item,
    environment=st.sampled_from(["stage", "prod", "gone"]),
    subject=st.sampled_from(["core", "web", "core-prod"]),
    services=st.sampled_from([("core",), ("web",), ("core", "web")]),
    what=st.sampled_from(WHATS),
)
all_rows = st.lists(
    st.builds(
        Row,
        st.integers(1, 99),
        items,
        st.integers(0, 40).map(lambda days: NOON - timedelta(days=days)),
    ),
    unique_by=lambda one: one.item.key,
    max_size=12,
)


def test_every_kind_is_told_apart_when_it_is_stored():
    assert set(DriftKind) == {what.kind for what in WHATS}
    for what in WHATS:
        item = Item("prod", "core", ("core",), what)
        assert item == load(Item, dump(Item, item))


@settings(max_examples=60, deadline=None)
@given(all_rows, st.randoms())
def test_the_order_is_by_place_weight_and_age_whatever_came_first(rows, chance):
    expected = ordered(rows, CATALOG)
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert expected == ordered(shuffled, CATALOG)
    for one, other in itertools.pairwise(expected):
        if one.item.environment == other.item.environment:
            assert one.item.kind.weight <= other.item.kind.weight
            if one.item.kind is other.item.kind:
                assert one.since <= other.since
    places = [one.item.environment for one in expected if one.item.environment != "gone"]
    assert places == sorted(places, key=["prod", "stage"].index)


@settings(max_examples=60, deadline=None)
@given(all_rows, all_rows)
def test_what_was_told_is_there_still_or_gone_or_unclear(before, after):
    last = [Told(one.item.key, one.item.services) for one in before]
    now = [one.item for one in after]
    over = gone(last, now)
    standing = {one.key for one in now}
    assert {one.key for one in over}.isdisjoint(standing)
    unread = [one for one in now if one.kind is DriftKind.UNREADABLE]
    for told in last:
        hidden = told.kind is not DriftKind.UNREADABLE and any(
            one.environment == told.environment and set(one.services) & set(told.services)
            for one in unread
        )
        assert (told in over) is (told.key not in standing and not hidden)
    new = {one.item.key for one in marked(after, last) if one.new}
    assert new == standing - {one.key for one in last}


def test_at_the_first_report_nothing_is_new():
    assert not marked([row()], None)[0].new


def test_what_nobody_can_read_is_not_gone():
    last = [Told("unwell/prod/core-prod", ("core",)), Told("unwell/prod/web-prod", ("web",))]
    away = Item("prod", "core-prod", ("core",), Unreadable("no answer"))
    assert ["web-prod"] == [one.subject for one in gone(last, [away])]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param(NOON - UNWELL_AFTER, True, id="long"),
        pytest.param(NOON - UNWELL_AFTER + timedelta(seconds=1), False, id="not long yet"),
    ],
)
def test_what_is_unwell_is_told_when_it_lasts(since, expected):
    assert expected is is_due(row(since=since), NOON)


@pytest.mark.parametrize(
    ("replied", "hushed"),
    [
        pytest.param(None, False, id="nobody said anything"),
        pytest.param(
            Replied(Reply.ACKNOWLEDGED, "U0A", NOON, NOON + DAY, "ok"), True, id="until later"
        ),
        pytest.param(Replied(Reply.SNOOZED, "U0A", NOON - DAY, NOON), False, id="it is over now"),
        pytest.param(Replied(Reply.SYNCED, "U0A", NOON), False, id="a sync keeps nothing quiet"),
    ],
)
def test_what_people_keep_quiet(replied, hushed):
    shown, quiet = loud([row(replied=replied)], NOON)
    assert (not hushed, hushed) == (bool(shown), bool(quiet))


@pytest.mark.parametrize(
    ("missing", "extra", "expected"),
    [(0, 0, True), (1, 0, False), (0, 1, False), (None, None, False)],
)
def test_only_a_comparison_can_say_that_both_are_the_same(missing, extra, expected):
    what = replace(WHATS[-1], missing=missing, extra=extra)
    assert expected is is_same(Item("prod", "core", ("core",), what))


def test_tallies_tell_unknown_from_drifted():
    unread = Item("prod", "Argo CD", ("core",), Unreadable("away"))
    (prod, stage) = tallies(["prod", "stage"], [row(1), row(2, item=unread)], [row(3)])
    assert (1, 1, 1) == (prod.drifted, prod.unread, prod.quiet)
    assert (0, 0, 0) == (stage.drifted, stage.unread, stage.quiet)
