"""The well-shaped pieces of a document, and the report that mistakes are noted in.

Pieces of a wrong shape were reported already. They are left out here, and nothing is said about
what depends on them, so that one mistake is one problem.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.config import models
from bot.config.applications import Applications
from bot.config.document import Document
from bot.config.drift import Drift
from bot.config.failures import FailureRule
from bot.config.history import History
from bot.config.notify import Notify
from bot.config.policies import Emergency, People, Permissions, Registry
from bot.config.problems import ConfigProblem, Path
from bot.domain.suggestions import nearest

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Report:
    """The mistakes found in *document* so far, each once however many targets share it."""

    document: Document
    problems: list[ConfigProblem] = field(default_factory=list)
    warnings: list[ConfigProblem] = field(default_factory=list)

    def at_key(self, path: Path, message: str, hint: str = "") -> None:
        """Note a problem at the key that *path* ends in."""
        self._add(self.document.at_key(path, message, hint))

    def at_value(self, path: Path, message: str, hint: str = "") -> None:
        """Note a problem at the value that *path* leads to."""
        self._add(self.document.at_value(path, message, hint))

    def unknown(self, path: Path, kind: str, name: str, known: Iterable[str]) -> None:
        """Note that *name* at *path* is no *kind*, with the nearest of those *known*."""
        self.at_value(path, f"`{name}` is no {kind}", _meant(name, known))

    def unknown_key(self, path: Path, kind: str, name: str, known: Iterable[str]) -> None:
        """Note that the key *name* that *path* ends in is no *kind*."""
        self.at_key(path, f"`{name}` is no {kind}", _meant(name, known))

    def warn(self, path: Path, message: str, hint: str) -> None:
        """Note what is allowed and probably not meant."""
        self.warnings.append(self.document.at_key(path, message, hint))

    def _add(self, problem: ConfigProblem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


@dataclass(frozen=True, slots=True)
class Pieces:
    """What of a document's *data* can be worked with; *broken* names the sections that cannot."""

    data: Mapping[str, Any]
    environments: Mapping[str, models.Environment]
    services: Mapping[str, models.Service]
    instances: Mapping[str, models.Instance]
    slack: models.Slack | None
    github: models.GitHub | None
    gitops: models.Gitops | None
    defaults: models.Defaults | None
    permissions: Permissions | None
    people: People | None
    emergency: Emergency | None
    registries: Mapping[str, Registry]
    broken: frozenset[str]
    applications: Applications | None = None
    history: History | None = None
    drift: Drift | None = None
    notify: Mapping[int, Notify] = field(default_factory=dict)
    failures: tuple[FailureRule, ...] | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Pieces":
        """Return the pieces of *data*."""
        single: dict[str, Any] = {
            "slack": _valid(models.Slack, data.get("slack")),
            "github": _valid(models.GitHub, data.get("github")),
            "gitops": _valid(models.Gitops, data.get("gitops")),
            "defaults": _valid(models.Defaults, data.get("defaults")),
            "permissions": _valid(Permissions, data.get("permissions")),
            "people": _valid(People, data.get("people")),
            "applications": _valid(Applications, data.get("applications")),
            "history": _valid(History, data.get("history")),
            "drift": _valid(Drift, data.get("drift")),
            "emergency": _valid(Emergency, data.get("emergency")),
        }
        return cls(
            data,
            environments=_all(models.Environment, section(data, "environments")),
            services=_all(models.Service, section(data, "services")),
            instances=_all(models.Instance, section(data, "argocd")),
            registries=_all(Registry, section(data, "registries")),
            notify=_rules(data.get("notify")),
            failures=_failures(data.get("failures")),
            broken=frozenset(
                name for name, piece in single.items() if piece is None and data.get(name)
            ),
            **single,
        )

    def names(self, name: str) -> tuple[str, ...]:
        """Return all names in a section, those of broken pieces too, in the file's order."""
        return tuple(section(self.data, name))


def section(data: Any, *path: str) -> Mapping[str, Any]:
    """Return the mapping that *path* leads to in raw data; empty where there is none."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _all(model: type[_Model], raw: Mapping[str, Any]) -> dict[str, _Model]:
    """Return the well-shaped pieces; one without a value is an empty one."""
    pieces = {name: _valid(model, {} if each is None else each) for name, each in raw.items()}
    return {name: piece for name, piece in pieces.items() if piece is not None}


def _rules(raw: Any) -> dict[int, Notify]:
    """Return the well-shaped rules by their place in the file."""
    found = {
        number: _valid(Notify, one)
        for number, one in enumerate(raw if isinstance(raw, list) else ())
    }
    return {number: rule for number, rule in found.items() if rule is not None}


def _failures(raw: Any) -> tuple[FailureRule, ...] | None:
    """Return the well-shaped rules; None where the file says nothing of them."""
    if not isinstance(raw, list):
        return None
    found = (_valid(FailureRule, one) for one in raw)
    return tuple(one for one in found if one is not None)


def _valid(model: type[_Model], raw: Any) -> _Model | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


def _meant(name: str, known: Iterable[str]) -> str:
    known = tuple(known)
    near = nearest(name, known, most=1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known) or 'none'}"
