"""Which phase may follow which. The store refuses every other step."""

from bot.domain.operations import Phase

FOLLOWS: dict[Phase, frozenset[Phase]] = {
    Phase.RECEIVED: frozenset({Phase.CHECKING, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED}),
    Phase.CHECKING: frozenset(
        {Phase.AWAITING, Phase.QUEUED, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED}
    ),
    # Rejected, expired, void and superseded all end as refused; the problem says which.
    Phase.AWAITING: frozenset({Phase.QUEUED, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED}),
    Phase.QUEUED: frozenset({Phase.COMMITTING, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED}),
    Phase.COMMITTING: frozenset(
        {
            Phase.MERGING,
            Phase.FOLLOWING,
            Phase.LIVE,
            Phase.REFUSED,
            Phase.CANCELLED,
            Phase.FAILED,
        }
    ),
    Phase.MERGING: frozenset({Phase.FOLLOWING, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED}),
    Phase.FOLLOWING: frozenset({Phase.LIVE, Phase.FAILED}),
    Phase.LIVE: frozenset(),
    Phase.REFUSED: frozenset(),
    Phase.CANCELLED: frozenset(),
    Phase.FAILED: frozenset(),
}

CANCELLABLE_AT_ONCE = frozenset({Phase.RECEIVED, Phase.CHECKING, Phase.AWAITING, Phase.QUEUED})
"""Phases in which nothing can have been written outside, so a cancel ends the operation itself."""


CANCELLABLE = CANCELLABLE_AT_ONCE | {Phase.MERGING}
"""Phases in which a cancel is sure to be in time, or answered by GitHub's own state."""


def may_follow(now: Phase, then: Phase) -> bool:
    """Tell whether an operation in phase *now* may go on to *then*; staying is always allowed."""
    return now is then or then in FOLLOWS[now]
