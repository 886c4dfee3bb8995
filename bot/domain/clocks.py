"""How far our clock is from those of others, by the dates of their answers. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

WORTH_TELLING = timedelta(seconds=30)
"""From here on it is told. GitHub refuses an App whose clock is 60 s ahead (PyGithub dates its JWT
so much back), and Slack's requests are refused by us from 300 s on."""

SLOWEST = 5.0
"""Seconds; a slower answer was dated who knows when."""

HALF_A_SECOND = timedelta(seconds=0.5)  # the header has whole seconds, cut off


def skew(date: str, now: datetime, seconds: float) -> timedelta | None:
    """Return how far *now*, on our clock, is ahead of who dated an answer; None: unknown.

    *date* is the header of that name, *now* the moment the answer was there, *seconds* how long it
    took.

    Source: https://www.rfc-editor.org/rfc/rfc9110#name-date
    """
    if not date or seconds > SLOWEST:
        return None
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    if theirs.tzinfo is None:  # "-0000": a time in UTC of who knows where
        theirs = theirs.replace(tzinfo=UTC)
    return now - timedelta(seconds=seconds / 2) - (theirs + HALF_A_SECOND)


def is_off(by: timedelta) -> bool:
    """Tell whether clocks that differ *by* so much are worth telling of."""
    return abs(by) >= WORTH_TELLING
