"""Rights and approvals of a document, and everything in them that leads nowhere."""

from collections.abc import Iterator
from dataclasses import replace

from bot.config.pieces import Pieces, Report, section
from bot.config.policies import Approvals
from bot.config.policies import Permissions as Piece
from bot.config.problems import Path
from bot.config.values import LONGEST_WAIT, duration
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.environment_policy import AutoRollback
from bot.domain.rights import Action, Grant, Permissions

APPROVE = Action.APPROVE.value
UNGIVEN = "asks for approval that nobody may give"


def permissions_of(pieces: Pieces, report: Report) -> Permissions:
    """Return every right that the document gives; what is wrong with them goes to *report*.

    The teams in `approvals.from` of an environment hold the right to approve there.
    """
    grants = [*_grants(pieces.permissions, ("permissions",), None, pieces, report)]
    for service, piece in pieces.services.items():
        path = ("services", service, "permissions")
        grants += _grants(piece.permissions, path, service, pieces, report)
    for name, environment in pieces.environments.items():
        if environment.approvals is not None and environment.approvals.from_ is not None:
            grants.append(Grant(Action.APPROVE, name, frozenset(environment.approvals.from_)))
    _look_for_an_organization(grants, pieces, report)
    return Permissions(tuple(grants))


def approval_rule(name: str, pieces: Pieces, report: Report) -> ApprovalRule | None:
    """Return what approval the environment *name* asks, or None where it asks nobody."""
    piece = pieces.environments[name].approvals
    if piece is None or piece.count == 0:
        return None
    path = ("environments", name, "approvals")
    elsewhere = section(pieces.data, "permissions", APPROVE)
    if piece.from_ is not None and name in elsewhere:
        report.at_key((*path, "from"), f"stands in `permissions.{APPROVE}.{name}` too", "keep one")
    if not (teams := _approvers(name, piece, pieces)) and _is_known_for_nobody(name, pieces):
        report.at_key(path, UNGIVEN, "name GitHub teams in `from`")
    return _rule(piece, piece.count, teams)


def rollback_rule(
    name: str, pieces: Pieces, report: Report, approvals: ApprovalRule | None
) -> ApprovalRule | None:
    """Return what approval a rollback in *name* asks, where other changes ask *approvals*.

    Only the number of people is its own; the rest is as the environment's `approvals` say, even
    where these ask nobody.
    """
    environment = pieces.environments[name]
    count = environment.rollback.approvals if environment.rollback else None
    if count is None:
        return approvals
    if count == 0:
        return None
    if approvals is not None:
        return replace(approvals, count=count)
    piece = environment.approvals or Approvals()
    if not (teams := _approvers(name, piece, pieces)) and _is_known_for_nobody(name, pieces):
        path = ("environments", name, "rollback", "approvals")
        report.at_key(path, UNGIVEN, f"name GitHub teams in `permissions.{APPROVE}.{name}`")
    return _rule(piece, count, teams)


def auto_rollback(name: str, pieces: Pieces) -> AutoRollback | None:
    """Return how a failed change in *name* goes back by itself; None: it does not."""
    piece = pieces.environments[name].rollback
    if piece is None or not piece.auto:
        return None
    times = {"after": piece.after, "grace": piece.grace}
    return AutoRollback(**{key: duration(text) for key, text in times.items() if text is not None})


def _approvers(name: str, piece: Approvals, pieces: Pieces) -> frozenset[str]:
    """Return the teams of those who may say yes in *name*."""
    teams = piece.from_
    if teams is None and pieces.permissions and pieces.permissions.approve:
        teams = pieces.permissions.approve.get(name)
    return frozenset(teams or ())


def _is_known_for_nobody(name: str, pieces: Pieces) -> bool:
    return "permissions" not in pieces.broken and not _by_service(name, pieces)


def _rule(piece: Approvals, count: int, teams: frozenset[str]) -> ApprovalRule:
    return ApprovalRule(
        count,
        teams,
        self_ok=piece.self,
        authors_ok=piece.authors,
        expires=duration(piece.expires, LONGEST_WAIT),
    )


def _by_service(name: str, pieces: Pieces) -> bool:
    return any(
        piece.permissions and piece.permissions.approve and piece.permissions.approve.get(name)
        for piece in pieces.services.values()
    )


def _grants(
    piece: Piece | None, path: Path, service: str | None, pieces: Pieces, report: Report
) -> Iterator[Grant]:
    """Yield what is said of each action and environment; an empty list of teams is nobody."""
    known = pieces.names("environments")
    for action in Action:
        named: dict[str, list[str]] = (getattr(piece, action.value) or {}) if piece else {}
        for environment, teams in named.items():
            if environment not in known:
                where = (*path, action.value, environment)
                report.unknown_key(where, "environment", environment, known)
            yield Grant(action, environment, frozenset(teams), service)


def _look_for_an_organization(grants: list[Grant], pieces: Pieces, report: Report) -> None:
    if not any(grant.teams for grant in grants) or "github" in pieces.broken:
        return
    if pieces.github is None or pieces.github.org is None:
        where = "permissions" if pieces.permissions else "environments"
        report.at_key((where,), "names teams of no organization", "give `github: {org: …}`")
