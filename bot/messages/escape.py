"""Outside text made safe to show: cleaned, cut, and escaped for Slack's mrkdwn."""

import unicodedata
from functools import cache

ELLIPSIS = "…"


@cache
def _kept(character: str) -> str:
    """Return *character*, a space for anything blank or unprintable, nothing if it is invisible."""
    category = unicodedata.category(character)
    if category in {"Cf", "Cs"}:  # turns of direction, zero widths, halves of surrogate pairs
        return ""
    return " " if category in {"Cc", "Zl", "Zp", "Zs"} else character


def clean(text: str, limit: int) -> str:
    """Return *text* as one line of at most *limit* characters, without what people cannot see.

    Characters that turn the direction or have no width are dropped: they make one commit title or
    tag look like another. Runs of blanks become one space. What is cut ends in an ellipsis.
    """
    rough = text[: 8 * limit + 64]  # 40 kB of text cost no more than what is shown of it
    line = " ".join("".join(map(_kept, rough)).split())
    if len(line) <= limit and len(rough) == len(text):
        return line
    return line[: limit - 1].rstrip() + ELLIPSIS


def exact(text: str, limit: int) -> str:
    """Return *text* as ``clean`` does, but with every blank in its place: for lines of a file."""
    kept = "".join(map(_kept, text[: 8 * limit + 64])).rstrip()
    if len(kept) <= limit and len(text) <= 8 * limit + 64:
        return kept
    return kept[: limit - 1] + ELLIPSIS


def escaped(text: str) -> str:
    """Return *text* with the three characters that mean something in Slack's mrkdwn replaced.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped_within(text: str, room: int) -> str:
    """Return *text* escaped and cut so that it takes at most *room* characters, entities whole."""
    whole = escaped(text)
    if len(whole) <= room:
        return whole
    kept, used = [], len(ELLIPSIS)
    for character in text:
        piece = escaped(character)
        if used + len(piece) > room:
            break
        kept.append(piece)
        used += len(piece)
    return "".join(kept) + ELLIPSIS if room >= len(ELLIPSIS) else ""
