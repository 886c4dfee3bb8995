"""Words for text that is no command, with whole corrected lines to copy."""

from collections.abc import Mapping, Sequence

from bot.domain.commands import Misread, MisreadReason
from bot.domain.message import Message
from bot.messages.escape import clean
from bot.messages.problems import Words
from bot.messages.replies import reply
from bot.messages.spans import Code, Line, line, listed
from bot.messages.templates import fill

COPY = 2_400
"""The most characters of all corrected lines together; the first is always shown."""

WORDS: Mapping[MisreadReason, Words] = {
    MisreadReason.EMPTY: Words(
        "{verb} needs a service, a version and an environment.",
        "Send all three, in that order; `/ship help` explains them.",
    ),
    MisreadReason.TOO_LONG: Words(
        "That text has {length} characters; commands are read up to {limit}.",
        "Send only the command: a service, a version and an environment.",
    ),
    MisreadReason.TOO_MANY_WORDS: Words(
        "{verb} has no place for {extra}.",
        "Leave that out, or put your own words behind `because`.",
    ),
    MisreadReason.UNKNOWN_VERB: Words(
        "There is no command {verb}.",
        "[Did you mean {near}?|Known commands: {known}.]",
    ),
    MisreadReason.UNKNOWN_SERVICE: Words(
        "There is no service {service}.",
        "[Did you mean {near}?|Known services: {known}.]",
    ),
    MisreadReason.UNKNOWN_ENVIRONMENT: Words(
        "There is no environment {environment}.",
        "[Did you mean {near}?|Known environments: {known}.]",
    ),
    MisreadReason.NOT_IN_ENVIRONMENT: Words(
        "{service} does not live in {environment}[; it lives in {environments}].",
        "Name an environment it lives in.",
    ),
    MisreadReason.SEVERAL_ENVIRONMENTS: Words(
        "One command is for one environment, and these were named: {environments}.",
        "Send one command for each.",
    ),
    MisreadReason.MISSING_SERVICE: Words(
        "No service was named.",
        "[Known services: {known}.|`/ship help` shows what can be deployed.]",
    ),
    MisreadReason.MISSING_VERSION: Words(
        "No version was named for {service}.",
        "Name a commit (short or full SHA), a branch or a Git tag.",
    ),
    MisreadReason.MISSING_ENVIRONMENT: Words(
        "No environment was named[ for {service}][ at {version}]; it is never guessed.",
        "[Name one of {environments}.|`/ship help` shows the environments.]",
    ),
    MisreadReason.MISSING_REASON: Words(
        "[{verb} needs a reason|A reason is missing]: others will want to know why.",
        "Put it behind `because`, in your own words.",
    ),
    MisreadReason.UNFILLED_REASON: Words(
        "The reason still is the `<reason>` of the line you copied.",
        "Put your own words in its place and send the line again.",
    ),
    MisreadReason.MISPLACED_OVERRIDE: Words(
        "`override` has its place right before `because`, at the end of a command.",
        "Put it there, and your reason behind `because`; nothing was started.",
    ),
    MisreadReason.NOT_A_CHANGE: Words(
        "`why` looks ahead at a deploy, a promote or a rollback[, not at {command}].",
        "Put the whole command behind `why`.",
    ),
    MisreadReason.BACKWARDS: Words(
        "A promote goes forward, and {environment} does not come after {before}.",
        "Name where from first, then where to; a deploy takes any version anywhere.",
    ),
    MisreadReason.NOTHING_BEFORE: Words(
        "[{service} lives|Services live] in no environment that comes before {environment}.",
        "Name a later environment, or where from, too; or deploy a version there.",
    ),
    MisreadReason.NOT_ALL: Words(
        "{verb} takes services by name, not all at once.",
        "Name each of them, with commas between.",
    ),
    MisreadReason.BAD_END: Words(
        "[{end} is no end that can be read|It was not said when it ends].",
        "Write `for 2h`, `for 1h30m`, `until 18:00`, `until 2026-12-01` or "
        "`until 2026-12-01T18:00`.",
    ),
    MisreadReason.ABSURD_SPAN: Words(
        "[{span} is no time to wait|That is no time to wait]: "
        "it has to be more than nothing[ and at most {longest}].",
        "For longer, leave the end out and take it away when it is over.",
    ),
    MisreadReason.BAD_START: Words(
        "[{start} is no beginning that can be read|It was not said since when].",
        "Write `since 30d`, `since 12h`, `since 2026-11-01` or `since 2026-11-01T18:00`.",
    ),
    MisreadReason.BAD_PERSON: Words(
        "[{person} is nobody that Slack names|It was not said by whom].",
        "Type `by @` and choose a person, or write `by me`.",
    ),
    MisreadReason.BAD_VERSION: Words(
        "{version} cannot be a version: no commit, branch or tag is written so.",
        "Name a commit (short or full SHA), a branch or a Git tag.",
    ),
    MisreadReason.SEVERAL_VERSIONS: Words(
        "One command is of one version, and several were named[: {versions}].",
        "Leave one of them.",
    ),
    MisreadReason.BAD_OPERATION_ID: Words(
        "[{operation} is no operation id|No operation was named].",
        "Ids look like `D-4821` and stand on each card; `/ship status` shows what is under way.",
    ),
}


def misread(text: Misread) -> Message:
    """Say what was not understood, what is known instead, and lines to copy."""
    words = WORDS[text.reason]
    said = [fill(words.what, text.facts), fill(words.next, text.facts)]
    copies = _fitting(text.corrections)
    if copies:
        said.append(line("To copy", *_blanks(copies), ":"))
    return reply(*said, copy=copies)


def _blanks(copies: Sequence[str]) -> Line:
    """Tell what to fill in, when *copies* leave a place for it."""
    kinds = [kind for kind in ("version", "reason") if any(f"<{kind}>" in one for one in copies)]
    blanks = listed((Code(f"<{kind}>") for kind in kinds), last=" and ")
    return line(f", with your {' and '.join(kinds)} in place of ", *blanks) if kinds else ()


def _fitting(corrections: Sequence[str]) -> list[str]:
    fitting: list[str] = []
    for each in corrections:
        shown = clean(each, COPY)
        if fitting and sum(map(len, fitting)) + len(shown) > COPY:
            break
        fitting.append(shown)
    return fitting
