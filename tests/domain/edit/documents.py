"""Any document a person might write, with one scalar in it that is to be changed."""

from dataclasses import dataclass

from hypothesis import strategies as st

WORDS = st.sampled_from(
    ["app", "web", "imageTag", "tag", "a-b", "x_y", "키", "🎉", '"a.b"', "'q r'", '"é\\"x"', "42"]
)
PLAIN = st.sampled_from(["v1", "1.2.3", "main-a1b2c3d", "latest", "a1b2c3d4", "core-stage-00ff"])
ODD = st.sampled_from(["1.10", "12345678", "on", "1e10", "0123456", "null", "2024-01-01"])
TAGS = PLAIN | ODD | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
QUOTES = st.sampled_from(["", '"', "'"])
COMMENTS = st.sampled_from(["", "", "  # c", " # tag: v0 {{ x }}", "\t# 漢", "   "])
OTHERS = st.sampled_from(
    [
        "1",
        "'x'",
        '"y: z"',
        "[1, {a: b}, 'c']",
        "{}",
        "~",
        "",
        "http://x:80/#a",
        "!!str 5",
        '{"a":1}',
    ]
)
BETWEEN = st.sampled_from([[], [""], ["# tag: v0"], ["", "   # x"], ["#"]])


@dataclass(frozen=True)
class Document:
    """The bytes before and after the scalar, the scalar's own, its *tag*, quotes and *path*."""

    before: bytes
    after: bytes
    scalar: bytes
    tag: str
    quote: str
    path: str

    @property
    def text(self) -> bytes:
        return self.before + self.scalar + self.after


def _name(key: str) -> str:
    """Return a key as it is written in a path."""
    if key[0] == "'":
        return f'"{key[1:-1]}"'
    return key if key[0] == '"' else f'"{key}"'


def _bare(key: str) -> str:
    return key.strip("\"'")


@st.composite
def documents(draw, tags=TAGS):
    """Return a document whose target stands below keys, lists, comments, in odd indentation."""
    tag, quote = draw(tags), draw(QUOTES)
    marker = "\0"
    lines, path = [f"{marker}{draw(COMMENTS)}"], ""
    inline = True
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()) or inline:
            lines, path = _in_mapping(draw, lines, path, inline=inline)
            inline = False
        else:
            lines, path = _in_list(draw, lines, path)
    head = draw(
        st.sampled_from([[], ["---"], ["# values", "---"], ["other: &x 1", "o: *x", "---"]])
    )
    tail = draw(st.sampled_from([[], ["..."], ["---", "other: 2"], ["", "# end"]]))
    eol = draw(st.sampled_from(["\n", "\r\n"]))
    last = draw(st.sampled_from(["", eol]))
    text = eol.join([*head, *lines, *tail]) + last
    before, _, after = text.partition(marker)
    mark = draw(st.sampled_from(["", "\ufeff"]))
    scalar = f"{quote}{tag}{quote}".encode()
    return Document((mark + before).encode(), after.encode(), scalar, tag, quote, path)


def _in_mapping(draw, lines, path, *, inline):
    key, *others = draw(st.lists(WORDS, min_size=1, max_size=4, unique_by=_bare))
    gap = draw(st.sampled_from([" ", "  ", "\t"])) if inline else ""
    if inline:
        body = [f"{key}:{gap}{lines[0]}"]
    else:
        least = 0 if lines[0].startswith("-") else 1
        indent = " " * draw(st.integers(least, 5))
        body = [f"{key}:{draw(COMMENTS)}", *(f"{indent}{line}" if line else line for line in lines)]
    split = draw(st.integers(0, len(others)))
    siblings = [_sibling(draw, other) for other in others]
    before = [line for sibling in siblings[:split] for line in sibling]
    after = [line for sibling in siblings[split:] for line in sibling]
    step = _name(key)
    joined = step + (f".{path}" if path and not path.startswith("[") else path)
    return [*before, *draw(BETWEEN), *body, *draw(BETWEEN), *after], joined


def _sibling(draw, key):
    if draw(st.integers(0, 4)) == 0:
        return [f"{key}: |", "  tag: v0", "", "    {{ .x }}"]
    return [f"{key}: {draw(OTHERS)}"]


def _in_list(draw, lines, path):
    gap = draw(st.integers(1, 4))
    first = next(n for n, line in enumerate(lines) if line and not line.lstrip().startswith("#"))
    lead = lines[:first]
    element = [f"-{' ' * gap}{lines[first]}"]
    element += [f"{' ' * (gap + 1)}{line}" if line else line for line in lines[first + 1 :]]
    before = [f"- {draw(OTHERS)}" for _ in range(draw(st.integers(0, 2)))]
    after = [f"-  {draw(OTHERS)}" for _ in range(draw(st.integers(0, 2)))]
    dotted = f".{path}" if path and not path.startswith("[") else path
    return [*before, *lead, *element, *after], f"[{len(before)}]{dotted}"
