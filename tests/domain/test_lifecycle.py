from itertools import product

import pytest

from bot.domain.lifecycle import CANCELLABLE_AT_ONCE, FOLLOWS, may_follow
from bot.domain.operations import ENDS, Phase


def test_every_phase_says_what_may_follow():
    assert set(Phase) == set(FOLLOWS)


@pytest.mark.parametrize(("end", "then"), list(product(sorted(ENDS), Phase)))
def test_nothing_follows_an_end(end, then):
    assert may_follow(end, then) is (end is then)


def test_an_end_can_be_reached_from_everywhere():
    for phase in set(Phase) - ENDS:
        assert may_follow(phase, Phase.FAILED)


def test_after_the_commit_nobody_can_claim_that_nothing_was_changed():
    for end in (Phase.REFUSED, Phase.CANCELLED):
        assert not may_follow(Phase.FOLLOWING, end)


def test_only_phases_before_the_commit_end_at_once_by_a_cancel():
    before = {Phase.RECEIVED, Phase.CHECKING, Phase.AWAITING, Phase.QUEUED}
    assert before == CANCELLABLE_AT_ONCE


def test_what_waits_for_approval_goes_into_the_line_or_ends_and_is_not_checked_anew():
    assert may_follow(Phase.CHECKING, Phase.AWAITING)
    assert {Phase.QUEUED, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED} == FOLLOWS[Phase.AWAITING]
    assert not may_follow(Phase.QUEUED, Phase.AWAITING)
