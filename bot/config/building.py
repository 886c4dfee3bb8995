"""The catalog of a document."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.config.change import Merger
from bot.config.models import Environment as Piece
from bot.config.pieces import Pieces, Report
from bot.config.rights import approval_rule, auto_rollback, permissions_of, rollback_rule
from bot.config.targets import TargetOf
from bot.config.values import LONGEST_WAIT, duration
from bot.domain.catalog import Catalog, Environment, Instance, Target
from bot.domain.environment_policy import EnvironmentPolicy, Way
from bot.domain.moving_tags import TagRule


def build(pieces: Pieces, report: Report) -> Catalog:
    """Return the catalog; it is whole only if the report then holds no problem."""
    targets = {(each.service, each.environment): each for each in _targets(pieces, report)}
    _warn_of_shared_places(targets.values(), report)
    permissions = permissions_of(pieces, report)
    return Catalog(
        environments={name: _environment(name, pieces, report) for name in pieces.environments},
        services=pieces.names("services"),
        targets=targets,
        instances={name: Instance(name, each.url) for name, each in pieces.instances.items()},
        permissions=permissions,
    )


def _environment(name: str, pieces: Pieces, report: Report) -> Environment:
    piece = pieces.environments[name]
    default = pieces.slack.channels.deploys if pieces.slack else ""
    approvals = approval_rule(name, pieces, report)
    production = piece.production
    if production is None:
        production = approvals is not None or name == pieces.names("environments")[-1]
    if not _somebody_may_deploy(name, pieces):
        hint = f"name GitHub teams in `permissions.deploy.{name}`"
        report.warn(("environments", name), f"nobody may deploy to {name}", hint)
    tags = piece.tags
    policy = EnvironmentPolicy(
        name,
        after=piece.after,
        soak=duration(piece.soak, LONGEST_WAIT) if piece.soak else timedelta(),
        approvals=approvals,
        rollback_approvals=rollback_rule(name, pieces, report, approvals),
        tags=TagRule(
            deny=tuple(tags.deny) if tags else (),
            require=tuple(tags.require) if tags else (),
            moving_ok=not production,
        ),
        freezes=tuple(each.rule() for each in piece.freeze or ()),
        diverged_ok=not production,
        change=_way(piece),
        auto_rollback=auto_rollback(name, pieces),
    )
    return Environment(
        name=name,
        channel=piece.channel or default,
        deadline=duration(piece.deadline),
        after=piece.after,
        production=production,
        rules=policy,
    )


def _way(piece: Piece) -> Way:
    pull = piece.change.pull_request if piece.change else None
    if pull is None:
        return Way.COMMIT
    return Way.OWN_PULL_REQUEST if pull.merge is Merger.BOT else Way.PULL_REQUEST


def _somebody_may_deploy(name: str, pieces: Pieces) -> bool:
    given = [pieces.permissions, *(piece.permissions for piece in pieces.services.values())]
    return any(each and each.deploy and each.deploy.get(name) for each in given)


def _targets(pieces: Pieces, report: Report) -> Iterator[Target]:
    """Yield the targets; a service that names no environments lives in all."""
    for service, piece in pieces.services.items():
        for env in pieces.names("environments"):
            if piece.environments is None or env in piece.environments:
                target = TargetOf(service, env, piece, pieces, report).build()
                yield from () if target is None else (target,)


def _warn_of_shared_places(targets: Iterable[Target], report: Report) -> None:
    first: dict[object, Target] = {}
    for target in targets:
        other = first.setdefault(target.location, target)
        if other is not target:
            report.warn(
                ("services", target.service),
                f"{other.name} and {target.name} are one place in Git",
                "a deploy to one is a deploy to the other",
            )
