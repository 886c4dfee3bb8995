"""The grammar of ``drift``: one environment, or nothing for all of them."""

from bot.domain.commands.nouns import Drift, Misread, MisreadReason
from bot.domain.commands.said import Said, cut, misread


def read_drift(said: Said) -> Drift | Misread:
    """Return where drift is to be looked for, or how it was misread."""
    words = [word for group in said.groups() for word in group]
    named = list(dict.fromkeys(name for word in words if (name := said.environment(word))))
    strange = [word for word in words if not said.environment(word)]
    if strange:
        if service := said.service(strange[0]):
            lines = [said.line(place) for place in said.catalog.environments_of(service)]
            extra = cut(strange[0])
            return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)
        near = said.environments_near(strange[0]) or tuple(said.catalog.environments)
        return said.unknown_environment(strange[0], [said.line(name) for name in near])
    if len(named) > 1:
        lines = [*(said.line(name) for name in named), said.line()]
        extra = cut(" ".join(named[1:]))
        return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)
    return Drift(named[0] if named else None)
