"""What our slash commands are called in one workspace: the app's manifest may rename them.

Slack does not share names out between apps, so another app's ``/deploy`` may be there already.
Everything here says ``/deploy``; only what comes from Slack and what goes there is put otherwise.

Source: https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

VERBS = ("deploy", "promote", "rollback", "ship")


@dataclass(frozen=True, slots=True)
class SlashNames:
    """The commands by their names: *names* has one (``/acme-deploy``) for each of ``VERBS``."""

    names: Mapping[str, str] = field(default_factory=lambda: {one: f"/{one}" for one in VERBS})

    def theirs(self, said: Any) -> Any:
        """Return *said*, a text or what JSON is made of, with the names of the workspace."""
        return _put(said, {f"/{verb}": name for verb, name in self._renamed()})

    def ours(self, said: str) -> str:
        """Return what somebody *said* with our own names."""
        return str(_put(said, {name: f"/{verb}" for verb, name in self._renamed()}))

    def _renamed(self) -> list[tuple[str, str]]:
        return [(verb, name) for verb, name in self.names.items() if name != f"/{verb}"]


@dataclass(frozen=True, slots=True)
class Nameless:
    """The *verbs* for which there is no command, or more than one that could be meant."""

    verbs: tuple[str, ...]


def named(commands: Iterable[str]) -> SlashNames | Nameless:
    """Return which of an app's *commands* is which: ``/deploy``, ``/acme-deploy``, ``/x_deploy``.

    The plain name goes first; else exactly one has to end so.
    """
    every = sorted(set(commands))
    found: dict[str, str] = {}
    for verb in VERBS:
        fit = [one for one in every if re.fullmatch(rf"/(\S+[-_])?{verb}", one)]
        plain = [one for one in fit if one == f"/{verb}"]
        if len(plain or fit) == 1:
            found[verb] = (plain or fit)[0]
    missing = tuple(verb for verb in VERBS if verb not in found)
    return Nameless(missing) if missing else SlashNames(found)


def _put(said: Any, renamed: Mapping[str, str]) -> Any:
    """Return *said* with each name that is *renamed* put otherwise, wherever it is a name."""
    if not renamed:
        return said
    # Not inside of a path (k8s/deploy) or an address: nothing of a name stands before it, and it
    # ends where a word ends.
    wanted = "|".join(re.escape(one) for one in sorted(renamed, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w/.:>-])({wanted})(?![\w/.-])")

    def put(one: Any) -> Any:
        match one:
            case str():
                return pattern.sub(lambda found: renamed[found[1]], one)
            case Mapping():
                return {key: put(value) for key, value in one.items()}
            case list() | tuple():
                return [put(each) for each in one]
            case _:
                return one

    return put(said)
