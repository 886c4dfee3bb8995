"""Go templates covered up, so that the YAML around them parses: same length, same lines.

An action that prints into a line becomes ``xxx``; one alone on its lines becomes a comment as
deep as the line behind it, so that it ends no block scalar. Shell-like ``${X}`` and ``$(X)`` need
no cover, they are plain YAML; ``holes`` finds all three kinds within one scalar.
"""

import re

from bot.domain.edit.errors import EditCode, Refusal
from bot.domain.edit.source import line_at

Span = tuple[int, int]

_COMMENT = re.compile(r"\{\{(?:-\s)?\s*/\*")
_COMMENT_END = re.compile(r"\*/\s*-?\}\}")
_INSIDE = re.compile(
    r"""\}\}|"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|["`']""",
)
_HOLE = re.compile(r"\{\{.*?(?:\}\}|\Z)|\$\{.*?(?:\}|\Z)|\$\(.*?(?:\)|\Z)", re.DOTALL)
_NO_BREAK = re.compile(r"[^\r\n\x85\u2028\u2029]")


def actions(text: str) -> tuple[Span, ...]:
    """Return where each ``{{ … }}`` of *text* stands, with its Go strings and comments read.

    Raises:
        Refusal: one of them does not end.
    """
    spans = []
    at = text.find("{{")
    while at >= 0:
        end = _action_end(text, at)
        spans.append((at, end))
        at = text.find("{{", end)
    return tuple(spans)


def _action_end(text: str, at: int) -> int:
    comment = _COMMENT.match(text, at)
    if comment:
        closing = _COMMENT_END.search(text, comment.end())
        if closing:
            return closing.end()
    else:
        for token in _INSIDE.finditer(text, at + 2):
            if token.group() == "}}":
                return token.end()
            if len(token.group()) == 1:
                break
    raise Refusal(
        EditCode.UNPARSABLE,
        "a template action that begins with {{ does not end",
        "Close it with }}, then try again.",
        line=line_at(text, at),
    )


def cover(text: str, spans: tuple[Span, ...]) -> str:
    """Return *text* with the actions at *spans* covered; as long as before, line by line."""
    pieces: list[str] = []
    behind, indent = len(text), 0
    for start, end, inner in reversed(_lines_with_actions(text, spans)):
        if _alone(text, start, end, inner):
            indent = _indent_behind(text, end, behind, indent)
            piece = _as_comment(text[start:end], indent)
        else:
            indent = _indent(text, start)
            piece = _as_words(text, start, end, inner)
        pieces += (text[end:behind], piece)
        behind = start
    pieces.append(text[:behind])
    return "".join(reversed(pieces))


def holes(text: str) -> tuple[Span, ...]:
    """Return where templates and variables stand in one scalar's *text*."""
    if "{{" not in text and "$" not in text:
        return ()
    return tuple(match.span() for match in _HOLE.finditer(text))


def fill(text: str) -> str:
    """Return *text* with each hole replaced by as many ``x``."""
    return _HOLE.sub(lambda match: "x" * len(match.group()), text)


def _lines_with_actions(text: str, spans: tuple[Span, ...]) -> list[tuple[int, int, list[Span]]]:
    """Group the actions by the lines they share: start, end before the break, the actions."""
    groups: list[tuple[int, int, list[Span]]] = []
    for span in spans:
        start = text.rfind("\n", 0, span[0]) + 1
        end = text.find("\n", span[1])
        end = len(text) if end < 0 else end
        if groups and start < groups[-1][1]:
            before = groups.pop()
            groups.append((before[0], end, [*before[2], span]))
        else:
            groups.append((start, end, [span]))
    return groups


def _alone(text: str, start: int, end: int, inner: list[Span]) -> bool:
    rest, at = [], start
    for left, right in inner:
        rest.append(text[at:left])
        at = right
    return not "".join([*rest, text[at:end]]).strip()


def _indent(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end] == " ":
        end += 1
    return end - start


def _indent_behind(text: str, end: int, next_group: int, next_indent: int) -> int:
    """Return the indentation of the first line behind *end* that is neither blank nor alone."""
    for line in re.finditer(r"^( *)[^ \t\r\n]", text[end + 1 : next_group], re.MULTILINE):
        return len(line.group(1))
    return next_indent


def _as_comment(lines: str, indent: int) -> str:
    return "\n".join(_comment_line(line, indent) for line in lines.split("\n"))


def _comment_line(line: str, indent: int) -> str:
    body = _NO_BREAK.sub("x", line)
    length = len(body.rstrip("\r"))
    if length <= indent:
        return " " * length + body[length:]
    return " " * indent + "#" + body[indent + 1 :]


def _as_words(text: str, start: int, end: int, inner: list[Span]) -> str:
    pieces: list[str] = []
    at = start
    for left, right in inner:
        first, *others = text[left:right].split("\n")
        covered = [_NO_BREAK.sub("x", first), *(_NO_BREAK.sub(" ", line) for line in others)]
        pieces += (text[at:left], "\n".join(covered))
        at = right
    return "".join([*pieces, text[at:end]])
