"""What somebody may insist on where a rollback waits or was refused: the same, said plainly."""

from dataclasses import replace
from enum import StrEnum

from bot.domain.operations import Kind, Operation, Phase, Request
from bot.domain.problems import Reason
from bot.domain.rollback.going_around import way_around


class Insistence(StrEnum):
    """What is insisted on."""

    AROUND = "around"  # by Argo CD, while GitHub does not answer
    WITHOUT_HOOKS = "without_hooks"  # although Argo CD skips what runs before a sync
    ANYWAY = "anyway"  # although somebody else put there what is taken back


def insisted(operation: Operation, how: Insistence) -> Request | None:
    """Return what *operation* asked for, with *how* insisted on; None: it does not offer that.

    A broken glass is not asked for anew.
    """
    request = replace(operation.request, override=False, takes_back=None)
    if request.kind is not Kind.ROLLBACK or operation.problem is None:
        return None
    match how:
        case Insistence.AROUND:
            return _around(operation, request)
        case Insistence.WITHOUT_HOOKS:
            refused = operation.problem.reason is Reason.HOOKS_SKIPPED
            return replace(request, without_hooks=True) if refused else None
        case Insistence.ANYWAY:
            back = operation.problem.facts.get("back", "")
            refused = operation.problem.reason is Reason.FOREIGN_VALUE
            # Of several services each has a tag of its own; these are named one by one.
            alone = refused and bool(back) and len(request.services) == 1
            return replace(request, version=back) if alone else None


def _around(operation: Operation, request: Request) -> Request | None:
    way = way_around(operation.problem)
    if way is None or not way.offer.is_open or operation.phase is Phase.CANCELLED:
        return None
    tags = set(way.to.values())
    # What was shown is what is asked for, wherever one name says it.
    version = tags.pop() if len(tags) == 1 and len(request.services) == 1 else request.version
    return replace(request, version=version, by_argocd=True, without_hooks=bool(way.hooks))


def typed(request: Request) -> str:
    """Return the rollback *request* as it is typed, with its slash."""
    words = [",".join(request.services), request.environment, request.version]
    words += ["by argocd"] if request.by_argocd else []
    words += ["without hooks"] if request.without_hooks else []
    words += [f"because {request.reason}"] if request.reason else []
    return " ".join(filter(None, ["/rollback", *words]))
