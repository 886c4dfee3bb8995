"""What tells two states of an application apart: its sign, and the images that changed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.images import ImageReference, normalised
from bot.domain.observation import Health, Listed, Observation, Sync


@dataclass(frozen=True, slots=True)
class ImageChange:
    """An image *repository* whose tag was *old* and is *new*; empty where there is none."""

    repository: str
    old: str
    new: str


def sign_of(seen: Observation) -> str:
    """Return what tells two states apart that a list would show differently."""
    state = seen.operation_state
    return _sign(
        seen.sync.value,
        seen.health.value,
        state.phase.value if state else "",
        _stamp(state.started_at) if state else "",
        _stamp(state.finished_at) if state else "",
        seen.images,
        auto_sync=seen.auto_sync,
    )


def sign_in(one: Listed) -> str:
    """Return the same of an application in a list, or in an event of the stream."""
    return _sign(
        one.sync or Sync.UNKNOWN.value,
        one.health or Health.UNKNOWN.value,
        one.phase,
        one.started_at,
        one.finished_at,
        one.images,
        auto_sync=one.auto_sync,
    )


def image_changes(before: Iterable[str], now: Iterable[str]) -> tuple[ImageChange, ...]:
    """Return the image repositories with a tag now that they did not have *before*, sorted.

    Nothing before means that nobody knows what there was.
    """
    old, new = _tags(before), _tags(now)
    if not old:
        return ()
    changes = []
    for repository in sorted(new):
        had = old.get(repository, frozenset())
        if came := new[repository] - had:
            told = (", ".join(sorted(had - new[repository] or had)), ", ".join(sorted(came)))
            changes.append(ImageChange(repository, *told))
    return tuple(changes)


def _tags(images: Iterable[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for text in images:
        try:
            one = ImageReference.parse(text)
        except ValueError:
            continue
        found.setdefault(normalised(one.repository), set()).add(one.tag or one.digest or "latest")
    return {repository: frozenset(tags) for repository, tags in found.items()}


def _sign(*parts: str | tuple[str, ...], auto_sync: bool) -> str:
    texts = [part if isinstance(part, str) else ",".join(sorted(part)) for part in parts]
    whole = "|".join([*texts, "auto" if auto_sync else ""])
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _stamp(at: datetime | None) -> str:
    """Return a moment as Kubernetes writes it."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
