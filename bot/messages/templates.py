"""Our sentences with holes for facts from outside.

``{fact}`` is a hole, words in backticks are a command, ``[optional|else]`` is left out when one of
its facts is absent or empty, and what stands behind the bar is said instead. A hole becomes a span
of its own, so whatever a fact holds is shown and never read as markup. Facts that are lists come
with commas or blanks between. Only sentences of this room are read this way, never text from
outside.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from bot.messages.escape import clean
from bot.messages.spans import (
    NAME,
    TAG,
    Code,
    Line,
    Person,
    Span,
    Text,
    code,
    line,
    listed,
    name,
    quoted,
    short,
)

LIST = 6_000
"""The most characters of a list that are looked at; a few dozen names fit."""
NAMES = 12
"""The most names of a list that are shown."""

Facts = Mapping[str, str]

_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_PIECE = re.compile(r"`(?P<command>[^`]*)`|\{(?P<fact>\w+)\}|(?P<words>[^`{]+)")
_HOLE = re.compile(r"\{(\w+)\}")


def _people(value: str) -> Line:
    return listed(map(Person, _items(value)), last=" or ")


def _codes(value: str) -> Line:
    return listed([code(item, NAME) for item in _items(value)], most=NAMES)


def _sha(value: str) -> Line:
    return (Code(short(value) or "(empty)"),)


def _teams(value: str) -> Line:
    return listed([name(item) for item in _items(value)], most=NAMES, last=" or ")


def _name(value: str) -> Line:
    return (name(value),)


def _value(value: str) -> Line:
    return (code(value),)


def _alternatives(value: str) -> Line:
    return listed([code(item, NAME) for item in _items(value)], most=NAMES, last=" or ")


def _paths(value: str) -> Line:
    """Show paths in a file: these may hold blanks."""
    every = [item.strip() for item in re.split(r"[,\n]", value[:LIST])]
    return listed([code(item, NAME) for item in every if item], most=8)


def _sentence(value: str) -> Line:
    return (quoted(value.rstrip(". \n")),)  # the full stop is ours


def _advice(value: str) -> Line:
    return (quoted(value),)


def _state(value: str) -> Line:
    """Show Argo CD's words, or one of our own codes (``not_observed``) as words."""
    return (quoted(value.replace("_", " ")),)


def _words(value: str) -> Line:
    return (Text(clean(value, NAME)),)


def _commits(value: str) -> Line:
    return (Text(f"{clean(value, NAME)} commit{'' if value == '1' else 's'}"),)


def _moment(value: str) -> Line:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return _words(value)
    return (Text(f"{at:%H:%M:%S} {at.tzname() or ''}".rstrip()),)


QUESTIONS: Mapping[str, str] = {
    "identity": "which GitHub account this person has",
    "right": "which teams this person is in",
    "override": "whether this person may override",
    "place": "where it would go",
    "tag": "which image tag the version has",
    "version": "which commit the version names",
    "checks": "whether its checks are green",
    "image": "whether its image exists",
    "order": "what runs in the environment before",
    "soak": "how long it has been healthy in the environment before",
    "freeze": "whether the environment is frozen",
    "lock": "whether somebody holds a lock",
    "hold": "whether the version is held back",
    "new": "what runs there now",
    "age": "whether it is older than what runs",
    "authors": "who wrote the commits in between",
}
"""What a rule asks, by the rule's code, as the end of "could not learn …"."""

PARTS: Mapping[str, str] = {
    "action": "what is asked for",
    "targets": "the services",
    "files": "the files",
    "values": "the tags in Git",
    "tags": "the new tags",
    "blobs": "the text of the files",
    "commit": "the commit",
    "templates": "how tags are made",
    "policy": "the rules of the environment",
    "image": "the image under the new tag",
}
"""A part of a plan, by its code."""

OUTSIDERS: Mapping[str, str] = {
    "guest": "a guest account",
    "bot": "a bot's account",
    "deactivated": "a deactivated account",
    "stranger": "an account of another workspace",
}


def _question(value: str) -> Line:
    return (Text(QUESTIONS.get(value) or clean(value, NAME)),)


def _parts(value: str) -> Line:
    known = [PARTS.get(item) or clean(item, NAME) for item in _items(value)]
    return listed(map(Text, known), most=NAMES)


def _outsider(value: str) -> Line:
    return (Text(OUTSIDERS.get(value) or clean(value, NAME)),)


MOVES: Mapping[str, tuple[str, str]] = {
    "resume": ("promote", "promoted"),
    "promote-full": ("fully promote", "fully promoted"),
    "abort": ("abort", "aborted"),
    "retry": ("retry", "retried"),
    "restart": ("restart", "restarted"),
}
"""What people do with a Rollout, by Argo CD's name for it: to be done, and done."""


def _move(value: str) -> Line:
    return (Text(MOVES[value][0] if value in MOVES else clean(value, NAME)),)


def _did(value: str) -> Line:
    return (Text(MOVES[value][1] if value in MOVES else clean(value, NAME)),)


def _to_do(value: str) -> Line:
    return (Text("roll back" if value == "rollback" else clean(value, NAME)),)


def _day(value: str) -> Line:
    """Show a moment that may be days away."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return _words(value)
    return (Text(f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".rstrip()),)


SHOWN: Mapping[str, Callable[[str], Line]] = {
    "user": _people,
    "by": _people,
    "allowed": _people,
    "environments": _codes,
    "repos": _codes,
    "apps": _codes,
    "services": _codes,
    "along": _paths,
    "hooks": _codes,
    "wanted": _codes,
    "objects": _paths,
    "owner": _name,
    "near": _alternatives,
    "known": _codes,
    "versions": _codes,
    "candidates": _paths,
    "detail": _sentence,
    "hint": _advice,
    "doing": _words,
    "state": _state,
    "system": _words,
    "instance": _words,
    "line": _words,
    "tries": _words,
    "pull": _words,
    "login": _words,
    "missing": _words,
    "lacks": _commits,
    "behind": _commits,
    "ahead": _commits,
    "incomparable": _sentence,
    "length": _words,
    "limit": _words,
    "deadline": _moment,
    "again": _moment,
    "question": _question,
    "moved": _parts,
    "outsider": _outsider,
    "move": _move,
    "did": _did,
    "until": _day,
    "since": _day,
    "ready": _day,
    "expired": _day,
    "goes_on": _day,
    "action": _to_do,
    "count": _words,
    "rule": _words,
    "teams": _teams,
    "checks": _paths,
    "patterns": _codes,
    "runs": _codes,
    "before": _name,
    "team": _name,
    "exempt": _words,
    "sha": _sha,
    "service": _name,
    "app": _name,
    "environment": _name,
}
"""How a fact is shown, by its name; every other one is shown as a value in code."""


def fill(template: str, facts: Facts) -> Line:
    """Return *template* with *facts* in its holes; an absent one is shown as ``(unknown)``."""
    known = {key: value for key, value in facts.items() if value.strip()}
    whole = _BRACKET.sub(lambda found: _choose(found[1], known), template)
    return line(*_spans(whole, known))


def holes(template: str) -> frozenset[str]:
    """Return the names of the facts that *template* can say."""
    return frozenset(_HOLE.findall(template))


def _choose(inside: str, known: Facts) -> str:
    said, _, otherwise = inside.partition("|")
    return said if holes(said) <= known.keys() else otherwise


def _spans(template: str, known: Facts) -> Iterator[Span]:
    for piece in _PIECE.finditer(template):
        if (command := piece["command"]) is not None:
            yield Code(_HOLE.sub(lambda hole: clean(known.get(hole[1], "…"), TAG), command))
        elif (fact := piece["fact"]) is not None:
            yield from _fact(fact, known)
        else:
            yield Text(piece["words"])


def _fact(fact: str, known: Facts) -> Line:
    if fact not in known:
        return (Text("(unknown)"),)
    return SHOWN.get(fact, _value)(known[fact])


def _items(value: str) -> list[str]:
    return re.sub(r"[,\s]+", " ", value[:LIST]).split()
