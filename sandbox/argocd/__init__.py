"""A pretended Argo CD: applications that read real Git repositories, served at the wire.

What it does and says follows ``facts/argocd.md``: two loops that write status independently, the
exact refusals, the stream's habits, Argo Rollouts. Nothing here knows the bot.
"""

from sandbox.argocd.application import Application
from sandbox.argocd.owners import ApplicationSet, Parent
from sandbox.argocd.render import ValuesWorkload
from sandbox.argocd.server import ArgoCD
from sandbox.argocd.tempo import Tempo
from sandbox.argocd.windows import Window

__all__ = [
    "Application",
    "ApplicationSet",
    "ArgoCD",
    "Parent",
    "Tempo",
    "ValuesWorkload",
    "Window",
]
