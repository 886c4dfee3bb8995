"""Which rules of the file this version keeps. A rule that is written and not kept is refused."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from bot.config.models import Environment, Override, Service

NOT_YET: Final[Mapping[type[BaseModel], frozenset[str]]] = {
    Override: frozenset({"approvals", "soak", "change"}),
    Service: frozenset({"approvals", "soak", "change"}),
}
"""Keys of later versions, which nothing knows yet."""

GONE: Final[Mapping[type[BaseModel], Mapping[str, str]]] = {
    Environment: {"allow": "name GitHub teams in `permissions`, as in deploy: {dev: [developers]}"},
}
"""Keys of earlier versions, and what stands in their place."""


def is_for_later(model: type[BaseModel] | None, key: object) -> bool:
    """Tell whether *key* of *model* is a rule that this version does not keep."""
    return model is not None and key in NOT_YET.get(model, frozenset())


def in_place_of(model: type[BaseModel] | None, key: object) -> str | None:
    """Return what stands in place of *key* of *model*; None: it never was one."""
    return GONE.get(model, {}).get(str(key)) if model is not None else None


def keys(model: type[BaseModel] | None) -> tuple[str, ...]:
    """Return the keys of *model* in their order, as the file writes them."""
    if model is None:
        return ()
    return tuple(field.alias or name for name, field in model.model_fields.items())
