"""What an operation writes into Git: the new bytes of its files, and the words of its commit."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.adapters.gitops import Snapshot
from bot.domain.catalog import Catalog, Target
from bot.domain.operations import Change, Operation, Plan
from bot.domain.planning import (
    Edits,
    headline,
    message_body,
    moved,
    named_as,
    one_line,
    plan_edits,
)
from bot.domain.problems import Problem, Reason
from bot.domain.rights import NOBODY
from bot.operations.deploy.recheck import Permit
from bot.operations.gathering.facts import texts_of

KEY_TRAILER = "Shipmate-Key"
"""The trailer our commit is recognised by. Operation ids begin anew with a new database, these
keys never repeat."""


def key_line(operation: Operation) -> str:
    """Return the line of a message that only the operation's own commit has."""
    return f"{KEY_TRAILER}: {operation.key}"


def edits_on(
    operation: Operation, snapshot: Snapshot, catalog: Catalog, permit: Permit
) -> Edits | Problem:
    """Return the plan as edits of *snapshot*, or why its files are no longer those of the plan."""
    plan = operation.plan
    assert plan is not None
    edits = plan_edits(_tags(operation, plan, catalog), texts_of(snapshot))
    if isinstance(edits, Problem):
        return edits
    edits = replace(edits, changes=named_as(plan.changes, edits.changes))
    return _moved(plan, edits, permit) or edits


def commit_words(
    operation: Operation, changes: Iterable[Change], permit: Permit
) -> tuple[str, str]:
    """Return the first line of the commit's message and the rest of it."""
    made, request = tuple(changes), operation.request
    title = headline(made, request.environment, request.kind)
    return title, message_body(made, _trailers(operation, permit), request.reason)


def _tags(operation: Operation, plan: Plan, catalog: Catalog) -> Mapping[Target, str]:
    tags = {}
    for change in plan.changes:
        target = catalog.target(change.service, operation.request.environment)
        if target is not None:
            tags[target] = change.new
    return tags


def _moved(plan: Plan, edits: Edits, permit: Permit) -> Problem | None:
    """Return why the files are no longer those of the plan. What was approved may not differ."""
    if permit.bound and edits.changes != plan.changes:
        return Problem(Reason.PLAN_MOVED, {"moved": "blobs"})
    return moved(plan.changes, edits.changes)


def _trailers(operation: Operation, permit: Permit) -> list[tuple[str, str]]:
    """Return the trailers of the commit: what it is, who asked, who approved, or who broke in."""
    request = operation.request
    who = permit.requester
    login = f" ({who.github.login})" if who and who != NOBODY else ""
    trailers = [
        ("Shipmate-Operation", operation.id),
        (KEY_TRAILER, operation.key),
        ("Requested-by", f"{one_line(request.requester)}{login}"),
        *(("Approved-by", login) for login in permit.approved_by),
    ]
    changes = operation.plan.changes if operation.plan else ()
    undone = sorted({one.undoes for one in changes if one.undoes})
    trailers += [("Shipmate-Undoes", one) for one in undone]
    if request.override:
        trailers.append(("Shipmate-Override", request.reason or ""))
    return trailers
