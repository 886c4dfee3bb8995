"""Who else writes an application's spec: an ApplicationSet or a parent application."""

import copy
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ApplicationSet:
    """Generates the application and restores its spec at once, but for what *ignore* covers.

    *ignore* are JSON pointers such as ``/spec/syncPolicy``. *policy* ``create-only`` and
    ``create-delete`` leave the spec alone.
    """

    name: str = "apps"
    ignore: tuple[str, ...] = ()
    policy: str = "sync"

    @property
    def restores(self) -> bool:
        """Tell whether edits of the spec are undone."""
        return self.policy not in {"create-only", "create-delete"}

    def shown(self, namespace: str) -> dict[str, Any]:
        """Return the set as the API shows it."""
        spec: dict[str, Any] = {"generators": [], "template": {}}
        if self.ignore:
            spec["ignoreApplicationDifferences"] = [{"jsonPointers": list(self.ignore)}]
        if self.policy != "sync":
            spec["syncPolicy"] = {"applicationsSync": self.policy}
        return {
            "metadata": {"name": self.name, "namespace": namespace, "uid": f"uid-set-{self.name}"},
            "spec": spec,
            "status": {},
        }


@dataclass(frozen=True, slots=True)
class Parent:
    """An app-of-apps: restores the child's spec on its own sync, or soon with *self_heal*."""

    name: str
    self_heal: bool = False


Owner = ApplicationSet | Parent


def restored(wanted: dict[str, Any], spec: dict[str, Any], owner: Owner) -> dict[str, Any]:
    """Return *spec* as *owner*, who wants *wanted*, leaves it."""
    result = copy.deepcopy(wanted)
    if isinstance(owner, ApplicationSet):
        for pointer in owner.ignore:
            _keep(result, spec, pointer.split("/")[2:])
    return result


def _keep(into: dict[str, Any], source: dict[str, Any], path: list[str]) -> None:
    """Leave the value at *path* as *source* has it, absence included."""
    *parents, last = path
    for part in parents:
        found = source.get(part)
        source = found if isinstance(found, dict) else {}
        into = into.setdefault(part, {})
    if last in source:
        into[last] = copy.deepcopy(source[last])
    else:
        into.pop(last, None)
