"""Argo CD's auto-sync and its own rollback: what a way around Git needs, and no more.

Every call may be made twice: a spec is written whole and as it was read a moment before, and a
rollback is refused while another operation is there.

Source: argo-cd v3.5.1 ``server/application/application.go``, Rollback, UpdateSpec;
``pkg/apis/application/v1alpha1/applicationset_types.go`` for what a set leaves alone.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.adapters import argocd_answers as answers
from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_answers import listing, mapping, text_of, texts
from bot.domain.catalog import Application
from bot.domain.errors import Garbled
from bot.domain.observation import Observation
from bot.domain.rollback.emergency import COVERING, COVERING_JQ, LEAVES_ALONE, SetRule

ROLLING = "RollingSync"


@dataclass(frozen=True, slots=True)
class Standing:
    """An application as it is, and its whole *spec* verbatim.

    *control_plane* is the namespace of Argo CD itself, empty where it does not say.
    """

    seen: Observation
    spec: Mapping[str, Any]
    control_plane: str = ""

    @property
    def sync_policy(self) -> Mapping[str, Any] | None:
        """Return ``spec.syncPolicy`` verbatim; None where there is none."""
        policy = self.spec.get("syncPolicy")
        return None if policy is None else mapping(policy)


class Emergency:
    """Reads and changes what auto-sync rests on, by *argocd*. For any thread."""

    def __init__(self, argocd: ArgoCD) -> None:
        self._argocd = argocd

    def read(self, application: Application) -> Standing:
        """Return the application as it stands in Kubernetes now.

        Raises:
            NotFound: it is not there, or hidden from us.
        """
        self._argocd.look(application)  # learns the project, which every later call needs
        doing = f"show {application.name}"
        answer = self._argocd.call(application, doing, "")

        def decode() -> Standing:
            seen = answers.observation(self._argocd.instance.name, answer)
            status = mapping(answer.get("status"))
            plane = text_of(status.get("controllerNamespace"))
            return Standing(seen, copy.deepcopy(dict(mapping(answer["spec"]))), plane)

        return answers.decoded(self._argocd.system, doing, decode)

    def write(self, application: Application, spec: Mapping[str, Any]) -> None:
        """Put *spec* in the place of the whole spec; nothing is rendered, the last writer wins.

        Raises:
            Forbidden: our token has no ``update``.
        """
        doing = f"change the spec of {application.name}"
        parameters = {"validate": "false"}
        self._argocd.call(
            application, doing, "/spec", "PUT", parameters=parameters, body=dict(spec)
        )

    def roll_back(self, application: Application, entry: int) -> None:
        """Ask for a rollback to the *entry* of the history. Nothing is pruned.

        Raises:
            Conflict: another operation runs, or auto-sync is on.
            Rejected: there is no such entry any more.
        """
        doing = f"roll {application.name} back to {entry}"
        body = {"id": entry, "prune": False, "dryRun": False}
        self._argocd.call_by_body(application, doing, "/rollback", body)

    def may_update(self, standing: Standing) -> bool:
        """Tell whether our token may change the application's spec.

        Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/rbac/
        """
        seen = standing.seen
        outside = standing.control_plane not in {"", seen.namespace}
        parts = [seen.project, *([seen.namespace] if outside else []), seen.name]
        path = "/".join(quote(part, safe="") for part in parts)
        doing = f"tell whether the bot may change {seen.name}"
        answer = self._argocd.ask(doing, f"/api/v1/account/can-i/applications/update/{path}")
        return answers.decoded(
            self._argocd.system, doing, lambda: text_of(mapping(answer).get("value")) == "yes"
        )

    def ourselves(self) -> str:
        """Return the name that operations of ours carry.

        Raises:
            Garbled: the server does not say.
        """
        doing = "tell who the bot is"
        answer = self._argocd.ask(doing, "/api/v1/session/userinfo")
        name = answers.decoded(
            self._argocd.system, doing, lambda: text_of(mapping(answer).get("username"))
        )
        if not name:
            raise Garbled(self._argocd.system, doing, "no username")
        return name

    def application_set(self, name: str, namespace: str, application: str) -> SetRule:
        """Return whether the set *name* leaves the sync policy of *application* alone.

        Raises:
            Forbidden: our token has no ``applicationsets, get``.
            NotFound: there is no such set.
        """
        doing = f"show the ApplicationSet {name}"
        parameters = [("appsetNamespace", namespace)] if namespace else []
        path = f"/api/v1/applicationsets/{quote(name, safe='')}"
        answer = self._argocd.ask(doing, path, parameters)
        return answers.decoded(
            self._argocd.system, doing, lambda: _rule_of(mapping(answer["spec"]), application)
        )


def _rule_of(spec: Mapping[str, Any], application: str) -> SetRule:
    """Return what the set's *spec* says of the sync policy of *application*."""
    policy = text_of(mapping(spec.get("syncPolicy")).get("applicationsSync"))
    ignored = [mapping(one) for one in listing(spec.get("ignoreApplicationDifferences"))]
    ours = [one for one in ignored if text_of(one.get("name")) in {"", application}]
    covered = any(
        COVERING & set(texts(one.get("jsonPointers")))
        or COVERING_JQ & set(texts(one.get("jqPathExpressions")))
        for one in ours
    )
    strategy = text_of(mapping(spec.get("strategy")).get("type"))
    return SetRule(keeps=covered or policy in LEAVES_ALONE, rolls=strategy == ROLLING)
