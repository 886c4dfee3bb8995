"""What happens to applications without us: notes of one, shared notes of many, words for alerts."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from bot.domain.applications.events import What
from bot.domain.applications.signs import ImageChange
from bot.domain.applications.story import Crowd, Member, Revision, Story, Subject, Topic
from bot.domain.message import Message
from bot.messages import blocks
from bot.messages.spans import (
    NAME,
    Bold,
    Code,
    Line,
    Link,
    Moment,
    Text,
    code,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
    short,
    words,
)
from bot.messages.times import lasted

TITLE = 150
FAILURE = 600
"""The most characters of what Argo CD says of a failure."""
IMAGES = 6
MEMBER = 60
"""The most characters of one application's name in a shared note; twice that of its services."""
TWICE = 2

MARKS: Mapping[What, str] = {
    What.SYNC_SUCCEEDED: "🔁",
    What.SYNC_FAILED: "❌",
    What.DEGRADED: "💔",
    What.RECOVERED: "✅",
    What.AUTO_SYNC_CHANGED: "⏸️",
    What.MANUAL_SYNC: "🖐️",
}
"""A picture beside the words, never instead of them."""

HAPPENED: Mapping[What, str] = {
    What.SYNC_SUCCEEDED: "Synced",
    What.SYNC_FAILED: "Sync failed",
    What.DEGRADED: "Degraded",
    What.RECOVERED: "Well again",
    What.AUTO_SYNC_CHANGED: "Auto-sync is OFF",
    What.MANUAL_SYNC: "Synced by hand",
}

BACK_ON = "Auto-sync is on"

CROWDS: Mapping[Topic, tuple[str, str, str]] = {
    Topic.TROUBLE: ("💔", "more applications are in trouble", "are well again"),
    Topic.SYNC: ("🔁", "more applications were synced", "were synced"),
    Topic.AUTO_SYNC: ("⏸️", "more applications have auto-sync OFF", "have auto-sync on again"),
    Topic.MANUAL_SYNC: ("🖐️", "more applications were synced by hand", "were synced by hand"),
}
"""A shared note: its picture, what stands, and what is said once nothing does."""


def note(tells: Story | Crowd) -> Message:
    """Return the note that *tells* of one application, or of many."""
    match tells:
        case Story():
            return _single(tells)
        case Crowd():
            return _shared(tells)
        case _:
            assert_never(tells)


def headline(story: Story) -> str:
    """Return what is so, and of which services where, in a few plain words."""
    mark, happened = MARKS[story.what], HAPPENED[story.what]
    if story.gone:
        mark, happened = "🚮", "Gone"
    elif story.auto_sync:
        mark, happened = "▶️", BACK_ON
    return f"{mark} {happened}: {_whom(story.subject)}"


def summary(story: Story) -> str:
    """Return the whole news in plain words, for alerts."""
    return "\n".join(words(each) for each in _lines(story))


def _single(story: Story) -> Message:
    every = tuple(_lines(story))
    key = f"{story.subject.application}:{story.topic.value}"[:NAME]
    said = [
        blocks.header(headline(story), f"{key}:headline"),
        blocks.prose(f"{key}:facts", [blocks.lines(*every, _place(story.subject))]),
    ]
    spoken = line(
        headline(story), ". ", *(span for each in every[:2] for span in (*each, Text(" ")))
    )
    return Message(mrkdwn(spoken, blocks.TEXT), tuple(said))


def _lines(story: Story) -> Iterator[Line]:
    yield _since(story)
    if story.gone:
        return
    if story.resource or story.message:
        yield _failing(story)
    if story.revision is not None:
        opening = "Now at commit " if story.what is What.RECOVERED else "Commit "
        yield _commit(story.revision, story.operation, opening)
    yield from _images(story.images)
    if story.stands:
        yield from _next(story)


def _since(story: Story) -> Line:
    """Say since when it is so, how long the trouble lasted, and how often it came."""
    at = Moment(story.since)
    often = f"; {story.times} times so far" if story.times >= TWICE else ""
    if story.gone:
        return line(
            "The application is gone, or not in the configuration any more, since ", at, "."
        )
    match story.what:
        case What.RECOVERED:
            return _over(story)
        case What.AUTO_SYNC_CHANGED:
            switched = "Switched on " if story.auto_sync else "Switched off "
            return line(switched, at, often, ". Argo CD does not say by whom.")
        case What.MANUAL_SYNC:
            return line("By ", Bold(quoted(story.by, NAME).text), " ", at, often, ".")
        case What.SYNC_SUCCEEDED:
            return line("Last ", at, often, ".")
        case What.SYNC_FAILED | What.DEGRADED:
            by = line(" Asked for by ", Bold(quoted(story.by, NAME).text), ".") if story.by else ()
            return line("Since ", at, often, ".", *by)
        case _:
            assert_never(story.what)


def _over(story: Story) -> Line:
    was = "Its sync failed" if story.was is What.SYNC_FAILED else "It was degraded"
    lasting = lasted(story.since - story.opened)
    said = line(f"{was} {_ago(story)}for {lasting}, and it is well since ", Moment(story.since))
    return line(*said, ".")


def _ago(story: Story) -> str:
    return f"{story.times} times, on and off " if story.times >= TWICE else ""


def _failing(story: Story) -> Line:
    opening = "What failed: " if story.what is What.RECOVERED else "What fails: "
    said = line(Bold(opening))
    if story.resource:
        said = line(*said, code(story.resource))
    if story.message:
        said = line(*said, ": " if story.resource else "", quoted(story.message, FAILURE))
    return said


def _commit(revision: Revision, operation: str, opening: str) -> Line:
    sha = short(revision.sha)
    which = Link(revision.url, sha) if revision.url else Code(sha)
    said = line(opening, which)
    if revision.title:
        said = line(*said, " ", quoted(revision.title, TITLE))
    if revision.author:
        said = line(*said, " by ", quoted(revision.author, NAME))
    return line(*said, ", from ", Code(operation)) if operation else said


def _images(changes: tuple[ImageChange, ...]) -> Iterator[Line]:
    for one in changes[:IMAGES]:
        image = one.repository.rpartition("/")[2]
        old = code(one.old) if one.old else Text("none")
        yield line("Image ", name(image), "  ", old, " → ", code(one.new))
    if len(changes) > IMAGES:
        yield line(f"and {len(changes) - IMAGES} more images")


def _next(story: Story) -> Iterator[Line]:
    """Say what people can do."""
    subject, service = story.subject, min(story.subject.services, default="")
    if story.topic is Topic.AUTO_SYNC:
        kept = line(", kept by ", name(subject.owner)) if subject.owner else ()
        yield line(
            Bold("Next: "), "until it is on again nobody brings out what Git says; switch it on in"
            " the application's spec", *kept, "."
        )  # fmt: skip
    elif story.what is What.SYNC_FAILED:
        yield line(
            Bold("Next: "), "Argo CD does not try this commit again by itself. Mend it in Git."
        )
    else:
        back = Code(f"/rollback {name(service).text} {name(subject.environment).text}")
        yield line(Bold("Next: "), "look at it in Argo CD, or go back: ", back)


def _place(subject: Subject) -> Line:
    where = Link(subject.page, quoted(subject.application, NAME).text)
    return line("Application ", where, f" in Argo CD {quoted(subject.instance, NAME).text}")


def _whom(subject: Subject) -> str:
    services = listed((Text(name(each).text) for each in subject.services), most=3)
    return f"{words(services)} in {name(subject.environment).text}"


# many at once


def _shared(crowd: Crowd) -> Message:
    mark, amiss, over = CROWDS[crowd.topic]
    routine = crowd.topic in {Topic.SYNC, Topic.MANUAL_SYNC}
    if routine:
        title = f"{mark} {crowd.total} {amiss}"
    elif crowd.standing:
        of = "" if crowd.standing == crowd.total else f" of {crowd.total}"
        title = f"{mark} {crowd.standing}{of} {amiss}"
    else:
        title = f"✅ All {crowd.total} {over}"
    since = line("Since ", Moment(crowd.opened), ", many at once: look for what they share.")
    rows = [_member(one) for one in crowd.members]
    key = f"{crowd.topic.value}:{int(crowd.opened.timestamp())}"
    said = [
        blocks.header(title, f"{key}:headline"),
        blocks.prose(f"{key}:facts", [blocks.lines(since), blocks.bullets(rows)]),
    ]
    if (hidden := crowd.total - len(crowd.members)) > 0:
        said.append(blocks.context(line(f"and {hidden} more"), f"{key}:more"))
    return Message(mrkdwn(line(title, ". ", *since), blocks.TEXT), tuple(said))


def _member(one: Member) -> Line:
    app = Link(one.subject.page, quoted(one.subject.application, MEMBER).text)
    state = HAPPENED[one.what] if one.stands or one.what is not What.AUTO_SYNC_CHANGED else BACK_ON
    said = line(app, " ", Bold(state), " since ", Moment(one.since))
    return line(*said, ": ", quoted(_whom(one.subject), 2 * MEMBER))
