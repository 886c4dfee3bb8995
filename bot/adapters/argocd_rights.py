"""What an Argo CD token may do, by asking Argo CD itself: ``can-i``, and whose token it is.

Source: argo-cd v3.5.1 ``server/account/account.go``, CanI; ``server/session/session.go``.
"""

from urllib.parse import quote

from bot.adapters import argocd_answers as answers
from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_answers import mapping, text_of
from bot.domain.observation import Observation


class Rights:
    """The rights of the token of *argocd*. For any thread."""

    def __init__(self, argocd: ArgoCD) -> None:
        self._argocd = argocd

    def subject(self) -> str:
        """Return whose token it is, such as ``proj:shop:shipmate``; empty: it is not believed."""
        doing = "tell who the bot is"
        answer = self._argocd.ask(doing, "/api/v1/session/userinfo")
        return answers.decoded(self._argocd.system, doing, lambda: _subject(mapping(answer)))

    def may(self, action: str, seen: Observation, control_plane: str = "") -> bool:
        """Tell whether the token may do *action* to the application *seen*.

        *control_plane* is Argo CD's own namespace; applications outside it are named with theirs.

        Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/rbac/
        """
        outside = control_plane not in {"", seen.namespace}
        parts = [seen.project, *([seen.namespace] if outside else []), seen.name]
        path = "/".join(quote(part, safe="") for part in parts)
        doing = f"tell whether the bot may {action} {seen.name}"
        answer = self._argocd.ask(doing, f"/api/v1/account/can-i/applications/{action}/{path}")
        return answers.decoded(
            self._argocd.system, doing, lambda: text_of(mapping(answer).get("value")) == "yes"
        )


def _subject(answer: object) -> str:
    said = mapping(answer)
    return text_of(said.get("username")) if said.get("loggedIn") is True else ""
