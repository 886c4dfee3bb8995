"""Which rules of the file this version keeps. A rule that is written and not kept is refused."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from bot.config.models import Defaults, Environment, File, Override, Service

ENFORCED: frozenset[str] = frozenset()
"""The keys of ``PREPARED`` that are kept. What is not among them is no key of the file."""

PREPARED: Final[Mapping[type[BaseModel], frozenset[str]]] = {
    File: frozenset({"permissions", "people", "registries"}),
    Environment: frozenset({"soak", "approvals", "tags", "freeze", "production", "checks"}),
    Defaults: frozenset({"checks"}),
    Override: frozenset({"checks"}),
    Service: frozenset({"checks", "permissions"}),
}
"""Keys that have a shape and a meaning, and are taken once they are enforced."""

NOT_YET: Final[Mapping[type[BaseModel], frozenset[str]]] = {
    Environment: frozenset({"rollback", "change"}),
    Override: frozenset({"approvals", "soak", "change"}),
    Service: frozenset({"approvals", "soak", "change"}),
}
"""Keys of later versions, which nothing knows yet."""


def is_off(model: type[BaseModel] | None, key: object) -> bool:
    """Tell whether *key* of *model* has a shape and is not kept by this version."""
    return model is not None and key in PREPARED.get(model, frozenset()) - ENFORCED


def is_for_later(model: type[BaseModel] | None, key: object) -> bool:
    """Tell whether *key* of *model* is a rule that this version does not keep."""
    return is_off(model, key) or (model is not None and key in NOT_YET.get(model, frozenset()))


def keys(model: type[BaseModel] | None) -> tuple[str, ...]:
    """Return the keys of *model* that the file may have, in their order."""
    if model is None:
        return ()
    named = {name: field.alias or name for name, field in model.model_fields.items()}
    return tuple(key for name, key in named.items() if not is_off(model, name))
