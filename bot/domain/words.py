"""What a person typed into Slack, as plain words.

Slack's clients curl quotes and join dashes, pasted text brings markup and invisible characters,
and Slack itself writes people, channels and links as ``<…>``. All of it is undone here. Quotes
group nothing: no word of our commands holds a blank, so they are decoration like ``*``.

Texts come as Slack sends them: ``&``, ``<`` and ``>`` that a person typed are entities, and a
bare ``<`` is Slack's own. A caller with other text escapes it first (``escaped``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_TEXT = 2_000  # characters as Slack sends them; twenty times what a command needs

_SAME_AS_TYPED = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»＂", '"'),
        **dict.fromkeys("‘’‚‛＇", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
        "\u2014": "--",
        **dict.fromkeys("，、", ","),
    }
)
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0f\ufeff]"
)
_MARKUP = "*_~`\"'"
_TOKEN = re.compile(
    r"(?P<blank>\s+)"
    r"|<(?:[@#](?P<id>[A-Z0-9]+)|!subteam\^(?P<group>[A-Z0-9]+)"
    r"|!(?P<special>[^|<>]+)|(?P<link>[a-z][a-z0-9+.-]*:[^|<>]+))(?:\|(?P<label>[^<>]*))?>"
    r"|(?P<typed><|[^\s<]+)"
)


class Mentioned(str):
    """The id of a person, channel or group that Slack itself named: ``U1``, ``C1``, ``S1``.

    Typed text that looks alike is a plain ``str``, so ask ``isinstance`` where a forged one would
    do harm.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TooLong:
    """A text of *length* characters, more than the ``LONGEST_TEXT`` we read."""

    length: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word, and the index in Slack's text at which what follows it begins."""

    text: str
    end: int


def words(text: str) -> tuple[str, ...] | TooLong:
    """Return the words of *text*: mentions as ``Mentioned`` ids, links as their labels.

    No word is empty or holds a blank.

    Source: https://docs.slack.dev/interactivity/implementing-slash-commands and
    https://docs.slack.dev/messaging/formatting-message-text
    """
    found = placed(text)
    return found if isinstance(found, TooLong) else tuple(word.text for word in found)


def placed(text: str) -> tuple[Word, ...] | TooLong:
    """Return the words of *text* with their places, so that what follows one can be quoted."""
    if len(text) > LONGEST_TEXT:
        return TooLong(len(text))
    return tuple(_placed(text))


def bare(word: str) -> str:
    """Return *word* without the markup and quotes around it; a mention stays one."""
    return word if isinstance(word, Mentioned) else word.strip(_MARKUP)


def prose(text: str) -> str:
    """Return *text* as its writer meant it, on one line: for reasons, which are quoted to people.

    People and channels read ``@name`` (or the id where Slack gives no name), links their label.
    The result is plain text and not escaped.
    """
    parts = (_said(found) for found in _TOKEN.finditer(text))
    return " ".join("".join(parts).split()).strip('"“”„ ')


def escaped(text: str) -> str:
    """Return plain *text* as Slack would send it had a person typed it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _placed(text: str) -> Iterator[Word]:
    word, end = "", 0
    for found in _TOKEN.finditer(text):
        mentioned = found["id"] or found["group"]
        if mentioned or found["blank"]:
            yield from _split(word, end)
            word = ""
        end = found.end()
        if mentioned:
            yield Word(Mentioned(mentioned), end)
        elif not found["blank"]:
            word += _plain(found)
    yield from _split(word, end)


def _split(word: str, end: int) -> Iterator[Word]:
    """Yield the words in what stood together; a link's label may hold blanks."""
    for part in word.split():
        if stripped := bare(part):
            yield Word(stripped, end)


def _plain(found: re.Match[str]) -> str:
    """Return a token, no mention, with its entities decoded; Slack's ``<…>`` was found before."""
    shown = found["typed"] or found["label"] or found["link"] or f"@{found['special']}"
    return _decoded(_INVISIBLE.sub("", shown).translate(_SAME_AS_TYPED))


def _said(found: re.Match[str]) -> str:
    if found["blank"]:
        return " "
    if mentioned := found["id"] or found["group"]:
        return "@" + _printable(found["label"] or mentioned).removeprefix("@")
    shown = found["typed"] or found["label"] or found["link"] or f"@{found['special']}"
    return _printable(shown)


def _printable(text: str) -> str:
    seen = _decoded(_INVISIBLE.sub("", text))
    return "".join(character for character in seen if character.isprintable())


def _decoded(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
