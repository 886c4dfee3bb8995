"""What an Argo CD says of all its applications at once, and how one differs from Git.

Source: argo-cd v3.5.1 ``pkg/apiclient/application/forwarder_overwrite.go`` (what a list may show),
``server/application/application.proto`` (managed-resources).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.adapters import argocd_answers as answers
from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_answers import decoded, listing, mapping, text_of
from bot.domain.catalog import Application
from bot.domain.drift.difference import Managed
from bot.domain.drift.sight import Sighted

FIELDS = ",".join(
    f"items.{path}"
    for path in (
        "metadata.name",
        "metadata.namespace",
        "metadata.annotations",
        "metadata.labels",
        "metadata.deletionTimestamp",
        "spec",
        "status.sync.status",
        "status.sync.revision",
        "status.health",
        "status.summary",
        "status.resources",
        "status.operationState.phase",
        "status.operationState.startedAt",
        "status.operationState.finishedAt",
        "operation.sync",
    )
)
"""Never in a list, whatever is asked for: reconciledAt, history, conditions, uid."""

STATES = ",".join(
    f"items.{path}"
    for path in ("kind", "name", "namespace", "normalizedLiveState", "predictedLiveState")
)


class WholeView:
    """Reads one Argo CD. For any thread."""

    def __init__(self, argocd: ArgoCD) -> None:
        self._argocd = argocd
        self.name = argocd.instance.name
        self.system = argocd.system

    def applications(self, projects: Iterable[str] = ()) -> tuple[Sighted, ...]:
        """Return every application that we may see, of *projects* if any are named.

        One request. A list lags behind a look by seconds.
        """
        doing = "list its applications"
        parameters = [("projects", project) for project in projects]
        answer = self._argocd.ask(doing, "/api/v1/applications", [*parameters, ("fields", FIELDS)])
        return decoded(
            self.system,
            doing,
            lambda: tuple(
                _sighted(self.name, one) for one in listing(mapping(answer).get("items"))
            ),
        )

    def look(self, application: Application) -> Sighted:
        """Return the application whole, as it is now.

        Raises:
            NotFound: it is not there, or hidden from us.
            Forbidden: we may not see it.
        """
        return Sighted(self._argocd.look(application), whole=True)

    def page(self, application: Application) -> str:
        """Return the address that people open."""
        return self._argocd.page(application)

    def compared(self, application: Application) -> tuple[Managed, ...]:
        """Return the application's objects, as they are and as a sync would make them.

        Which project it is in is learnt by a look first.
        """
        self._argocd.look(application)
        doing = f"show how {application.name} differs"
        answer = self._argocd.call(
            application, doing, "/managed-resources", parameters={"fields": STATES}
        )
        return decoded(
            self.system,
            doing,
            lambda: tuple(map(_managed, listing(mapping(answer).get("items")))),
        )


# decoders


def _sighted(instance: str, answer: Any) -> Sighted:
    """Return one item of a list, which has no uid, as an observation without one."""
    item = mapping(answer)
    metadata = {**mapping(item["metadata"]), "uid": "(listed)"}
    seen = answers.observation(instance, {"spec": {}, **item, "metadata": metadata})
    policy = mapping(mapping(item.get("spec")).get("syncPolicy"))
    automated = policy.get("automated")
    disabled = automated is not None and mapping(automated).get("enabled") is False
    return Sighted(seen, switched_off=disabled)


def _managed(answer: Any) -> Managed:
    one = mapping(answer)
    kind, name, namespace = (text_of(one.get(key)) for key in ("kind", "name", "namespace"))
    states = (_state(one.get(key)) for key in ("normalizedLiveState", "predictedLiveState"))
    return Managed(kind, name, namespace, *states)


def _state(value: Any) -> Mapping[str, Any] | None:
    """Return an object that stands as JSON in a string; ``null`` and nothing say there is none."""
    text = text_of(value)
    found = json.loads(text) if text else None
    return None if found is None else mapping(found)
