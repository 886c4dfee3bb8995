"""The card: the one message of an operation, written anew for each state and edited in place.

Equal states give equal cards: running times are coarse, and block ids belong to the operation.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approving.approvals import Approval, Decision, Override
from bot.domain.lifecycle import CANCELLABLE
from bot.domain.message import Message
from bot.domain.operations import Change, Kind, Operation, Phase, Progress, Pull, Stage, Written
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.auto_rollback import Requested, Standing, is_open
from bot.domain.rollback.emergency import ItemState, OpenItem
from bot.domain.rollback.undoing import Undoing
from bot.messages import blocks
from bot.messages import rollout as rollouts
from bot.messages.problems import say
from bot.messages.rollback import auto_sync, taking_back
from bot.messages.rollback.insisting import offer_buttons, offer_lines
from bot.messages.rollback.retreats import held_lines, retreat_lines
from bot.messages.rollback.undoing import undo_button, undo_line
from bot.messages.spans import (
    SENTENCE,
    Bold,
    Code,
    Line,
    Link,
    Moment,
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
from bot.messages.times import elapsed, lasted
from bot.messages.wishes import NOUNS, asker, doer, to_do, wishes

CANCEL = "cancel_operation"
ANEW = "ask_anew"
"""Action ids; the value of each button is the operation's id."""

TITLE = 150
SERVICES = 1_500
"""The most characters that the names of all services take together."""
TARGETS = 4_000
"""The most characters that the lines of the targets take together; the others are counted."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where people look things up. *github* is its web address, without a last slash."""

    github: str = "https://github.com"

    def commit(self, repo: str, sha: str) -> str:
        """Return the address of a commit."""
        return f"{self.github}/{repo}/commit/{sha}"


MARKS: Mapping[Phase, str] = {
    Phase.RECEIVED: "📥",
    Phase.CHECKING: "🔎",
    Phase.AWAITING: "✋",
    Phase.QUEUED: "⏳",
    Phase.COMMITTING: "📝",
    Phase.MERGING: "🔀",
    Phase.FOLLOWING: "🚚",
    Phase.LIVE: "✅",
    Phase.REFUSED: "⛔",
    Phase.CANCELLED: "🚫",
    Phase.FAILED: "❌",
}
"""A picture beside the words, never instead of them."""

STATES: Mapping[Phase, str] = {
    Phase.RECEIVED: "Received",
    Phase.CHECKING: "Checking",
    Phase.AWAITING: "Waiting for approval",
    Phase.QUEUED: "Waiting in line",
    Phase.COMMITTING: "Committing",
    Phase.MERGING: "Waiting to be merged",
    Phase.FOLLOWING: "Rolling out",
    Phase.LIVE: "Live",
    Phase.REFUSED: "Refused, nothing was changed",
    Phase.CANCELLED: "Cancelled, nothing was changed",
    Phase.FAILED: "Failed",
}

SENTENCES: Mapping[Phase, str] = {
    Phase.RECEIVED: "It is written down and starts now.",
    Phase.CHECKING: "It is being checked.",
    Phase.AWAITING: "It waits for approval.",
    Phase.QUEUED: "It waits in line.",
    Phase.COMMITTING: "The commit is being written.",
    Phase.MERGING: "Its pull request waits to be merged.",
    Phase.FOLLOWING: "The commit is made and Argo CD is bringing it out.",
    Phase.LIVE: "It is live.",
    Phase.REFUSED: "It was refused and nothing was changed.",
    Phase.CANCELLED: "It was cancelled and nothing was changed.",
    Phase.FAILED: "It failed.",
}

DOING: Mapping[Phase, str] = {
    Phase.RECEIVED: "Written down; work on it starts now",
    Phase.CHECKING: "Reading the version, the file and the applications",
    Phase.AWAITING: "Waiting for people to approve it",
    Phase.QUEUED: "Waiting in line",
    Phase.COMMITTING: "Writing the commit",
    Phase.MERGING: "Waiting for its pull request to be merged",
    Phase.FOLLOWING: "Argo CD brings it out",
    Phase.LIVE: "Live",
    Phase.REFUSED: "Refused; nothing was changed",
    Phase.CANCELLED: "Cancelled; nothing was changed",
    Phase.FAILED: "Failed",
}

AROUND_STATES: Mapping[Phase, str] = {
    Phase.COMMITTING: "Preparing",
    Phase.FOLLOWING: "Rolling back by Argo CD",
}
AROUND: Mapping[Phase, str] = {
    Phase.CHECKING: "Reading Argo CD's history, and who else writes the application",
    Phase.COMMITTING: "Preparing: nothing is changed yet",
    Phase.FOLLOWING: "Argo CD rolls it back",
}
"""What is done in a phase where a rollback goes around Git."""

STAGES: Mapping[Stage, str] = {
    Stage.WAITING: "waiting for Argo CD",
    Stage.SYNCING: "syncing",
    Stage.ROLLING: "rolling out",
    Stage.PAUSED: "paused",
    Stage.LIVE: "live",
    Stage.FAILED: "failed",
}


def card(
    operation: Operation,
    links: Links,
    now: datetime,
    decisions: Sequence[Decision] = (),
    item: OpenItem | None = None,
    back: Standing | None = None,
    undo: Undoing | None = None,
) -> Message:
    """Return the card of *operation* as it stands at *now*, with what people decided about it.

    *item* is the auto-sync that it switched off, if it did; *back* what has become of its automatic
    rollback, *undo* the way back that it offers, if it has failed.
    """
    said: list[blocks.Block] = [
        blocks.header(headline(operation), f"{operation.id}:headline"),
        _prose(operation, "request", [*_request(operation, links), *_decided(decisions)]),
    ]
    if targets := _targets(operation):
        said.append(blocks.prose(f"{operation.id}:targets", [blocks.bullets(targets)]))
    how_far = retreat_lines(operation.plan.retreats) if operation.plan is not None else []
    if told := [*how_far, *held_lines(operation)]:
        said.append(_prose(operation, "retreats", told))
    said.append(_prose(operation, "state", _state(operation, now)))
    if offered := list(offer_lines(operation)):
        said.append(_prose(operation, "offer", offered))
    if buttons := offer_buttons(operation):
        said.append(blocks.actions(buttons, f"{operation.id}:insist"))
    said += _auto_sync(operation, item)
    said += _rollouts(operation, blocks.ROOM - sum(map(blocks.size, said)))
    if operation.phase in CANCELLABLE:
        said.append(blocks.actions([_cancel(operation)], f"{operation.id}:actions"))
    elif operation.problem is not None and operation.problem.reason is Reason.PULL_CONFLICTS:
        said.append(blocks.actions([ask_anew(operation.id)], f"{operation.id}:actions"))
    else:
        said += _ways_back(operation, back, undo)
    said.append(_small_print(operation))
    return Message(summary(operation), tuple(said))


def _ways_back(
    operation: Operation, back: Standing | None, undo: Undoing | None
) -> Iterator[blocks.Block]:
    """Yield how a failed operation goes back: by itself, or by whoever clicks."""
    buttons: list[blocks.Block] = []
    if back is not None:
        yield _prose(operation, "itself", taking_back.card_lines(back, operation))
        if is_open(back):
            buttons.append(taking_back.stop_button(operation))
    if commit_stands(operation) and undo is not None and not isinstance(back, Requested):
        yield _prose(operation, "back", [undo_line(undo)])
        buttons += [button] if (button := undo_button(undo)) is not None else []
    if buttons:
        yield blocks.actions(buttons, f"{operation.id}:actions")


def _auto_sync(operation: Operation, item: OpenItem | None) -> Iterator[blocks.Block]:
    """Yield how auto-sync stands, and the button that resumes it once the rollback has ended."""
    if item is None or item.state is ItemState.SAVED:
        return
    yield _prose(operation, "auto-sync", [auto_sync.card_line(item)])
    if item.stands and operation.phase.ended:
        yield blocks.actions([auto_sync.button(item)], f"{operation.id}:resume")


def _rollouts(operation: Operation, room: int) -> Iterator[blocks.Block]:
    """Yield how the Rollouts stand that are not through, and what people may do with them.

    What does not fit into *room* characters is found by its name.
    """
    if operation.phase.ended:
        return
    where = operation.request.environment
    moving = [(each.service, one) for each in operation.progress for one in each.rollouts]
    for index, (service, one) in enumerate(moving):
        shown = rollouts.short(one, service, where, f"{operation.id}:rollout:{index}")
        room -= sum(map(blocks.size, shown))
        if room < 0 or index == rollouts.MOST:
            more = Code(f"/ship rollout <service> {where}")
            yield _prose(operation, "rollouts", [line(f"and {len(moving) - index} more: ", more)])
            return
        yield from shown


def headline(operation: Operation) -> str:
    """Return how the operation stands and what it is, in a few plain words."""
    services = listed((Text(name(each).text) for each in operation.request.services), most=3)
    names = "".join(span.text for span in services if isinstance(span, Text))
    where = name(operation.request.environment).text
    request = operation.request
    way = f"back in {where}" if request.kind is Kind.ROLLBACK else f"to {where}"
    around = AROUND_STATES.get(operation.phase) if request.by_argocd else None
    return f"{MARKS[operation.phase]} {around or STATES[operation.phase]}: {names} {way}"


def summary(operation: Operation) -> str:
    """Return the whole news as one escaped sentence or two, for screen readers and phones."""
    return mrkdwn(news(operation), blocks.TEXT)


def news(operation: Operation) -> Line:
    """Return who asked for what, how it stands, and what to do if something is wrong."""
    request = operation.request
    asked = line(f"{operation.id}: ", asker(request), " asked to ", *to_do(request))
    if request.takes_back is not None:
        asked = line(f"{operation.id}: by itself Shipmate ", *wishes(request))
    around = AROUND.get(operation.phase) if request.by_argocd else None
    said = line(*asked, f". {around}." if around else f". {SENTENCES[operation.phase]}")
    if operation.phase is Phase.QUEUED:
        said = line(*said, " ", *_ahead(operation))
    if operation.problem is None:
        return said
    words = say(operation.problem)
    return line(*said, " ", *words.what, " ", *words.next)


def commit_stands(operation: Operation) -> bool:
    """Tell whether Git still says what *operation* wrote, as far as we were told."""
    overtaken = operation.problem is not None and operation.problem.reason is Reason.OVERTAKEN
    return operation.written is not None and not overtaken


def _prose(operation: Operation, part: str, of: Iterable[Line]) -> blocks.Block:
    return blocks.prose(f"{operation.id}:{part}", [blocks.lines(*of)])


def _request(operation: Operation, links: Links) -> Iterator[Line]:
    request, plan = operation.request, operation.plan
    services = listed(map(name, request.services), most=50, room=SERVICES)
    by_itself = " by itself" if request.takes_back is not None else ""
    yield line(asker(request), " ", *wishes(request, services), by_itself)
    if plan is not None and plan.commit:
        which = Link(links.commit(plan.source, plan.commit), short(plan.commit))
        author = quoted(plan.author, 60)
        by = line(" by ", author) if author.text else ()
        opening = "Back to commit " if request.kind is Kind.ROLLBACK else "Commit "
        yield line(opening, which, " ", quoted(plan.title, TITLE), *by)
    if request.reason and (reason := quoted(request.reason)).text:
        yield line("Because: ", reason)
    if plan is not None and plan.through_freeze:
        yield line(name(request.environment), " is frozen; a rollback goes on all the same.")
    if plan is not None and plan.rights_as_of is not None:
        as_of = Moment(plan.rights_as_of)
        yield line(
            "GitHub does not answer: the right to this is as it confirmed it at ", as_of, "."
        )


def _decided(decisions: Sequence[Decision]) -> Iterator[Line]:
    """Say who approved it, or who broke the glass."""
    yes = [one for one in decisions if isinstance(one, Approval)]
    if yes:
        people = listed([doer(one.by) for one in yes], most=8)
        yield line(Bold("Approved by "), *people, f" at {yes[-1].at:%H:%M %Z}")
    for one in decisions:
        if isinstance(one, Override):
            who = doer(one.by)
            yield line("🚨 ", Bold("Override by "), who, ": ", quoted(one.reason))


def _targets(operation: Operation) -> list[Line]:
    if operation.plan is None:
        return []
    progress = {each.service: each for each in operation.progress}
    every = [(change, progress.get(change.service)) for change in operation.plan.changes]
    lines = [_target(change, seen, operation.problem) for change, seen in every]
    if sum(map(length, lines)) <= TARGETS:
        return lines
    troubled = sorted(range(len(lines)), key=lambda at: _trouble(every[at][1]))
    shown, room = [], TARGETS
    for at in troubled:
        room -= length(lines[at])
        if room < 0:
            break
        shown.append(at)
    hidden = [every[at][1] for at in troubled[len(shown) :]]
    return [*(lines[at] for at in shown), _rest(hidden)]


def _trouble(progress: Progress | None) -> int:
    worst_first = (Stage.FAILED, Stage.PAUSED)
    stage = progress.stage if progress else None
    return worst_first.index(stage) if stage in worst_first else len(worst_first)


def _rest(hidden: Sequence[Progress | None]) -> Line:
    counts = Counter(STAGES[each.stage] for each in hidden if each is not None)
    states = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    return line(f"and {len(hidden)} more" + (f": {states}" if states else ""))


def _target(change: Change, progress: Progress | None, said_below: Problem | None) -> Line:
    old = code(change.old) if change.old is not None else Text("no tag")
    new = line(" → ", code(change.new)) if change.new != change.old else line(" (as it was)")
    said = line(name(change.service), "  ", old, *new)
    if progress is None:
        return said
    argo = [quoted(word, 20).text for word in (progress.sync, progress.health)]
    state = ", ".join([STAGES[progress.stage], *filter(None, argo)])
    application = f"Argo CD {quoted(progress.application, 60).text}"
    said = line(*said, "  ", Bold(state), " · ", Link(progress.url, application))
    if progress.problem is None or progress.stage is Stage.PAUSED or progress.problem == said_below:
        return said  # what it waits for, or failed with, is said once, under its state
    return line(*said, "\n", *_cut(say(progress.problem).what, SENTENCE))


def _cut(spans: Line, room: int) -> Line:
    """Return *spans* up to the one that would pass *room* characters."""
    kept: list[Line] = []
    for span in spans:
        room -= length((span,))
        if room < 0:
            return line(*(span for part in kept for span in part), "…")
        kept.append((span,))
    return spans


def _state(operation: Operation, now: datetime) -> Iterator[Line]:
    yield from _doing(operation, now)
    if operation.pull is not None:
        yield _pull(operation, operation.pull)
    if operation.written is not None:
        yield _commit(operation, operation.written)
    if operation.problem is not None:
        words = say(operation.problem)
        opening = "What happened: " if operation.phase.ended else "Why it waits: "
        yield line(Bold(opening), *words.what)
        yield line(Bold("Next: "), *words.next)


def _doing(operation: Operation, now: datetime) -> Iterator[Line]:
    around = AROUND.get(operation.phase) if operation.request.by_argocd else None
    doing = around or DOING[operation.phase]
    if operation.phase.ended:
        took = lasted((operation.ended_at or now) - operation.requested_at)
        yield line(Bold(doing), f" · after {took}")
        return
    if operation.phase is Phase.FOLLOWING and len(operation.progress) > 1:
        live = sum(each.stage is Stage.LIVE for each in operation.progress)
        doing += f": {live} of {len(operation.progress)} live"
    since = operation.entered.get(operation.phase, operation.requested_at)
    yield line(Bold(doing), f" · {elapsed(now - since)}")
    if operation.phase is Phase.QUEUED:
        yield _ahead(operation)


def _ahead(operation: Operation) -> Line:
    if not operation.ahead:
        return line("Nothing is ahead of it; it starts now.")
    ahead = listed(map(Code, operation.ahead))
    ended = " has ended." if len(operation.ahead) == 1 else " have ended."
    return line(f"Number {len(operation.ahead)} in line. It starts when ", *ahead, ended)


def _commit(operation: Operation, written: Written) -> Line:
    made_none = written.attempts == 0
    opening = "Git said so already, at " if made_none else "GitOps commit "
    said = line(opening, Link(written.url, short(written.sha)))
    if plan := operation.plan:
        said = line(*said, " on ", code(plan.branch, 80), " of ", code(plan.repo, 100))
    if written.attempts > 1:
        said = line(*said, f", at try {written.attempts}: others committed at the same time")
    if operation.phase is Phase.FAILED and commit_stands(operation) and not made_none:
        said = line(*said, ". It stands: Git names the new tag.")
    return said


def _pull(operation: Operation, pull: Pull) -> Line:
    """Say which pull request it is and, while it waits, since when and for whom."""
    said = line("Pull request ", Link(pull.url, f"#{pull.number}"))
    if plan := operation.plan:
        said = line(*said, " into ", code(plan.branch, 80), " of ", code(plan.repo, 100))
    if operation.phase is not Phase.MERGING:
        return said
    by = "The bot merges it when GitHub lets it." if pull.by_bot else "People merge it on GitHub."
    since = Moment(operation.entered.get(Phase.MERGING.value, operation.requested_at))
    return line(*said, ", open since ", since, ". ", by)


def ask_anew(operation_id: str) -> blocks.Block:
    """Return the button by which whoever clicks asks for the same with a fresh plan."""
    what = "The same services, version and environment are asked for in your name."
    question = blocks.confirm("Ask again with a fresh plan?", what, "Ask again", "Not now")
    return blocks.button("Ask again with a fresh plan", ANEW, operation_id, question)


def _cancel(operation: Operation) -> blocks.Block:
    noun = NOUNS[operation.request.kind]
    question = blocks.confirm(
        f"Cancel {operation.id}?",
        f"Nothing has been changed yet. The {noun} ends here; it can be asked for again.",
        f"Cancel the {noun}",
        "Go on",
    )
    return blocks.button(f"Cancel this {noun}", CANCEL, operation.id, question)


def _small_print(operation: Operation) -> blocks.Block:
    at = operation.requested_at
    moment = (
        f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{at:%Y-%m-%d %H:%M %Z}>"
    )
    return blocks.context(line(f"{operation.id} · asked "), f"{operation.id}:id", moment)
