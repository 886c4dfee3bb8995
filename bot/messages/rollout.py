"""Argo Rollouts in words: how one stands, its buttons, and what became of a click."""

from collections.abc import Iterator, Mapping, Sequence

from bot.domain.message import Message
from bot.domain.problems import Problem
from bot.domain.rollout import (
    Analysis,
    Move,
    Pause,
    Rollout,
    Side,
    Strategy,
    moves_now,
    reference_of,
)
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.replies import reply
from bot.messages.spans import (
    Bold,
    Code,
    Line,
    Link,
    Moment,
    Person,
    code,
    cut,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
)
from bot.messages.stops.standstills import announcement

ACTIONS: Mapping[str, Move] = {
    "rollout_promote": Move.PROMOTE,
    "rollout_promote_fully": Move.PROMOTE_FULLY,
    "rollout_abort": Move.ABORT,
    "rollout_retry": Move.RETRY,
    "rollout_restart": Move.RESTART,
}
"""The action ids of the buttons; the value of each is a ``Reference``."""

MOST = 2
"""The most Rollouts that one message shows, each with a row of buttons."""

ROW = 300
"""The most characters of one line about a Rollout."""

LABELS: Mapping[Move, str] = {
    Move.PROMOTE: "Promote",
    Move.PROMOTE_FULLY: "Promote fully",
    Move.ABORT: "Abort",
    Move.RETRY: "Retry",
    Move.RESTART: "Restart",
}

CONSEQUENCES: Mapping[Move, str] = {
    Move.PROMOTE: "It goes on: a canary by one step, a blue-green to the new version.",
    Move.PROMOTE_FULLY: "All that is left of its steps, pauses and analysis is skipped.",
    Move.ABORT: "The old version serves again. Git still asks for the new one.",
    Move.RETRY: "The new version is tried again from the first step.",
    Move.RESTART: "All its pods are replaced one after another, at the same version.",
}

DONE: Mapping[Move, str] = {
    Move.PROMOTE: "promoted",
    Move.PROMOTE_FULLY: "fully promoted",
    Move.ABORT: "aborted",
    Move.RETRY: "retried",
    Move.RESTART: "restarted",
}

REASONS: Mapping[str, str] = {
    "CanaryPauseStep": "a pause between its steps",
    "BlueGreenPause": "the new version is up beside the old one",
    "InconclusiveAnalysisRun": "an analysis came to no result",
}
"""Why a Rollout pauses, by its own word for it.

Source: argo-rollouts v1.9.1 ``pkg/apis/rollouts/v1alpha1/types.go``, PauseReason.
"""

ANALYSES: Mapping[str, str] = {
    "Healthy": "passed",
    "Degraded": "failed",
    "Progressing": "runs",
    "Unknown": "came to no result",
}
"""What Argo CD's health of an AnalysisRun means.

Source: argo-cd v3.5.1 ``resource_customizations/argoproj.io/AnalysisRun/health.lua``.
"""


def looking(service: str, environment: str) -> Message:
    """Say that Argo CD is being asked, and the answer follows."""
    whose = line(name(service), " in ", name(environment))
    return reply(line("Asking Argo CD about the rollout of ", *whose, "; the answer follows here."))


def rollout_card(service: str, environment: str, rollouts: Sequence[Rollout], url: str) -> Message:
    """Return how the *rollouts* of a service stand, for the person who asked, with buttons."""
    head = line(name(service), " in ", name(environment), ", ", Link(url, "in Argo CD"), ".")
    shown = rollouts[:MOST]
    said = [blocks.prose("rollout", [blocks.lines(head)])]
    spoken = [*head]
    for index, one in enumerate(shown):
        rows = [cut(row, ROW) for row in lines(one)]
        spoken += [span for row in rows for span in line(" ", *row)]
        said.append(blocks.prose(f"rollout:{index}", [blocks.lines(*rows)]))
        said += buttons(one, service, environment, f"rollout:{index}:buttons")
    if hidden := len(rollouts) - len(shown):
        more = line(f"and {hidden} more Rollouts of the same image: see Argo CD.")
        said.append(blocks.prose("rollout:more", [blocks.lines(more)]))
    return Message(mrkdwn(spoken, blocks.TEXT), tuple(said))


def lines(rollout: Rollout) -> Iterator[Line]:
    """Yield how *rollout* stands: what it does, both versions, its pods, what it waits for."""
    yield line(name(rollout.label), f", {rollout.strategy.value}: ", *_standing(rollout))
    if rollout.is_through:
        yield line("version ", *_side(rollout.new))
    else:
        yield line("new ", *_side(rollout.new), ", stable ", *_side(rollout.stable))
    counts = f"{rollout.updated} new, {rollout.ready} ready, {rollout.available} available"
    yield line(f"pods: {rollout.desired} wanted, {counts}")
    for pause in rollout.pauses if not rollout.aborted else ():
        yield _pause(pause)
    if rollout.message and not rollout.pauses:
        yield line("its controller says: ", quoted(rollout.message, 150))
    for one in rollout.analyses:
        yield _analysis(one)


def short(rollout: Rollout, service: str, environment: str, block_id: str) -> list[blocks.Block]:
    """Return *rollout* in a few lines and its buttons, as blocks of the card of an operation."""
    rows = [cut(row, ROW) for row in _short_lines(rollout)]
    said = blocks.prose(block_id, [blocks.lines(*rows)])
    return [said, *buttons(rollout, service, environment, f"{block_id}:buttons")]


def buttons(rollout: Rollout, service: str, environment: str, block_id: str) -> list[blocks.Block]:
    """Return a row with what may be done now; nothing where that is nothing."""
    moves = moves_now(rollout)
    made = [_button(move, rollout, service, environment) for move in moves]
    return [blocks.actions(made, block_id)] if made else []


def versions(rollout: Rollout) -> str:
    """Return both versions in plain words, as a dialog names them."""
    new = _tags(rollout.new)
    return new if rollout.is_through else f"{_tags(rollout.stable)} → {new}"


def moved(move: Move, rollout: Rollout, service: str, environment: str) -> Message:
    """Say to whoever clicked that it was done; what comes of it shows a little later."""
    what = line(f"{DONE[move].capitalize()}: ", name(service), " in ", name(environment))
    said = line(*what, ", ", code(versions(rollout), 160), ".")
    if move is not Move.ABORT:
        return reply(said, line("Argo Rollouts acts on it within seconds."))
    back = Code(f"/rollback {service} {environment}")
    return reply(said, line("Git still asks for the new version: take it back with ", back, "."))


def not_moved(problem: Problem) -> Message:
    """Say why nothing was done, and what to do."""
    words = say(problem)
    return reply(words.what, words.next)


def unreadable() -> Message:
    """Say that a button's value is not one of ours any more; nothing was done."""
    again = Code("/ship rollout <service> <environment>")
    return reply(line("This button is too old to be read. Nothing was done; send ", again, "."))


def announced(move: Move, between: str, service: str, environment: str, by: str) -> Message:
    """Tell everybody what the Slack user *by* did to a Rollout that no operation of ours follows.

    *between* are its ``versions``.
    """
    what = line(Person(by), f" {DONE[move]} the rollout of ", name(service), " in ")
    said = line(*what, name(environment), ": ", code(between, 160), ".")
    if move is not Move.ABORT:
        return announcement("rollout", line("🚦 ", *said))
    back = Code(f"/rollback {service} {environment}")
    git = line("Git still asks for the new version; ", back, " takes it back.")
    return announcement("rollout", line("🚦 ", *said), git)


def _short_lines(rollout: Rollout) -> Iterator[Line]:
    counts = f"{rollout.updated} of {rollout.desired} pods new, {rollout.ready} ready"
    yield line(name(rollout.label), ": ", *_standing(rollout), f" · {counts}")
    for pause in rollout.pauses if not rollout.aborted else ():
        yield _pause(pause)
    for one in rollout.analyses[:2]:
        yield _analysis(one)


def _standing(rollout: Rollout) -> Line:
    if rollout.aborted:
        return line(Bold("aborted"), ", the stable version serves")
    if rollout.waits:
        what = line(Bold("paused"))
    elif rollout.is_through:
        return line(Bold("through"), ", nothing is under way")
    else:
        what = line(Bold("promoting fully" if rollout.promoting_fully else "going on"))
    if rollout.strategy is Strategy.CANARY and rollout.step is not None:
        at = min(rollout.step + 1, rollout.steps)
        what = line(*what, f" at step {at} of {rollout.steps}")
    if rollout.weight is not None:
        what = line(*what, f", {rollout.weight} % on the new version")
    return what


def _side(side: Side) -> Line:
    tags = listed([code(tag) for tag in side.images], most=2) or line("(no pod of it is seen)")
    return line(*tags, " (ReplicaSet ", code(side.hash, 20), ")") if side.hash else tags


def _tags(side: Side) -> str:
    return ", ".join(code(tag, 90).text for tag in side.images[:2]) or "(unknown)"


def _pause(pause: Pause) -> Line:
    said = line("waits: ", quoted(REASONS.get(pause.reason) or pause.reason or "paused", 60))
    if pause.since is not None:
        said = line(*said, ", since ", Moment(pause.since))
    if pause.ends is not None:
        return line(*said, "; it goes on by itself ", Moment(pause.ends))
    return line(*said, "; a person has to say how it goes on")


def _analysis(one: Analysis) -> Line:
    said = line("analysis ", code(one.name, 60), " ", ANALYSES.get(one.health) or "is pending")
    return line(*said, ": ", quoted(one.message, 100)) if one.message else said


def _button(move: Move, rollout: Rollout, service: str, environment: str) -> blocks.Block:
    action = next(each for each, done in ACTIONS.items() if done is move)
    title = f"{LABELS[move]}: {service} in {environment}?"
    text = f"{service} in {environment}: {versions(rollout)}. {CONSEQUENCES[move]}"
    question = blocks.confirm(title, text, LABELS[move], "Not now")
    value = str(reference_of(service, environment, rollout))
    made = blocks.go if move in {Move.PROMOTE, Move.PROMOTE_FULLY} else blocks.button
    return made(LABELS[move], action, value, question)
