"""``/ship why``: every rule, what it says of a command, and the fact that decided it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from bot.domain.facts import Proposal
from bot.domain.message import Message
from bot.domain.rights import Action
from bot.domain.rules import Allowed, Decision, Judgement, NeedsApproval, Refused
from bot.domain.rules.rulings import RuleName, Ruling, Verdict
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.spans import (
    Bold,
    Line,
    Text,
    code,
    cut,
    length,
    line,
    listed,
    mrkdwn,
    name,
)
from bot.messages.templates import fill

SERVICES = 400
ROW = 480
"""The most characters of one rule: fifteen of them and the rest stay under Slack's limit."""

LABELS: Mapping[RuleName, str] = {
    RuleName.IDENTITY: "Identity",
    RuleName.RIGHT: "Right",
    RuleName.OVERRIDE: "Override",
    RuleName.PLACE: "Place",
    RuleName.TAG: "Tag",
    RuleName.VERSION: "Version",
    RuleName.CHECKS: "Checks",
    RuleName.IMAGE: "Image",
    RuleName.ORDER: "Order",
    RuleName.SOAK: "Soak",
    RuleName.FREEZE: "Freeze",
    RuleName.LOCK: "Lock",
    RuleName.HOLD: "Hold",
    RuleName.NEW: "Change",
    RuleName.AGE: "Age",
}

PASSED: Mapping[RuleName, tuple[str, str]] = {
    RuleName.IDENTITY: (
        "[{user} is {login} on GitHub][, by {source}][Shipmate takes {itself} back by itself]",
        "",
    ),
    RuleName.RIGHT: (
        "[Members of {team} may {action} there][The environment lets {itself} go back by itself]",
        "",
    ),
    RuleName.OVERRIDE: ("[Members of {team} may override there]", "No override was asked for"),
    RuleName.PLACE: ("{service} lives in {environment}", ""),
    RuleName.TAG: ("{tag} may run there", ""),
    RuleName.VERSION: (
        "[{version} is commit {sha} of {repo}][A {exempt} goes back by the tag itself]",
        "",
    ),
    RuleName.CHECKS: (
        (
            "[Checks of {sha} are green: {count}][{unchecked} asks for no checks of {service}]"
            "[A {exempt} to what was live here is not asked for checks]"
        ),
        "",
    ),
    RuleName.IMAGE: ("{image} has the tag {tag}: {digest}", ""),
    RuleName.ORDER: (
        "[{tag} of {service} runs healthy in {before}][{tag} was live in {environment} before]",
        "It has to run nowhere before",
    ),
    RuleName.SOAK: ("[It has been healthy in {before} since {since}]", "No time is asked for"),
    RuleName.FREEZE: (
        "[{environment} is frozen; a {exempt} may go on all the same]",
        "Nothing is frozen",
    ),
    RuleName.LOCK: (
        "[{by} has a lock that only warns: {detail}]",
        "Nobody else holds a lock",
    ),
    RuleName.HOLD: (
        "[{by} holds {service} there, and a {exempt} may go on all the same][: {detail}]",
        "This version is not held back",
    ),
    RuleName.NEW: ("[{tag} takes the place of {runs}]", "Nothing of it runs there yet"),
    RuleName.AGE: (
        (
            "[This {exempt} goes back][ {behind}][Nobody can say which is older, and that stops"
            " nothing: {incomparable}][It lacks {lacks} of what"
            " runs. ][It has {ahead} that what runs lacks]"
        ),
        "It is not older than what runs",
    ),
}
"""For each rule what a pass says of its facts, and what it says without any."""

MARKS: Mapping[Verdict, str] = {
    Verdict.PASS: "✅",
    Verdict.REFUSE: "⛔",
    Verdict.UNKNOWN: "❔",
    Verdict.SKIPPED: "⏭",
}
"""A picture beside the word, never instead of it."""

WORDS: Mapping[Verdict, str] = {
    Verdict.PASS: "passes",
    Verdict.REFUSE: "refuses",
    Verdict.UNKNOWN: "unknown, so no",
    Verdict.SKIPPED: "skipped by the override",
}

_WORST_FIRST = (Verdict.REFUSE, Verdict.UNKNOWN, Verdict.SKIPPED, Verdict.PASS)


def why(proposal: Proposal, judgement: Judgement) -> Message:
    """Return the whole policy's word on *proposal*; nothing was done and nothing is."""
    what = asked(proposal)
    comes_to = decided(judgement.decision)
    rows = [row(rulings) for rulings in _by_rule(judgement.rulings) if _worth_saying(rulings)]
    elements = [blocks.lines(line(*what, *comes_to))]
    if rows:
        elements.append(blocks.bullets(rows))
    elements.append(blocks.lines(line("This was only a look: nothing was started.")))
    text = mrkdwn(line(*what, *comes_to, " Nothing was started."), blocks.TEXT)
    return Message(text, (blocks.prose("why", elements),))


def looking(services: Iterable[str], environment: str, version: str) -> Message:
    """Say that the rules are being asked, and the answer follows; *version* may be empty."""
    what = listed(map(name, services), room=SERVICES)
    at = line(" at ", code(version, 80)) if version else ()
    where = line(" to ", name(environment), *at)
    follows = "; the answer follows here, and nothing is started."
    said = line("Asking what the rules say of ", *what, *where, follows)
    return Message(mrkdwn(said, blocks.TEXT), (blocks.prose("why", [blocks.lines(said)]),))


def asked(proposal: Proposal) -> Line:
    """Say what is proposed, as the beginning of a sentence."""
    verb, way = _VERBS[proposal.action]
    services = listed(map(name, proposal.services), room=SERVICES)
    at = line(" at ", code(proposal.version, 80)) if proposal.version else ()
    return line(f"To {verb} ", *services, f" {way} ", name(proposal.environment), *at, ": ")


_VERBS = {
    **{action: (action.value, "to") for action in Action},
    Action.ROLLBACK: ("roll back", "in"),
}


def stopping(judgement: Judgement) -> list[Line]:
    """Return the lines of those rules that say no, or that an override skips."""
    return [
        row(rulings)
        for rulings in _by_rule(judgement.rulings)
        if any(one.verdict is not Verdict.PASS for one in rulings)
    ]


def decided(decision: Decision) -> Line:
    """Say what would happen now, and what to do."""
    match decision:
        case Allowed(skipped=skipped) if skipped:
            rules = listed((Text(LABELS[one]) for one in skipped), most=len(LABELS))
            return line("it may start now, and the override skips: ", *rules, ".")
        case Allowed():
            return line("it may start now.")
        case NeedsApproval(rule):
            people = "member" if rule.count == 1 else "members"
            teams = listed(map(name, sorted(rule.teams)), last=" or ")
            whom = line(f"{rule.count} {people} of ", *teams) if teams else line("nobody yet named")
            return line(
                "it may start when ", *whom, " approves." if rule.count == 1 else " approve."
            )
        case Refused(problem):
            words = say(problem)
            return line("it may not start. ", *words.what, " ", *words.next)
        case _:
            assert_never(decision)


def row(rulings: Sequence[Ruling]) -> Line:
    """Return one rule's line: the worst of its *rulings*, and of how many it is one."""
    worst = min(rulings, key=lambda one: _WORST_FIRST.index(one.verdict))
    alike = sum(one.verdict is worst.verdict for one in rulings)
    of = f" ({alike} of {len(rulings)} services)" if len(rulings) > 1 else ""
    opening = line(f"{MARKS[worst.verdict]} ", Bold(LABELS[worst.rule]), f" {WORDS[worst.verdict]}")
    return cut(line(*opening, f"{of}: ", *_fact(worst)), ROW)


def _fact(ruling: Ruling) -> Line:
    if ruling.problem is not None:
        words = say(ruling.problem)
        return (
            words.what
            if ruling.verdict is Verdict.SKIPPED
            else (*words.what, Text(" "), *words.next)
        )
    template, otherwise = PASSED[ruling.rule]
    said = fill(template, ruling.facts) if ruling.facts else ()
    return (
        line(*said, ".") if length(said) else line(f"{otherwise or 'Nothing speaks against it'}.")
    )


def _by_rule(rulings: Sequence[Ruling]) -> list[list[Ruling]]:
    groups: dict[RuleName, list[Ruling]] = {}
    for one in rulings:
        groups.setdefault(one.rule, []).append(one)
    return list(groups.values())


def _worth_saying(rulings: Sequence[Ruling]) -> bool:
    """Leave out the right to override where nobody asked for one."""
    return any(one.rule is not RuleName.OVERRIDE or one.facts or one.stops for one in rulings)
