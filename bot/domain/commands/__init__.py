"""The command grammar: words into a command, or into what was misread and lines that would do.

    deploy    <service>[,<service>…] <version> <env> [[override] because <reason>]
    promote   <service>[,<service>…]|all [[from] <env>] <env> [[override] because <reason>]
    rollback  <service>[,<service>…] [<env>] [<tag> | <sha> | #<n> | D-<n>] [by argocd]
              [[override] because <reason>]
    why       <a whole deploy (with or without its verb), promote or rollback>
    status    [<service>] [<env>]
    history   [<service>] [<env>]
    diff      <service> <env> [<env>]
    drift     [<env>]
    rollout   <service> <env>
    cancel    <operation>
    lock      <service>[,<service>…]|all <env> [for <span> | until <moment>] [steal] [warn]
              because <reason>
    unlock    <service>[,<service>…]|all <env>
    freeze    <env> [for <span> | until <moment>] because <reason>
    unfreeze  <env>
    hold      <service>[,<service>…]|all <env> [<tag>] because <reason>
    release   <service>[,<service>…]|all <env> [<tag>]
    resume    <service> <env>
    whoami, link, unlink
    help      [<command>]

Names of services and environments are recognised wherever they stand and in any case; the word
left over is the version. An environment is never guessed; only a rollback of what lives in a single
one may leave it out. A word that names a service is never a
version (its SHA is); a word that names an environment is one only in the order above, so that a
branch ``dev`` can go to ``stage``.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from bot.domain.catalog import Catalog
from bot.domain.commands.asking import read_help
from bot.domain.commands.nouns import (
    At,
    Cancel,
    Command,
    Deploy,
    Diff,
    Drift,
    For,
    Form,
    Freeze,
    Help,
    History,
    Hold,
    Link,
    Lock,
    Misread,
    MisreadReason,
    Promote,
    Release,
    Resume,
    Rollback,
    Rollout,
    Status,
    Unfreeze,
    Unlink,
    Unlock,
    Until,
    WhoAmI,
    Why,
)
from bot.domain.commands.said import OWN, VERBS, Said, cut, misread
from bot.domain.commands.verbs import READERS, unknown_verb
from bot.domain.words import (
    LONGEST_TEXT,
    Mentioned,
    TooLong,
    Word,
    escaped,
    placed,
    prose,
)

__all__ = [
    "VERBS",
    "At",
    "Cancel",
    "Command",
    "Deploy",
    "Diff",
    "Drift",
    "For",
    "Form",
    "Freeze",
    "Help",
    "History",
    "Hold",
    "Link",
    "Lock",
    "Misread",
    "MisreadReason",
    "Promote",
    "Release",
    "Resume",
    "Rollback",
    "Rollout",
    "Status",
    "Unfreeze",
    "Unlink",
    "Unlock",
    "Until",
    "WhoAmI",
    "Why",
    "parse",
]

MOST_CORRECTIONS = 5
MOST_WORDS = 60  # before ``because``; more is pasted by mistake

_DEAD_ENDS = frozenset(
    {MisreadReason.NOTHING_BEFORE, MisreadReason.BACKWARDS, MisreadReason.NOT_ALL}
)
_HELP = frozenset({"help", "?", "-h", "--help"})
_WITHOUT_REASON = frozenset(
    {
        *("status", "history", "diff", "drift", "rollout", "resume", "cancel", "help"),
        *("whoami", "link", "unlink"),
    }
)


def parse(name: str, text: str, catalog: Catalog) -> Command | Misread:
    """Return the command that *text* says, or how it was misread. Never raises for any text.

    *name* is where it was said: ``deploy``, ``promote``, ``rollback``, ``ship`` (the first word is
    the verb) or ``mention`` (so it is, after the bot's name). *text* is as Slack sends it. A
    ``/ship`` or mention without words means help; ``/deploy`` without words means the form.
    """
    outcome = _parse(name, text, catalog)
    if not isinstance(outcome, Misread):
        return outcome
    useful = (
        line
        for line in dict.fromkeys(outcome.corrections)
        if not _is_no_help(_parse(name, escaped(line), catalog), outcome.reason)
    )
    return Misread(outcome.reason, outcome.facts, tuple(islice(useful, MOST_CORRECTIONS)))


def _is_no_help(outcome: Command | Misread, reason: MisreadReason) -> bool:
    """Tell whether a correction only leads to the same answer, or to where nothing can be done."""
    return isinstance(outcome, Misread) and outcome.reason in {reason, *_DEAD_ENDS}


def _parse(name: str, text: str, catalog: Catalog) -> Command | Misread:
    found = placed(text)
    if isinstance(found, TooLong):
        return misread(MisreadReason.TOO_LONG, length=str(found.length), limit=str(LONGEST_TEXT))
    verb, said = _verb_apart(name, found, catalog)
    if verb in _WITHOUT_REASON:
        return _read(Said(name, verb, _texts(said), None, catalog))
    before, reason = _reason_apart(said, text)
    return _read(Said(name, verb, _texts(before), reason, catalog))


def _read(said: Said) -> Command | Misread:
    if len(said.words) > MOST_WORDS:
        extra = cut(" ".join(said.words[MOST_WORDS:]))
        return misread(MisreadReason.TOO_MANY_WORDS, verb=cut(said.verb), extra=extra)
    if said.verb in VERBS and len(said.words) == 1 and said.words[0].casefold() in _HELP:
        return read_help(replace(said, words=(said.verb,)))
    return READERS.get(said.verb, unknown_verb)(said)


def _verb_apart(name: str, found: Sequence[Word], catalog: Catalog) -> tuple[str, Sequence[Word]]:
    """Return the verb and what was said after it; a whole line pasted after a command is seen."""
    if name == "mention":
        found = _after_the_address(found)
    first = _verb(found)
    if first == "/ship":
        name, found = "ship", found[1:]
        first = _verb(found)
    pasted = first[1:] if first.startswith("/") and first[1:] in OWN else ""
    if pasted or name in OWN:
        own = pasted or name
        named_twice = pasted or (first == own and first not in catalog.services)
        return own, found[1:] if named_twice else found
    if not found or first in _HELP:
        return "help", found[1:]
    return first.lstrip("/") or "help", found[1:]


def _verb(found: Sequence[Word]) -> str:
    return found[0].text.casefold().rstrip(":,") if found else ""


def _after_the_address(found: Sequence[Word]) -> Sequence[Word]:
    """Return what was said to the bot: its name may come first, after a greeting, or last."""
    if _verb(found) in VERBS:
        return found
    addressed = [place for place, word in enumerate(found) if isinstance(word.text, Mentioned)]
    greeted = addressed and not _is_address(found[0].text)
    start = addressed[0] if greeted else 0
    while start < len(found) and _is_address(found[start].text):
        start += 1
    return found[start:]


def _is_address(word: str) -> bool:
    return isinstance(word, Mentioned) or word.startswith("@") or not word.strip(",:;.!-")


def _reason_apart(said: Sequence[Word], text: str) -> tuple[Sequence[Word], str | None]:
    for place, word in enumerate(said):
        if word.text.casefold().rstrip(":") == "because":
            return said[:place], prose(text[word.end :]) or None
    return said, None


def _texts(said: Sequence[Word]) -> tuple[str, ...]:
    return tuple(word.text for word in said)
