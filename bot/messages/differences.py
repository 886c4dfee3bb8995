"""``/ship diff``: the commits between two sides, by author, and the files when they are few."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from bot.domain.approving.approval_case import InBetween
from bot.domain.differences import Difference, Lying, Named, Place, Side
from bot.domain.message import Message
from bot.domain.unknown import Unknown
from bot.messages import blocks
from bot.messages.cards import Links
from bot.messages.replies import reply
from bot.messages.spans import (
    Bold,
    Line,
    Link,
    Span,
    Text,
    code,
    length,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
    short,
)

ROOM = 6_500
FEW_FILES = 12
TITLE = 100


def looking(service: str, environments: Sequence[str], versions: Sequence[str]) -> Message:
    """Say that it is being read, and the answer follows."""
    sides: list[Span] = [
        *map(name, environments),
        *map(code, versions),
        Text("what Git says of it"),
    ]
    first, second, *_ = sides
    at = " in " if environments else " at "
    opening = line("Comparing ", name(service), at, first, " with ", second)
    return reply(line(*opening, "; the answer follows here."))


def difference(one: Difference, links: Links) -> Message:
    """Return what lies between the two sides of *one*."""
    head = [
        line(name(one.service), ": ", *_side(one.older)),
        line("and ", *_side(one.newer)),
    ]
    said = [blocks.prose("diff", [blocks.lines(*head, *_sum(one, links))])]
    rows = list(_rows(one, links))
    if rows:
        said.append(blocks.prose("diff:commits", [blocks.bullets(rows)]))
    if isinstance(one.lying, Lying) and (files := _files(one.lying)):
        said.append(blocks.prose("diff:files", [blocks.lines(*files)]))
    spoken = [span for each in (*head, *_sum(one, links)) for span in line(*each, " ")]
    return Message(mrkdwn(spoken[:-1], blocks.TEXT), tuple(said))


def _side(side: Side) -> Line:
    return _named(side) if isinstance(side, Named) else _place(side)


def _named(one: Named) -> Line:
    if isinstance(one.sha, Unknown):
        return line(code(one.version), " is ", Bold("unknown"), " (", quoted(one.sha.why, 160), ")")
    if one.sha.startswith(one.version.lower()):
        return line("commit ", code(short(one.sha)))
    return line(code(one.version), ", commit ", code(short(one.sha)))


def _place(place: Place) -> Line:
    opening = line("Git says of " if place.in_git else "in ", name(place.environment))
    verb = " " if place.in_git else " runs "
    if isinstance(place.tags, Unknown):
        return line(*opening, verb, Bold("unknown"), " (", quoted(place.tags.why, 160), ")")
    tags = listed([code(tag) for tag in place.tags], most=3)
    return line(*opening, verb, *(tags or line("nothing")))


def _sum(one: Difference, links: Links) -> Iterator[Line]:
    lying = one.lying
    if isinstance(lying, Unknown):
        yield line("What lies between is ", Bold("unknown"), ": ", quoted(lying.why, 200))
        return
    if not lying.ahead and not lying.behind:
        yield line(Bold("It is the same commit"), ".")
        return
    more, fewer = _whose(one.newer), _whose(one.older)
    if lying.ahead:
        yield line(Bold(_commits(lying.ahead)), " ", *more, ", not ", *fewer, ":")
    if lying.behind:
        yield line(Bold(_commits(lying.behind)), " ", *fewer, ", not ", *more, ".")
    yield line(Link(_page(one, lying, links), "Compare them on GitHub"))


def _whose(side: Side) -> Line:
    if isinstance(side, Named):
        return line("in ", code(side.version))
    where = name(side.environment).text
    return line(f"in Git for {where}" if side.in_git else f"in {where}")


def _commits(count: int) -> str:
    return "1 commit" if count == 1 else f"{count} commits"


def _page(one: Difference, lying: Lying, links: Links) -> str:
    base, head = quote(lying.base, safe=""), quote(lying.head, safe="")
    return f"{links.github}/{one.source}/compare/{base}...{head}"


def _rows(one: Difference, links: Links) -> Iterator[Line]:
    """Yield an author each, with their commits below; whoever wrote most recently comes first."""
    lying = one.lying
    if isinstance(lying, Unknown):
        return
    room, shown = ROOM, 0
    for author, commits in _by_author(lying.commits).items():
        said = line(Bold(quoted(author, 60).text or "(nobody)"))
        for each in commits:
            row = line("\n", *_commit(each, one.source, links))
            if length(said) + length(row) > room:
                break
            said, shown = line(*said, *row), shown + 1
        room -= length(said)
        if len(said) > 1:
            yield said
    if (hidden := lying.ahead - shown) > 0:
        yield line(f"and {hidden} more")


def _by_author(commits: Sequence[InBetween]) -> dict[str, list[InBetween]]:
    found: dict[str, list[InBetween]] = {}
    for one in commits:
        found.setdefault(one.author, []).append(one)
    return found


def _commit(one: InBetween, source: str, links: Links) -> Line:
    said = line(Link(links.commit(source, one.sha), short(one.sha)), " ", quoted(one.title, TITLE))
    if one.pull_request is None:
        return said
    page = f"{links.github}/{source}/pull/{one.pull_request}"
    return line(*said, " (", Link(page, f"#{one.pull_request}"), ")")


def _files(lying: Lying) -> list[Line]:
    """Return the files, when they are few enough to read; else how many they are."""
    if lying.files is None:
        return [line("More files differ than GitHub lists.")]
    if not lying.files:
        return []
    if len(lying.files) > FEW_FILES:
        return [line(f"{len(lying.files)} files differ.")]
    return [line("Files: ", *listed([code(one, 100) for one in lying.files], most=FEW_FILES))]
