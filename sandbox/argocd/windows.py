"""Sync windows: when operations may run, and what Argo CD answers about it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Window:
    """One assigned window. *active* is said outright: schedules are not the fake's subject."""

    kind: str = "deny"
    active: bool = True
    manual_sync: bool = False
    schedule: str = "0 22 * * *"
    duration: str = "1h"

    def shown(self) -> dict[str, Any]:
        """Return the window as the API shows it."""
        return {
            "kind": self.kind,
            "schedule": self.schedule,
            "duration": self.duration,
            **({"manualSync": True} if self.manual_sync else {}),
        }


def can_sync(windows: tuple[Window, ...], *, manual: bool) -> bool:
    """Tell whether an operation may run now.

    An active deny blocks unless all active denies let manual operations through and this is one;
    else an active allow permits; only inactive allows block, again unless all let manual ones
    through.
    """
    denies = [window for window in windows if window.kind == "deny" and window.active]
    if denies:
        return manual and all(window.manual_sync for window in denies)
    allows = [window for window in windows if window.kind == "allow"]
    if not allows or any(window.active for window in allows):
        return True
    return manual and all(window.manual_sync for window in allows)


def shown(windows: tuple[Window, ...]) -> dict[str, Any]:
    """Return the answer of the syncwindows call, computed for a manual sync."""
    answer: dict[str, Any] = {"canSync": can_sync(windows, manual=True)}
    if windows:
        answer["assignedWindows"] = [window.shown() for window in windows]
    if any(window.active for window in windows):
        answer["activeWindows"] = [window.shown() for window in windows if window.active]
    return answer
