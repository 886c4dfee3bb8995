"""What the doctor says of each finding, and what mends it: plain text for a terminal."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bot.domain.doctor import Area, Finding, State
from bot.domain.problems import Reason
from bot.domain.symptoms import Symptom
from bot.messages.doctor_words import ROLE, UNADVISED, WORDS
from bot.messages.escape import clean

LONGEST = 400
"""Characters of one sentence; what systems say of themselves is cut before."""

DETAIL = 200

UNTOLD = "(untold)"

_WHY_NOT = {
    Reason.HYDRATED: "its manifests are hydrated",
    Reason.ROLLED_BY_SET: "its ApplicationSet rolls out by itself",
    Reason.REVERTED_BY_SET: "its ApplicationSet would undo it at once",
    Reason.REVERTED_BY_PARENT: "its app of apps would undo it",
    Reason.NO_UPDATE_RIGHT: "the token has no `update`, which switches auto-sync off",
    Reason.APP_FORBIDDEN: "the token has no `sync`",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One finding in words. *mend* and *where* (a line or a variable) are empty if all is well."""

    state: State
    area: Area
    subject: str
    what: str
    mend: str
    where: str


Places = Callable[[Finding], str]
"""Returns where a finding is mended: ``shipmate.yaml:12 gitops.branch``, a variable, or empty."""


def row(finding: Finding, place: Places) -> Row:
    """Return the words of *finding*; outside text in it cannot move the terminal's cursor."""
    what, mend = WORDS[finding.symptom]
    facts = _facts(finding)
    where = "" if finding.state is State.OK else place(finding)
    return Row(
        finding.state,
        finding.area,
        clean(finding.subject, DETAIL),
        clean(what.format_map(facts), LONGEST),
        clean(mend.format_map(facts), LONGEST),
        where,
    )


class _Facts(dict[str, str]):
    """Facts by name. A doctor that trips over its own words would be of no use."""

    def __missing__(self, name: str) -> str:
        return UNTOLD


def _facts(finding: Finding) -> _Facts:
    facts = {name: clean(value, DETAIL) for name, value in finding.facts.items()}
    if finding.symptom is Symptom.LOGIN_LASTS:
        facts["for_days"] = f" for {facts['ends']} days" if facts.get("ends") else " for ever"
    if finding.symptom is Symptom.ROLLBACK_BARRED:
        facts["why"] = _WHY_NOT.get(Reason(finding.facts["why"]), finding.facts["why"])
    if finding.symptom in UNADVISED and not facts.get("advice"):
        subject = clean(finding.subject, DETAIL)
        facts["advice"] = UNADVISED[finding.symptom].format(subject=subject)
    facts.setdefault("where", finding.area.value)
    given = {
        "role": ROLE,
        "variable": finding.variable or "the environment",
        "subject": clean(finding.subject, DETAIL),
    }
    return _Facts({**given, **facts})


MARKS = {
    State.OK: "ok",
    State.WARN: "warn",
    State.PROBLEM: "PROBLEM",
    State.UNKNOWN: "unknown",
}


def told_once(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return *rows*; what mends several in a row alike stands at the last of them alone."""
    told = tuple(rows)
    return tuple(
        replace(one, mend="", where="") if _mends_alike(one, after) else one
        for one, after in zip(told, (*told[1:], None), strict=True)
    )


def _mends_alike(one: Row, after: Row | None) -> bool:
    return after is not None and (one.mend, one.where) == (after.mend, after.where)


def as_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield plain lines: each finding on one, what mends it on the next, and the sum at the end."""
    told = tuple(rows)
    widest = max((len(one.subject) for one in told), default=0)
    for one in told:
        head = f"{MARKS[one.state]:<8}{one.area.value:<11}{one.subject:<{min(widest, 44)}}"
        yield f"{head}  {one.what}\n"
        if one.mend:
            yield f"{'':8}→ {one.mend}{f' [{one.where}]' if one.where else ''}\n"
    yield f"{summary(told)}\n"


def as_json(findings: Iterable[Finding], place: Places) -> Iterator[str]:
    """Yield one JSON object a line; the names are a promise."""
    for finding in findings:
        told = row(finding, place)
        shown = {
            "state": told.state.value,
            "area": told.area.value,
            "subject": finding.subject,
            "code": finding.symptom.value,
            "what": told.what,
            "mend": told.mend,
            "where": told.where,
            "facts": dict(finding.facts),
        }
        yield json.dumps(shown, ensure_ascii=False) + "\n"


def summary(rows: Iterable[Row]) -> str:
    """Return how many findings there are of each state."""
    states = [one.state for one in rows]
    told = {state: states.count(state) for state in State}
    parts = [
        f"{told[State.OK]} ok",
        f"{told[State.WARN]} warned of",
        _many(told[State.PROBLEM], "problem"),
        f"{told[State.UNKNOWN]} unknown",
    ]
    return ", ".join(parts)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
