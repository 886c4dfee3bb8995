"""What was said after the verb, and how it is said right."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain.catalog import Catalog
from bot.domain.commands.nouns import Misread, MisreadReason
from bot.domain.suggestions import nearest
from bot.domain.words import Mentioned, bare

VERBS = (
    "deploy",
    "promote",
    "rollback",
    "why",
    "status",
    "history",
    "diff",
    "drift",
    "rollout",
    "cancel",
    "lock",
    "unlock",
    "freeze",
    "unfreeze",
    "hold",
    "release",
    "resume",
    "whoami",
    "link",
    "unlink",
    "help",
)
OWN = frozenset({"deploy", "promote", "rollback"})
"""The verbs that are slash commands of their own; the others stand behind ``/ship``."""

BOT = "@shipmate"  # how the correction of a mention begins
MOST_NAMES = 20  # in one fact
LONGEST_FACT = 80  # characters of a word that we say back
REASON = "<reason>"  # in a correction: the person's own words

_LOOKS_LIKE_A_VERSION = re.compile(r"[0-9a-f]{7,40}|v?\d+(?:\.\d+)+\S*", re.IGNORECASE)

_NOISE = frozenset({"to", "on", "in", "please"})
_JOINING = frozenset({"and", "&", "+"})


@dataclass(frozen=True, slots=True)
class Said:
    """The *words* after the *verb* of a command.

    *place* is where it was given: the slash command's name, or ``mention``. *reason* is what
    followed ``because``, or None. *override* was said right before it; then it is no word.
    """

    place: str
    verb: str
    words: tuple[str, ...]
    reason: str | None
    catalog: Catalog
    override: bool = False

    def service(self, word: str) -> str | None:
        """Return the service that *word* names, in any case, or None."""
        return _named(word, self.catalog.services)

    def environment(self, word: str) -> str | None:
        """Return the environment that *word* names, in any case, or None."""
        return _named(word, self.catalog.environments)

    def is_name(self, word: str) -> bool:
        """Tell whether *word* names a service or an environment."""
        return bool(self.service(word) or self.environment(word))

    def services_near(self, word: str) -> tuple[str, ...]:
        """Return the services that *word* may be a typo of, best first."""
        return nearest(word, self.catalog.services)

    def environments_near(self, word: str) -> tuple[str, ...]:
        """Return the environments that *word* may be a typo of, best first."""
        return nearest(word, self.catalog.environments)

    def living(self, services: Sequence[str], environment: str) -> Sequence[str]:
        """Return those of *services* that live in *environment*, or all when none does."""
        return [name for name in services if self.catalog.target(name, environment)] or services

    def homes_of(self, services: Sequence[str]) -> tuple[str, ...]:
        """Return where all of *services* live, else where any does, in promotion order."""
        homes = [set(self.catalog.environments_of(name)) for name in services]
        chosen = set.intersection(*homes) or set.union(*homes) if homes else set()
        return tuple(name for name in self.catalog.environments if name in chosen)

    def groups(self) -> list[list[str]]:
        """Return the words, those joined by commas (or ``and``) together; fillers left out.

        People and channels are no words of a command: who is named in passing changes nothing.
        """
        groups: list[list[str]] = []
        joined = False
        for word in self.words:
            if isinstance(word, Mentioned) or self._is_filler(word):
                continue
            parts = [part for piece in word.split(",") if (part := bare(piece))]
            joined = joined or word.startswith(",")
            if word.casefold() in _JOINING or not parts:
                joined = True
                continue
            if joined and groups:
                groups[-1].extend(parts)
            else:
                groups.append(parts)
            joined = word.endswith(",")
        return groups

    def line(self, *words: str, verb: str = "") -> str:
        """Return a whole line to copy: this command, or that of *verb*, with *words*."""
        verb = verb or self.verb
        slash = f"/{verb}" if verb in OWN else f"/ship {verb}"
        start = f"{BOT} {verb}" if self.place == "mention" else slash
        return " ".join((start, *(word for word in words if word)))

    @property
    def because(self) -> str:
        """Return the end of a corrected line: the reason with its ``override``, or nothing."""
        if self.override:
            return f"override because {self.reason or REASON}"
        return f"because {self.reason}" if self.reason else ""

    def deploy_line(
        self, services: Iterable[str], version: str, environment: str, reason: str | None
    ) -> str:
        """Return a whole line to copy that deploys, or looks ahead if this is a ``why``."""
        names = ",".join(sorted(set(services)))
        because = replace(self, reason=reason).because
        verb = "why" if self.verb == "why" else "deploy"
        return self.line(names, version, environment, because, verb=verb)

    def unknown_service(self, word: str, lines: Sequence[str]) -> Misread:
        """Return that *word* is no service, with *lines* that would do."""
        return misread(
            MisreadReason.UNKNOWN_SERVICE,
            lines,
            service=cut(word),
            near=listed(self.services_near(word)),
            known=listed(self.catalog.services),
        )

    def unknown_environment(self, word: str, lines: Sequence[str]) -> Misread:
        """Return that *word* is no environment, with *lines* that would do."""
        return misread(
            MisreadReason.UNKNOWN_ENVIRONMENT,
            lines,
            environment=cut(word),
            near=listed(self.environments_near(word)),
            known=listed(self.catalog.environments),
        )

    def _is_filler(self, word: str) -> bool:
        if self.is_name(word):
            return False
        means_something = any(letter.isalnum() for letter in word) or set(word) & set(",&+")
        return word.casefold() in _NOISE or not means_something


def misread(reason: MisreadReason, lines: Sequence[str] = (), **facts: str) -> Misread:
    """Return a Misread with *lines* as corrections."""
    return Misread(reason, facts, tuple(lines))


def listed(names: Iterable[str]) -> str:
    """Return *names* as one fact, at most ``MOST_NAMES`` of them."""
    names = tuple(names)
    return ", ".join((*names[:MOST_NAMES], *(("…",) if len(names) > MOST_NAMES else ())))


def cut(word: str) -> str:
    """Return *word* with at most ``LONGEST_FACT`` characters."""
    return word if len(word) <= LONGEST_FACT else word[: LONGEST_FACT - 1] + "…"


def looks_like_a_version(word: str) -> bool:
    """Tell whether *word* is written as a SHA or a release: then it is no typo of a name."""
    return bool(_LOOKS_LIKE_A_VERSION.fullmatch(word))


def _named(word: str, names: Iterable[str]) -> str | None:
    """Return the name that *word* is in any case; the same case goes first."""
    if isinstance(word, Mentioned):
        return None
    alike = [name for name in names if name.casefold() == word.casefold()]
    return word if word in alike else next(iter(alike), None)
