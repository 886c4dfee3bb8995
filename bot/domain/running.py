"""What runs at a target, and what that says: which commit it is, and since when it is healthy."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.catalog import Catalog, Target
from bot.domain.images import same_repository, tags_of
from bot.domain.observation import Health, Observation, Sync
from bot.domain.planning import SHA, Version
from bot.domain.tags import TagTemplate

RELEASE = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(?![0-9A-Za-z])")
"""How the name of a release begins."""


_VERSION = re.compile(r"\{(?:sha(?::\d+)?|version)\}")


def running_tags(
    images: Sequence[str], target: Target, neighbours: Iterable[Target] = ()
) -> tuple[str, ...]:
    """Return the tags of the target's image among *images*, sorted.

    *neighbours* are targets of the same application and image: a tag that only one of them would
    write is theirs. So is one of before our time that looks like theirs: ``batch-stage-ba01``.
    """
    others = tuple(neighbours)
    return tuple(tag for tag in tags_of(images, target.image) if _may_be_of(target, others, tag))


def _may_be_of(target: Target, others: Iterable[Target], tag: str) -> bool:
    for fits in (_wrote, _looks_like):
        if any(fits(target, template, tag) for template in target.tags):
            return True
        if any(fits(other, template, tag) for other in others for template in other.tags):
            return False
    return True


def revision_of(tag: str, target: Target) -> str | None:
    """Return the Git revision that *tag* names by the target's templates, or None.

    It is 7 to 40 digits of a SHA, or a release such as ``v1.2.3``, which is a Git tag: any other
    name could be a branch's. A template with a SHA goes first, for ``{version}`` alone fits
    everything.
    """
    for names in (([target.service], [target.environment]), ([], [])):
        for template in sorted(target.tags, key=lambda one: not one.needs_sha):
            parts = template.read(tag, services=names[0], environments=names[1])
            if parts is not None and parts.sha is not None and SHA.fullmatch(parts.sha):
                return parts.sha
            if parts is not None and parts.sha is None and RELEASE.match(parts.version or ""):
                return parts.version
    return None


def renderings(target: Target, version: Version) -> frozenset[str]:
    """Return every tag that one of the target's templates gives to *version*."""
    return frozenset(tag for each in target.tags if (tag := _rendered(target, each, version)))


def healthy_since(
    seen: Observation, tag: str, brought: tuple[str, datetime] | None
) -> datetime | None:
    """Return when *tag*, which runs, became healthy and stayed so; None where nobody knows.

    *brought* is the tag that our own newest live operation brought there, and when. Argo CD's
    history stands in for it only while the cluster is as Git says: what a sync applied before it
    failed is in no history.
    """
    if seen.health is not Health.HEALTHY or seen.health_since is None:
        return None
    came = brought[1] if brought is not None and brought[0] == tag else _deployed_at(seen)
    return None if came is None else max(came, seen.health_since)


def _deployed_at(seen: Observation) -> datetime | None:
    """Return when Argo CD last brought something out, which is no earlier than what runs.

    A newer commit that changes nothing here is compared without being deployed, so the newest
    entry is the one in question, whatever its revision.
    """
    if seen.sync is not Sync.SYNCED or not seen.history:
        return None
    return max(seen.history, key=lambda entry: entry.id).deployed_at


def _wrote(target: Target, template: TagTemplate, tag: str) -> bool:
    read = template.read(tag, services=[target.service], environments=[target.environment])
    return read is not None


def _looks_like(target: Target, template: TagTemplate, tag: str) -> bool:
    """Tell whether *tag* is as the template writes it, whatever stands for the version."""
    text = str(template).replace("{service}", target.service).replace("{env}", target.environment)
    parts = map(re.escape, _VERSION.split(text))
    return re.fullmatch(".+".join(parts), tag) is not None


def _rendered(target: Target, template: TagTemplate, version: Version) -> str | None:
    try:
        return template.render(
            service=target.service,
            env=target.environment,
            sha=version.sha,
            version=version.name,
        )
    except ValueError:
        return None


def neighbours(catalog: Catalog, target: Target) -> tuple[Target, ...]:
    """Return the other targets whose pods are seen in the same application under the same image."""
    return tuple(
        one
        for one in catalog.targets.values()
        if one.application == target.application
        and same_repository(one.image, target.image)
        and one.name != target.name
    )


def earlier_home(catalog: Catalog, target: Target) -> Target | None:
    """Return the service's target in the nearest environment before this one, or None."""
    seen = {target.environment}
    place = catalog.environments[target.environment].after
    while place is not None and place not in seen:
        if home := catalog.target(target.service, place):
            return home
        seen.add(place)
        place = catalog.environments[place].after
    return None
