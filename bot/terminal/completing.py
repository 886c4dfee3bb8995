"""What a shell offers behind a command: verbs, services and environments of shipmate.yaml.

It only reads that file. Where it cannot be read nothing is offered, and nothing is said: whoever
presses the tab key has not asked for anything yet.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.config import Config, ConfigInvalid, load

ENVIRONMENT_ALONE = frozenset({"freeze", "unfreeze", "drift"})
BEHIND_WHY = ("deploy", "promote", "rollback")
WITH_VERSION = frozenset({"deploy"})
"""Commands in which a version stands between the service and the environment."""

OF_TARGETS = frozenset({*BEHIND_WHY, "lock", "unlock", "status", "rollout", "diff"})


def offers(
    verb: str, before: Sequence[str], begun: str, services: Sequence[str], places: Sequence[str]
) -> list[str]:
    """Return what may stand behind *verb* and the words *before*, and begins as *begun* does.

    Of several services with commas between them the last one is completed.
    """
    if verb == "why":
        if not before:
            return _beginning(begun, BEHIND_WHY)
        return offers(before[0], before[1:], begun, services, places)
    if verb in ENVIRONMENT_ALONE:
        return _beginning(begun, places) if not before else []
    if verb not in OF_TARGETS or "because" in before:
        return []
    return _services(begun, services) if not before else _places(verb, before, begun, places)


def _services(begun: str, services: Sequence[str]) -> list[str]:
    said, comma, last = begun.rpartition(",")
    given = set(said.split(","))
    return [f"{said}{comma}{one}" for one in _beginning(last, services) if one not in given]


def _places(verb: str, before: Sequence[str], begun: str, places: Sequence[str]) -> list[str]:
    if verb in WITH_VERSION and len(before) == 1:
        return []
    return [one for one in _beginning(begun, places) if one not in before]


def offered(
    verb: str, before: Sequence[str], begun: str, environment: Mapping[str, str]
) -> list[str]:
    """Return what to offer by the configuration that *environment* names."""
    config = _config(Path(environment.get("SHIPMATE_CONFIG") or "shipmate.yaml"))
    if config is None:
        return []
    catalog = config.catalog
    return offers(verb, before, begun, tuple(catalog.services), tuple(catalog.environments))


def _beginning(begun: str, names: Sequence[str]) -> list[str]:
    return [name for name in names if name.startswith(begun)]


def _config(path: Path) -> Config | None:
    try:
        return load(path.read_text(encoding="utf-8"), str(path))
    except (ConfigInvalid, OSError, UnicodeDecodeError):
        return None
