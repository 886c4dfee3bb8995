"""Bytes to text and back, with nothing translated."""

from bot.domain.edit.errors import EditCode, Refusal

_BOM = "\ufeff"


def decode(content: bytes) -> tuple[str, str]:
    """Return the byte order mark (or ``""``) and the text behind it; line ends stay as they are.

    The mark is cut because libyaml's positions do not count it.

    Raises:
        Refusal: it is not UTF-8.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(
            EditCode.UNPARSABLE,
            "the file is not UTF-8 text",
            "Save it as UTF-8, then try again.",
            line=content.count(b"\n", 0, error.start) + 1,
        ) from error
    return (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)


def line_at(text: str, position: int) -> int:
    """Return the 1-based line, as editors count them, of *position*."""
    return text.count("\n", 0, position) + 1


def line_start(text: str, position: int) -> int:
    """Return where the line of *position* begins."""
    return max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1


def line_end(text: str, position: int) -> int:
    """Return where the line of *position* ends: before its line break, or the end of the text."""
    ends = [end for end in (text.find("\n", position), text.find("\r", position)) if end >= 0]
    return min(ends, default=len(text))


def line_break(text: str, position: int) -> str:
    """Return the line break that ends the line of *position*, else the one before it, else LF."""
    end = line_end(text, position)
    for at in (end, line_start(text, position) - 1):
        if text.startswith("\r\n", at) or (at > 0 and text.startswith("\r\n", at - 1)):
            return "\r\n"
        if 0 <= at < len(text) and text[at] in "\r\n":
            return text[at]
    return "\n"


def after_line(text: str, position: int) -> int:
    """Return where the line behind the one of *position* begins; the end of the text if none."""
    end = line_end(text, position)
    return end + 2 if text.startswith("\r\n", end) else min(end + 1, len(text))
