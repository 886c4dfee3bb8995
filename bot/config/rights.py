"""Rights and approvals of a document, and everything in them that leads nowhere."""

from collections.abc import Iterator

from bot.config.pieces import Pieces, Report, section
from bot.config.policies import Permissions as Piece
from bot.config.problems import Path
from bot.config.values import LONGEST_WAIT, duration
from bot.domain.approval_rule import ApprovalRule
from bot.domain.rights import Action, Grant, Permissions

APPROVE = Action.APPROVE.value


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
    teams = piece.from_
    if teams is None and pieces.permissions and pieces.permissions.approve:
        teams = pieces.permissions.approve.get(name)
    if not teams and "permissions" not in pieces.broken and not _by_service(name, pieces):
        message = "asks for approval that nobody may give"
        report.at_key(path, message, "name GitHub teams in `from`")
    return ApprovalRule(
        piece.count,
        frozenset(teams or ()),
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
