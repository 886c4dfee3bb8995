"""The history as rows for a shell, a spreadsheet and a program: ``shipmate history``.

The columns are a promise: a new one may come at the end, none changes its meaning.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.approving.approvals import Approval, Decision, Override, Rejection
from bot.domain.history import Item, Noted, Told
from bot.domain.operations import Operation
from bot.messages.escape import clean

COLUMNS = (
    "at",
    "kind",
    "what",
    "id",
    "services",
    "environment",
    "by",
    "login",
    "action",
    "version",
    "old",
    "new",
    "commit",
    "reason",
    "detail",
)
"""Of the CSV: a row for each thing that happened, so an operation has several."""

HEADS = ("WHEN (UTC)", "ID", "WHAT", "TO", "VERSION", "BY", "CAME TO")
WIDEST = 44
NOTHING = "Nothing is known to have happened there."

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""


def as_csv(items: Iterable[Item], logins: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a CSV file, its head first. *logins* are GitHub's, by Slack user id."""
    yield _csv(COLUMNS)
    for item in items:
        for row in reversed(tuple(_rows(item, logins))):
            yield _csv(row)


def as_json(items: Iterable[Item], logins: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of one JSON list, an entry on each."""
    before = "["
    for item in items:
        yield f"{before}\n{json.dumps(_entry(item, logins), ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def as_lines(items: Iterable[Item], logins: Mapping[str, str]) -> Iterator[str]:
    """Yield one JSON object a line, an entry each."""
    for item in items:
        yield json.dumps({"event": "entry", **_entry(item, logins)}, ensure_ascii=False) + "\n"


def as_table(items: Iterable[Item], logins: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a table for people, one for each entry."""
    entries = [_line(item, logins) for item in items]
    if not entries:
        yield f"{NOTHING}\n"
        return
    rows = [HEADS, *entries]
    rows = [tuple(_short(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip() + "\n"


def unknown(option: str, name: str, perhaps: Iterable[str]) -> str:
    """Say that neither the history nor the configuration knows the *name* behind *option*."""
    near = " or ".join(f"{option} {one}" for one in perhaps)
    advice = f"Perhaps {near}?" if near else "Leave it out to see everything."
    return f"{option} {name}: neither the history nor shipmate.yaml knows that name. {advice}"


# rows of a spreadsheet


def _rows(item: Item, logins: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield what happened, oldest first."""
    if isinstance(item, Noted):
        detail = dict(item.detail)
        yield _row(
            at=_iso(item.at),
            kind="act",
            what=item.what,
            id=f"A-{item.number}",
            services=" ".join(item.services),
            environment=item.environment or "",
            by=item.by,
            login=detail.get("login") or logins.get(item.by, ""),
            action=detail.pop("wish", ""),
            version=detail.pop("tag", ""),
            commit=detail.pop("commit", ""),
            reason=detail.pop("reason", ""),
            detail=_facts({"subject": item.subject, **detail}),
        )
        return
    operation = item.operation
    for entry in item.timeline:
        detail = dict(entry.detail)
        asked = entry.what == "received"
        yield _row(
            at=_iso(entry.at),
            kind="operation",
            what=entry.what,
            id=operation.id,
            services=" ".join(operation.request.services),
            environment=operation.request.environment,
            by=entry.by,
            login=detail.get("login") or logins.get(entry.by, ""),
            action=operation.request.kind.value,
            version=operation.request.version,
            old=" ".join(_old(operation)),
            new=" ".join(_new(operation)),
            commit=operation.written.sha if operation.written is not None else "",
            reason=detail.pop("reason", "") or (operation.request.reason if asked else "") or "",
            detail=_facts(detail),
        )


def _row(**cells: str) -> tuple[str, ...]:
    return tuple(cells.get(name, "") for name in COLUMNS)


def _facts(detail: Mapping[str, str]) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True) if detail else ""


def _csv(row: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(map(_inert, row))
    return line.getvalue()


def _inert(cell: str) -> str:
    """Return *cell* as text that no spreadsheet computes: with a quote in front where it might."""
    cell = cell.replace("\0", "")
    blank = len(cell) - len(cell.lstrip())
    return f"'{cell}" if any(one in _FORMULA for one in cell[: blank + 1]) else cell


# entries for a program


def _entry(item: Item, logins: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(item, Noted):
        return {
            "kind": "act",
            "id": f"A-{item.number}",
            "at": _iso(item.at),
            "what": item.what,
            "by": item.by,
            "login": logins.get(item.by),
            "subject": item.subject,
            "services": list(item.services),
            "environment": item.environment,
            "detail": dict(item.detail),
        }
    one = item.operation
    return {
        "kind": "operation",
        "id": one.id,
        "at": _iso(one.requested_at),
        "what": one.request.kind.value,
        "by": one.request.requester,
        "login": logins.get(one.request.requester),
        "services": list(one.request.services),
        "environment": one.request.environment,
        "version": one.request.version,
        "reason": one.request.reason,
        "override": one.request.override,
        "phase": one.phase.value,
        "ended_at": None if one.ended_at is None else _iso(one.ended_at),
        "problem": None
        if one.problem is None
        else {"reason": one.problem.reason.value, "facts": dict(one.problem.facts)},
        "changes": [
            {"service": each.service, "file": each.file, "old": each.old, "new": each.new}
            for each in (one.plan.changes if one.plan is not None else ())
        ],
        "commit": None if one.written is None else one.written.sha,
        "decisions": [_decided(each) for each in item.decided],
        "timeline": [
            {"at": _iso(each.at), "by": each.by, "what": each.what, "detail": dict(each.detail)}
            for each in item.timeline
        ],
    }


def _decided(decision: Decision) -> dict[str, str]:
    return {
        "at": _iso(decision.at),
        "by": decision.by.slack,
        "login": decision.by.github.login,
        "verdict": _verdict(decision),
        "reason": "" if isinstance(decision, Approval) else decision.reason,
    }


def _verdict(decision: Decision) -> str:
    match decision:
        case Approval():
            return "approve"
        case Rejection():
            return "reject"
        case Override():
            return "override"


# lines for people


def _line(item: Item, logins: Mapping[str, str]) -> tuple[str, ...]:
    if isinstance(item, Noted):
        reason = item.detail.get("reason") or item.detail.get("why") or ""
        at, by = f"{item.at.astimezone(UTC):%Y-%m-%d %H:%M}", _name(item.by, logins)
        version = item.detail.get("tag", "")
        what = item.what.replace("_", " ")  # without a picture: those have no certain width
        return (at, f"A-{item.number}", what, item.subject, version, by, reason)
    one = item.operation
    return (
        f"{one.requested_at.astimezone(UTC):%Y-%m-%d %H:%M}",
        one.id,
        one.request.kind.value,
        f"{','.join(one.request.services)}/{one.request.environment}",
        ",".join(_new(one)) or one.request.version,
        _name(one.request.requester, logins),
        _end(item),
    )


def _end(told: Told) -> str:
    one = told.operation
    why = f": {one.problem.reason.value}" if one.problem is not None else ""
    yes = [each.by.github.login for each in told.decided if isinstance(each, Approval)]
    return f"{one.phase.value}{why}" + (f", approved by {', '.join(yes)}" if yes else "")


def _name(user: str, logins: Mapping[str, str]) -> str:
    return f"{user} ({logins[user]})" if user in logins else user


def _old(operation: Operation) -> Iterator[str]:
    for each in operation.plan.changes if operation.plan is not None else ():
        yield each.old or "(none)"


def _new(operation: Operation) -> Iterator[str]:
    for each in operation.plan.changes if operation.plan is not None else ():
        yield each.new


def _short(cell: str) -> str:
    return clean(cell, WIDEST)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
