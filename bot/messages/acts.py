"""What people and machines did that belongs to no operation, as ``/ship history`` tells it."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.domain.history import Noted
from bot.domain.problems import Problem, Reason
from bot.domain.stops.holds import WHOLE
from bot.messages.problems import say
from bot.messages.spans import Bold, Code, Line, Moment, Person, Span, code, line, quoted

WORDS: Mapping[str, str] = {
    "locked": "🔒 Locked",
    "stolen": "🔒 Lock taken from another",
    "unlocked": "🔓 Unlocked",
    "lock_expired": "🔓 Lock ended",
    "frozen": "❄️ Frozen",
    "unfrozen": "🌤️ Unfrozen",
    "held": "✋ Held",
    "released": "👐 Released",
    "came_back": "↩️ Came back although it is held",
    "linked": "🔗 Account linked",
    "unlinked": "🔗 Account no longer linked",
    "auto_sync_off": "⏸️ Auto-sync switched off by a rollback",
    "auto_sync_on": "▶️ Auto-sync on again",
    "auto_sync_switched": "⏯️ Auto-sync changed by somebody",
    "rollout": "🚦 Rollout moved",
    "drift_found": "🧭 Drift",
    "drift_gone": "🧭 Drift gone",
    "drift_acknowledged": "🧭 Drift acknowledged",
    "drift_snoozed": "🧭 Drift snoozed",
    "drift_sync": "🧭 Sync asked for",
    "foreign_sync": "🔄 Synced without us",
    "foreign_sync_failed": "❌ Sync failed, not ours",
    "manual_sync": "🔄 Synced by hand",
    "degraded": "❌ Degraded",
    "recovered": "✅ Recovered",
    "ci_rerun": "🔁 CI run again",
    "ci_muted": "🔕 CI muted",
    "ci_unmuted": "🔔 CI no longer muted",
    "forgot": "🗄️ Older history deleted",
    "refused": "⛔ Refused",
}
"""By the name of the deed. What has no words here is told by its name."""

UNSAID = frozenset({"account", "was_account", "team", "plan", "report", "state", "restarted"})
"""Details that are for a machine."""

ALL = "*"
WISH = "wish"
_REASONS = frozenset(Reason)
_PEOPLE = frozenset({"owner", "from", "by"})
_REASON, _UNTIL = "reason", frozenset({"until", "end"})
LONGEST_DETAIL = 120


def act(noted: Noted) -> Iterator[Span]:
    """Yield what was done, when, to what and by whom, and then why."""
    yield Bold(said(noted.what))
    subject = Code(_subject(noted))
    if problem := _refused(noted):
        wish = noted.detail.get(WISH, "something").replace("_", " ")
        yield from line(
            ", ", Moment(noted.at), ": ", Person(noted.by), f" asked to {wish} ", subject
        )
        yield from line("\n", *say(problem).what)
        return
    yield from line(", ", Moment(noted.at), ": ", subject, " by ", Person(noted.by))
    details = [
        _detail(name, value)
        for name, value in noted.detail.items()
        if _is_shown(name) and (name, value) != ("tag", WHOLE)
    ]
    for place, one in enumerate(details):
        yield from line(", " if place else "\n", *one)
    if reason := noted.detail.get(_REASON):
        yield from line("\nbecause: ", quoted(reason, LONGEST_DETAIL))


def said(what: str) -> str:
    """Return the words for what was done."""
    return WORDS.get(what, what.replace("_", " ").capitalize())


def _refused(noted: Noted) -> Problem | None:
    """Return why it was refused, where it was and that is known."""
    why = noted.detail.get(_REASON) or noted.detail.get("why")
    if noted.what != "refused" or why not in _REASONS:
        return None
    facts = {name: value for name, value in noted.detail.items() if name not in {_REASON, WISH}}
    return Problem(Reason(why), facts)


def _subject(noted: Noted) -> str:
    named, slash, where = noted.subject.rpartition("/")
    return f"everything/{where}" if slash and named == ALL else noted.subject


def _is_shown(name: str) -> bool:
    return name not in UNSAID and name != _REASON


def _detail(name: str, value: str) -> Line:
    label = name.replace("_", " ")
    if name in _PEOPLE:
        return line(f"{label} ", Person(value))
    if name in _UNTIL and (moment := _moment(value)):
        return line(f"{label} ", moment)
    if name == "operation":
        return line(Code(value))
    if name in {"tag", "commit", "revision"}:
        return line(f"{label} ", code(value))
    return line(f"{label}: ", quoted(value, LONGEST_DETAIL))


def _moment(text: str) -> Moment | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Moment(found) if found.tzinfo is not None else None
