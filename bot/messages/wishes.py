"""What somebody asked for, in the words of each kind of operation."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from bot.domain.operations import Kind, Request
from bot.domain.rights import Actor
from bot.domain.terminal import account_of
from bot.messages.spans import Line, Person, Span, code, line, listed, name, quoted

NOUNS: Mapping[Kind, str] = {
    Kind.DEPLOY: "deploy",
    Kind.PROMOTE: "promote",
    Kind.ROLLBACK: "rollback",
}
"""What people call an operation of each kind."""

VERBS: Mapping[Kind, tuple[str, str]] = {
    Kind.DEPLOY: ("deploy", "deploys"),
    Kind.PROMOTE: ("promote", "promotes"),
    Kind.ROLLBACK: ("roll back", "rolls back"),
}
"""``to deploy``, ``she deploys``."""

VERSION = 80


def asker(request: Request) -> Span:
    """Return who asked."""
    return _somebody(request.requester, request.login)


def doer(actor: Actor) -> Span:
    """Return who did it."""
    return _somebody(actor.slack, actor.github.login)


def _somebody(person: str, login: str) -> Span:
    """Return a Slack user, or by the *login* who spoke on a terminal: Slack knows no such user."""
    on_a_terminal = login and account_of(person) is not None
    return quoted(f"{login} (terminal)", VERSION) if on_a_terminal else Person(person)


def wishes(request: Request, services: Line | None = None) -> Line:
    """Return what the requester does: ``deploys core to prod at v1``."""
    return line(VERBS[request.kind][1], " ", *thing(request, services))


def to_do(request: Request, services: Line | None = None) -> Line:
    """Return what was asked for: ``deploy core to prod at v1``."""
    return line(VERBS[request.kind][0], " ", *thing(request, services))


def thing(request: Request, services: Line | None = None) -> Line:
    """Return what it is about: ``core to prod at v1``. *services* are shown in their place."""
    which = services if services is not None else _names(request.services)
    where = name(request.environment)
    match request.kind:
        case Kind.DEPLOY:
            return line(*which, " to ", where, " at ", code(request.version, VERSION))
        case Kind.PROMOTE:
            origin = line(" from ", name(request.origin)) if request.origin else ()
            return line(*which, *origin, " to ", where)
        case Kind.ROLLBACK:
            back = line(" to ", code(request.version, VERSION)) if request.version else ()
            by = " by Argo CD" if request.by_argocd else ""
            by += " without hooks" if request.without_hooks else ""
            return line(*which, " in ", where, *back, by)
        case _:
            assert_never(request.kind)


def _names(services: Iterable[str]) -> tuple[Span, ...]:
    return listed(map(name, services))
