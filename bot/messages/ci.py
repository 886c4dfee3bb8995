"""The note of a workflow that fails: one message from the first failure to the recovery."""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.ci.clicks import Span as MuteSpan
from bot.domain.ci.clicks import mute_value, rerun_value
from bot.domain.ci.episodes import Episode
from bot.domain.ci.findings import Annotation, Findings, Job, Waiting
from bot.domain.ci.notes import CiNote, Crowded, CrowdNote, Extent, Mute
from bot.domain.ci.runs import Conclusion, Origin, Run
from bot.domain.message import Message
from bot.messages import blocks
from bot.messages.cards import Links
from bot.messages.spans import (
    Code,
    Line,
    Link,
    Moment,
    Person,
    Text,
    code,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
    short,
)
from bot.messages.times import lasted

RERUN = "shipmate.ci.rerun"
MUTE = "shipmate.ci.mute"
UNMUTE = "shipmate.ci.unmute"
OPEN = "shipmate.ci.open"
"""Action ids."""

RED, GREEN, QUIET = "🔴", "🟢", "🔕"

TITLE = 150
SAID = 300
"""The most characters of an annotation that are shown."""
ANNOTATIONS = 3
"""Annotations of a job that are shown."""
EXCERPTS = 2
"""Jobs whose annotations or log are shown; the others are named."""
MEMBERS = 30
"""Workflows of a crowd that are named."""

ENDED: dict[Conclusion, str] = {
    Conclusion.FAILURE: "CI failed",
    Conclusion.TIMED_OUT: "CI ran out of time",
    Conclusion.STARTUP_FAILURE: "CI did not start",
    Conclusion.ACTION_REQUIRED: "CI waits for somebody",
}
JOBS: dict[str, str] = {
    "failure": "failed",
    "timed_out": "ran out of time",
    "cancelled": "was cut off",
    "startup_failure": "did not start",
    "action_required": "waits for somebody",
}
SPANS: dict[MuteSpan, str] = {
    MuteSpan.HOURS: "4 hours",
    MuteSpan.DAY: "a day",
    MuteSpan.WEEK: "a week",
}
EXTENTS: dict[Extent, str] = {
    Extent.BRANCH: "this branch",
    Extent.WORKFLOW: "all branches",
}


def note(told: CiNote, links: Links) -> Message:
    """Return the note as it stands. Equal states give equal notes."""
    episode = told.episode
    run = episode.newest
    said = [
        blocks.header(_headline(run), f"ci:{told.id}:headline"),
        _prose(told, "commit", [_commit(told, links), *_history(episode)]),
    ]
    if episode.stands:
        said += _failing(told)
        said.append(blocks.actions(list(_buttons(told)), f"ci:{told.id}:actions"))
    else:
        view = blocks.open_page("View run", OPEN, run.url)
        said.append(blocks.actions([view], f"ci:{told.id}:actions"))
    return Message(mrkdwn(_news(told), blocks.TEXT), tuple(said))


def failed_again(episode: Episode) -> Message:
    """Return the reply that says that it failed once more."""
    run = episode.last
    which = line(_attempt(run), Link(run.url, "View run"))
    said = line(f"{RED} Failed again: ", *_of(run), *_by(run), ". ", *which)
    return _reply("ci:again", said)


def recovered(episode: Episode) -> Message:
    """Return the reply that says that it goes well again."""
    assert episode.recovery is not None
    run = episode.recovery
    said = line(f"{GREEN} Green again after {_broken(episode)}: ", *_of(run), *_by(run), ". ")
    return _reply("ci:recovered", line(*said, Link(run.url, "View run")))


def crowd(told: CrowdNote, key: str) -> Message:
    """Return the note of many workflows that began to fail at once. *key* is its name."""
    failing = sum(one.stands for one in told.members) + told.failing
    mended = len(told.members) + told.failing + told.mended - failing
    some = "workflow" if failing == 1 else "workflows"
    if failing:
        headline = f"{RED} {failing} more {some} failed at about the same time"
    else:
        headline = f"{GREEN} All {mended} of them are green again"
    opening = line("They are told together. Many at once often have one cause outside the code.")
    shown = told.members[:MEMBERS]
    named = [_member(one) for one in shown]
    hidden = failing + mended - len(shown)
    if hidden:
        named.append(line(f"and {hidden} more"))
    counted = line(f"{failing} fail, {mended} are green again.") if mended and failing else None
    text = line(f"{headline}: ", *listed([name(one.repository) for one in shown], most=5))
    said = (
        blocks.header(headline, f"{key}:headline"),
        blocks.prose(f"{key}:about", [blocks.lines(opening, *([counted] if counted else []))]),
        blocks.prose(f"{key}:members", [blocks.bullets(named)]),
        blocks.context(line("since ", Moment(told.since)), f"{key}:since"),
    )
    return Message(mrkdwn(text, blocks.TEXT), said)


# the head


def _headline(run: Run) -> str:
    mark, what = (
        (GREEN, "CI is green again")
        if run.conclusion is Conclusion.SUCCESS
        else (
            RED,
            ENDED[run.conclusion],
        )
    )
    series = run.series
    where = f"{name(run.name).text} on {code(series.branch, 60).text}"
    return f"{mark} {what}: {where} · {name(series.repository).text}"


def _news(told: CiNote) -> Line:
    """Return the whole news as a sentence, for screen readers and phones."""
    run = told.episode.newest
    found = _fresh(told)
    job = found.jobs[0] if found and found.jobs else None
    where = line(", at ", *_where(job)) if job is not None and told.episode.stands else ()
    return line(_headline(run), *where, ". ", *_of(run), *_by(run), ".")


def _where(job: Job) -> Line:
    steps = listed((quoted(step, 60) for step in job.steps), most=2)
    return line(name(job.name), *line(" › ", *steps)) if job.steps else line(name(job.name))


def _commit(told: CiNote, links: Links) -> Line:
    run = told.episode.newest
    page = links.commit(run.series.repository, run.sha)
    same = told.findings is not None and run.sha == told.episode.last.sha
    author = told.findings.author if told.findings is not None and same else None
    by = line(" by ", Person(author)) if author else _by(run)
    return line("Commit ", Link(page, short(run.sha)), " ", quoted(run.title, TITLE), *by)


def _of(run: Run) -> Line:
    return line(Code(short(run.sha)), " ", quoted(run.title, TITLE))


def _by(run: Run) -> Line:
    author = quoted(run.author, 60)
    return line(" by ", author) if author.text else ()


def _history(episode: Episode) -> Iterator[Line]:
    if not episode.stands:
        times = "one failure" if episode.failures == 1 else f"{episode.failures} failures"
        yield line(f"It was broken for {_broken(episode)}, {times}.")
        return
    first = episode.first
    if episode.failures > 1:
        since = line(f"Failed {episode.failures} times since ", Moment(first.at))
        yield line(*since, ", first at ", Link(first.url, short(first.sha)), ".")


def _broken(episode: Episode) -> str:
    assert episode.recovery is not None
    return lasted(episode.recovery.at - episode.first.at)


# what failed


def _failing(told: CiNote) -> Iterator[blocks.Block]:
    found = _fresh(told)
    if found is None:
        yield _prose(told, "jobs", [line("Reading which jobs failed …")])
    else:
        yield from _jobs(told, found)
        if found.waiting:
            yield _prose(told, "waiting", [_waiting(found.waiting)])
    if told.rerun is not None and told.rerun.place == told.episode.last.place:
        asked = line(Person(told.rerun.by), " let the failed jobs run again, ")
        yield _prose(told, "rerun", [line(*asked, Moment(told.rerun.at), ".")])
    if told.mute is not None:
        yield _prose(told, "mute", [_mute(told.mute)])


def _fresh(told: CiNote) -> Findings | None:
    """Return the findings if they are of the failure that is shown."""
    found = told.findings
    return found if found is not None and found.place == told.episode.last.place else None


def _jobs(told: CiNote, found: Findings) -> Iterator[blocks.Block]:
    for index, job in enumerate(found.jobs):
        if index < EXCERPTS:
            yield blocks.prose(f"ci:{told.id}:job:{index}", list(_job(job)))
    others: list[Line] = [_named(job) for job in found.jobs[EXCERPTS:]]
    if found.hidden:
        others.append(line(f"and {found.hidden} more"))
    if others:
        yield blocks.prose(f"ci:{told.id}:others", [blocks.bullets(others)])
    if found.trouble:
        yield _prose(told, "trouble", [line("Not all could be read: ", quoted(found.trouble), ".")])
    elif not found.jobs:
        yield _prose(told, "none", [line("GitHub names no job that failed; the run's page may.")])


def _named(job: Job) -> Line:
    ended = JOBS.get(job.conclusion, job.conclusion.replace("_", " "))
    steps = listed((code(step, 80) for step in job.steps), most=3)
    at = line(" at ", *steps) if job.steps else ()
    return line(Link(job.url, name(job.name).text), f" {quoted(ended, 30).text}", *at)


def _job(job: Job) -> Iterator[blocks.Block]:
    notes = [_annotation(one) for one in job.annotations[:ANNOTATIONS]]
    if more := len(job.annotations) - ANNOTATIONS:
        notes += [line(f"and {more} more")] if more > 0 else []
    yield blocks.lines(_named(job))
    if notes:
        yield blocks.bullets(notes)
    if job.tail:
        yield blocks.verbatim(job.tail)


def _annotation(one: Annotation) -> Line:
    place = f"{one.path}:{one.line}" if one.path not in {"", ".github"} else ""
    where = line(code(place, 120), " ") if place else ()
    return line(*where, quoted(one.message, SAID))


def _waiting(waiting: Sequence[Waiting]) -> Line:
    return line("Behind it: ", *listed([_waits(one) for one in waiting], most=4), ".")


def _waits(one: Waiting) -> Text:
    some = "commit" if one.commits == 1 else "commits"
    verb = "waits" if one.commits == 1 else "wait"
    service, place = name(one.service).text, name(one.environment).text
    return Text(f"{one.commits} {some} of {service} {verb} for {place}")


def _mute(mute: Mute) -> Line:
    said = line(f"{QUIET} Muted for {EXTENTS[mute.extent]} until ", Moment(mute.until), " by ")
    return line(*said, Person(mute.by), ".")


# buttons


def _buttons(told: CiNote) -> Iterator[blocks.Block]:
    run = told.episode.last
    asked = told.rerun is not None and told.rerun.place == run.place
    has_jobs = run.conclusion in {Conclusion.FAILURE, Conclusion.TIMED_OUT}
    if run.series.origin is Origin.ACTIONS and has_jobs and not asked:
        value = rerun_value(told.id, run.id, run.attempt)
        yield blocks.button("Re-run failed jobs", RERUN, value)
    yield blocks.open_page("View run", OPEN, run.url)
    if told.mute is not None:
        yield blocks.button("Unmute", UNMUTE, told.id)
    else:
        yield blocks.select("Mute …", MUTE, _mutes(told.id))


def _mutes(note_id: str) -> Iterable[tuple[str, str]]:
    for extent, where in EXTENTS.items():
        for span, long in SPANS.items():
            yield f"Mute {where} for {long}", mute_value(note_id, extent, span)


# pieces


def _member(one: Crowded) -> Line:
    mark = RED if one.stands else GREEN
    where = line(" on ", code(one.branch, 60), " · ", name(one.repository))
    return line(f"{mark} ", Link(one.url, name(one.name).text), *where)


def _attempt(run: Run) -> str:
    several = run.series.origin is Origin.ACTIONS and run.attempt > 1
    return f"It was attempt {run.attempt}. " if several else ""


def _prose(told: CiNote, part: str, of: Iterable[Line]) -> blocks.Block:
    return blocks.prose(f"ci:{told.id}:{part}", [blocks.lines(*of)])


def _reply(block_id: str, said: Line) -> Message:
    return Message(mrkdwn(said, blocks.TEXT), (blocks.prose(block_id, [blocks.lines(said)]),))
