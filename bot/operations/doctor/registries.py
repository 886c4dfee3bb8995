"""Asks each registry for the images that run: whoever may see those may see new ones, too."""

from collections.abc import Iterator, Mapping
from functools import partial

from bot.adapters.registry import Registry
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.doctor import Area, Finding
from bot.domain.facts import ImageAbsent, ImageFound
from bot.domain.images import ImageReference, is_digest, normalised
from bot.domain.observation import Observation
from bot.domain.running import neighbours, running_tags
from bot.domain.symptoms import Symptom
from bot.operations.doctor import places
from bot.operations.doctor.asking import ask

found = partial(Finding, Area.REGISTRIES)


def examine(
    registry: Registry,
    catalog: Catalog,
    in_git: Mapping[Target, str | None],
    seen: Mapping[Application, Observation],
) -> tuple[Finding, ...]:
    """Return what is found of every image repository, by the tags that run, or stand *in_git*."""
    jobs = [
        partial(_repository, registry, catalog, targets, in_git, seen)
        for targets in _by_repository(catalog).values()
    ]
    return ask(jobs)


def _by_repository(catalog: Catalog) -> dict[str, list[Target]]:
    repositories: dict[str, list[Target]] = {}
    for target in catalog.targets.values():
        repositories.setdefault(normalised(target.image), []).append(target)
    return repositories


def _repository(
    registry: Registry,
    catalog: Catalog,
    targets: list[Target],
    in_git: Mapping[Target, str | None],
    seen: Mapping[Application, Observation],
) -> Iterator[Finding]:
    image = targets[0].image
    paths = places.of(targets[0], "image")
    tags = {tag: one for one in targets for tag in _tags(catalog, one, in_git, seen)}
    if not tags:
        known = all(one in in_git for one in targets)
        symptom = Symptom.NOTHING_RUNS if known else Symptom.NO_TAG_KNOWN
        yield found(image, symptom, {}, "", paths)
        return
    good: list[str] = []
    for tag, target in tags.items():
        answer = registry.image(f"{image}@{tag}" if is_digest(tag) else f"{image}:{tag}")
        facts = {"tag": tag, "target": target.name}
        if isinstance(answer, ImageFound):
            good.append(tag)
        elif isinstance(answer, ImageAbsent):
            yield found(image, Symptom.IMAGE_GONE, facts, "", paths)
        elif answer.silence is not None:
            facts |= {"doing": "look for the image", "detail": answer.why}
            yield found(image, Symptom.NO_ANSWER, facts, "", paths)
            return
        else:
            yield found(image, Symptom.IMAGE_HIDDEN, facts | {"detail": answer.why}, _login(image))
            return
    if good:
        yield found(image, Symptom.IMAGE_FOUND, {"tags": ", ".join(good)})


def _tags(
    catalog: Catalog,
    target: Target,
    in_git: Mapping[Target, str | None],
    seen: Mapping[Application, Observation],
) -> tuple[str, ...]:
    observed = seen.get(target.application)
    running = (
        ()
        if observed is None
        else running_tags(observed.images, target, neighbours(catalog, target))
    )
    stands = in_git.get(target)
    return running or ((stands,) if stands else ())


def _login(image: str) -> str:
    """Return the variable that holds the login of an image's registry."""
    host = ImageReference(image).registry.upper()
    middle = "".join(one if one.isascii() and one.isalnum() else "_" for one in host)
    return f"REGISTRY_{middle}_PASSWORD"
