"""The catalog of a document."""

from collections.abc import Iterable, Iterator

from bot.config import models
from bot.config.pieces import Pieces, Report
from bot.config.targets import TargetOf
from bot.domain.catalog import Catalog, Environment, Instance, Target


def build(pieces: Pieces, report: Report) -> Catalog:
    """Return the catalog; it is whole only if the report then holds no problem."""
    targets = {(each.service, each.environment): each for each in _targets(pieces, report)}
    _warn_of_shared_places(targets.values(), report)
    return Catalog(
        environments={name: _environment(name, pieces) for name in pieces.environments},
        services=pieces.names("services"),
        targets=targets,
        instances={name: Instance(name, each.url) for name, each in pieces.instances.items()},
    )


def _environment(name: str, pieces: Pieces) -> Environment:
    piece = pieces.environments[name]
    default = pieces.slack.channels.deploys if pieces.slack else ""
    return Environment(
        name=name,
        channel=piece.channel or default,
        deadline=models.duration(piece.deadline),
        after=piece.after,
        allow=frozenset(piece.allow),
    )


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
