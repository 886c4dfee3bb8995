"""What was said after the verb, and how it is said right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.catalog import Catalog
from bot.domain.commands.nouns import Misread, MisreadReason
from bot.domain.suggestions import nearest
from bot.domain.words import Mentioned, bare

BOT = "@shipmate"  # how the correction of a mention begins
MOST_NAMES = 20  # in one fact
LONGEST_FACT = 80  # characters of a word that we say back

_NOISE = frozenset({"to", "on", "in", "please"})
_JOINING = frozenset({"and", "&", "+"})


@dataclass(frozen=True, slots=True)
class Said:
    """The *words* after the *verb* of a command.

    *place* is where it was given: ``deploy``, ``ship`` or ``mention``. *reason* is what
    followed ``because``, or None.
    """

    place: str
    verb: str
    words: tuple[str, ...]
    reason: str | None
    catalog: Catalog

    def service(self, word: str) -> str | None:
        """Return the service that *word* names, in any case, or None."""
        return _named(word, self.catalog.services)

    def environment(self, word: str) -> str | None:
        """Return the environment that *word* names, in any case, or None."""
        return _named(word, self.catalog.environments)

    def services_near(self, word: str) -> tuple[str, ...]:
        """Return the services that *word* may be a typo of, best first."""
        return nearest(word, self.catalog.services)

    def environments_near(self, word: str) -> tuple[str, ...]:
        """Return the environments that *word* may be a typo of, best first."""
        return nearest(word, self.catalog.environments)

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
        start = {"deploy": "/deploy", "mention": f"{BOT} {verb}"}.get(
            self.place, "/deploy" if verb == "deploy" else f"/ship {verb}"
        )
        return " ".join((start, *(word for word in words if word)))

    def deploy_line(
        self, services: Iterable[str], version: str, environment: str, reason: str | None
    ) -> str:
        """Return a whole ``deploy`` line to copy."""
        names = ",".join(sorted(set(services)))
        because = f"because {reason}" if reason else ""
        return self.line(names, version, environment, because, verb="deploy")

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
        if self.service(word) or self.environment(word):
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


def _named(word: str, names: Iterable[str]) -> str | None:
    """Return the name that *word* is in any case; the same case goes first."""
    if isinstance(word, Mentioned):
        return None
    alike = [name for name in names if name.casefold() == word.casefold()]
    return word if word in alike else next(iter(alike), None)
