"""What a way around Git is judged by, in the nouns of every other change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.catalog import Target
from bot.domain.checks import NotAsked
from bot.domain.facts import ImageAbsent, ImageFound, RunsNow, TargetFacts
from bot.domain.operations import Change, Plan
from bot.domain.stops.holds import Held, of_target
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.operations.emergency.around import Ways
from bot.operations.gathering.gathered import Aim
from bot.operations.gathering.target_facts import absent

NOT_COMPARED = Unknown("a rollback by Argo CD does not compare commits")
NOT_SEEN = Unknown("the application could not be read")
Image = ImageFound | ImageAbsent | Unknown


def facts_of(
    target: Target,
    homes: tuple[str, ...],
    ways: Ways,
    images: Mapping[str, Image],
    locks: tuple[Lock, ...],
    holds: Sequence[Held],
) -> TargetFacts:
    """Return the facts of *target*; *images* are those it goes back to, by service.

    What Git says is what Argo CD has seen of it. Whatever stands in the entry of its history was
    here before.
    """
    blank = replace(
        absent(target.service, target.environment, homes),
        image_repository=target.image,
        source=target.source,
        locks=locks,
        holds=of_target(holds, target.name),
    )
    way = ways.ways.get(target.service)
    if way is None or ways.seen is None:
        tag = Unknown(str(ways.away)) if ways.away else NOT_SEEN
        return replace(blank, tag=tag, in_git=tag, runs=tag, ran_here=tag)
    return replace(
        blank,
        commit=NOT_COMPARED,
        tag=way.new,
        checks=NotAsked(),
        image=images[target.service],
        in_git=way.old,
        runs=RunsNow(way.running, ways.seen.health.value, ways.seen.sync.value),
        before=NOT_COMPARED,
        ancestry=NOT_COMPARED,
        ran_here=True,
    )


def aims_of(ways: Ways) -> dict[str, Aim]:
    """Return what each target shall come to, by service."""
    return {
        service: Aim(way.new, None, way.undoes, old=way.old) for service, way in ways.ways.items()
    }


def plan_of(targets: Sequence[Target], aims: Mapping[str, Aim]) -> Plan:
    """Return what will be done without a commit; each target has its aim."""
    changes = (
        Change(
            service=target.service,
            file=target.location.file,
            old=aims[target.service].old,
            new=aims[target.service].tag,
            blob="",
            undoes=aims[target.service].undoes,
        )
        for target in targets
    )
    where = targets[0].location
    return Plan(where.repo, where.branch, "", "", "", targets[0].source, tuple(changes))
