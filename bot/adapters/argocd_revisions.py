"""What Argo CD knows of a commit that it deploys: who wrote it, and what it says.

Source: argo-cd v3.5.1 ``server/application/application.proto``, RevisionMetadata.
"""

from dataclasses import dataclass
from typing import Any

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_answers import decoded, mapping, text_of
from bot.domain.catalog import Application


@dataclass(frozen=True, slots=True)
class Metadata:
    """A commit's *author* and the first line of its message; empty where nobody knows."""

    author: str = ""
    title: str = ""


def metadata(
    argocd: ArgoCD, application: Application, revision: str, source: int | None = None
) -> Metadata:
    """Return what Argo CD knows of *revision*. *source* is its index where there are several."""
    doing = f"tell who wrote {revision[:8]} of {application.name}"
    parameters = {} if source is None else {"sourceIndex": str(source)}
    path = f"/revisions/{revision}/metadata"
    answer = argocd.call(application, doing, path, parameters=parameters)
    return decoded(argocd.system, doing, lambda: _metadata(answer))


def _metadata(answer: Any) -> Metadata:
    known = mapping(answer)
    author = text_of(known.get("author")).partition("<")[0].strip()
    return Metadata(author, text_of(known.get("message")).strip().partition("\n")[0].strip())
