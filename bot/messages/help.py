"""``/ship help``: what can be typed, with examples made of the reader's own services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.catalog import Catalog
from bot.domain.message import Message
from bot.messages.replies import reply
from bot.messages.spans import NAME, Bold, Code, Line, Span, Text, code, length, line, listed, name

SHA = "a1b2c3d4"
REASON = "we migrate its database"
SERVICES = 2_500
"""The most characters of the list of services."""


@dataclass(frozen=True, slots=True)
class Example:
    """A service and environment that exist, and up to two services of one environment."""

    service: str
    environment: str
    several: str


def overview(catalog: Catalog) -> Message:
    """Return everything that can be typed, each with an example that works here."""
    shown = example(catalog)
    deploy = f"/deploy {shown.service} {SHA} {shown.environment}"
    return reply(
        line(Bold("Shipmate"), " deploys by one commit to Git and follows it until it runs."),
        line("Services here: ", *_services(catalog)),
        line(
            Code("/ship help <command>"),
            " tells more of: ",
            *listed(map(Code, TOPICS), most=len(TOPICS)),
            ".",
        ),
        line(
            "Deploy a version (",
            Code("/deploy"),
            " alone opens a form), see what the rules say first, see what runs, stop what has "
            "not been committed yet, or keep others out:",
        ),
        copy=(
            deploy,
            f"/ship why {deploy}",
            f"/ship status {shown.service} {shown.environment}",
            "/ship cancel D-4821",
            f"/ship lock {shown.service} {shown.environment} for 2h because {REASON}",
        ),
    )


def topic(word: str, catalog: Catalog) -> Message:
    """Return the help on one of ``TOPICS``; on any other word, the overview."""
    tell = TOPICS.get(word.strip().casefold())
    return tell(catalog) if tell else overview(catalog)


def example(catalog: Catalog) -> Example:
    """Return names to make examples of: the first service in its first environment."""
    for environment in catalog.environments:
        here = [each for each in catalog.services if catalog.target(each, environment)]
        if here:
            return Example(here[0], environment, ",".join(here[:2]))
    return Example("core", "stage", "core,batch")


def _deploy(catalog: Catalog) -> Message:
    shown = example(catalog)
    one = f"/deploy {shown.service} {SHA} {shown.environment}"
    many = f"/deploy {shown.several} {SHA} {shown.environment}"
    return reply(
        line(Code("/deploy"), " takes services, a version and an environment, in that order."),
        line("Several services, with commas between, make one commit."),
        line("A version is a commit (short or full SHA), a branch, a Git tag, or an image tag."),
        line("Words after ", Code("because"), " are kept as the reason."),
        line("Environments: ", *_environments(catalog), ". One must always be named."),
        line(
            "In an emergency ",
            Code("override because …"),
            " goes past approval, freeze, checks, order and soak, if you may; everybody is told.",
        ),
        line(Code("/deploy"), " alone opens a form."),
        copy=(
            one,
            f"{many} because the login is broken",
            f"{one} override because nobody can log in",
        ),
    )


def _why(catalog: Catalog) -> Message:
    shown = example(catalog)
    one = f"/ship why /deploy {shown.service} {SHA} {shown.environment}"
    return reply(
        line(Code("/ship why"), " says what each rule makes of a deploy, and on which fact."),
        line("It starts nothing, and anybody may ask. Put the whole command behind it:"),
        copy=(one, f"{one} override because nobody can log in"),
    )


def _lock(catalog: Catalog) -> Message:
    shown = example(catalog)
    one = f"/ship lock {shown.service} {shown.environment}"
    return reply(
        line(Code("/ship lock"), " keeps others from changing a service in an environment."),
        line(Code("all"), " in place of a service means each of them. A reason is always needed."),
        _ENDS,
        line(
            Code("steal"),
            " takes a lock that another holds, who is told; ",
            Code("warn"),
            " makes one that stops nobody.",
        ),
        copy=(
            f"{one} because {REASON}",
            f"{one} for 2h because {REASON}",
            f"/ship lock all {shown.environment} until 18:00 warn because we watch the traffic",
            f"{one} steal because its holder is on holiday",
        ),
    )


def _unlock(catalog: Catalog) -> Message:
    shown = example(catalog)
    return reply(
        line(Code("/ship unlock"), " gives your lock back; name what you locked."),
        line("A lock of another is taken by ", Code("/ship lock … steal because …"), "."),
        copy=(
            f"/ship unlock {shown.service} {shown.environment}",
            f"/ship unlock all {shown.environment}",
        ),
    )


def _freeze(catalog: Catalog) -> Message:
    where = example(catalog).environment
    return reply(
        line(Code("/ship freeze"), " stops every deploy to an environment at once."),
        line("Also those that are approved and not committed yet. A reason is always needed."),
        _ENDS,
        copy=(
            f"/ship freeze {where} because the database is down",
            f"/ship freeze {where} until 18:00 because the database is down",
        ),
    )


def _unfreeze(catalog: Catalog) -> Message:
    return reply(
        line(Code("/ship unfreeze"), " lifts what people froze. A freeze of the calendar stays."),
        copy=(f"/ship unfreeze {example(catalog).environment}",),
    )


def _whoami(_catalog: Catalog) -> Message:
    return reply(
        line(
            Code("/ship whoami"), " says which GitHub account you act for, and how that is known."
        ),
        line("Rights come from the GitHub teams of that account."),
        copy=("/ship whoami",),
    )


def _link(_catalog: Catalog) -> Message:
    return reply(
        line(Code("/ship link"), " links your Slack account with your GitHub account, once."),
        line("GitHub asks you to confirm it with a code that only you are shown here."),
        copy=("/ship link",),
    )


def _unlink(_catalog: Catalog) -> Message:
    return reply(
        line(Code("/ship unlink"), " forgets the GitHub account that you linked yourself."),
        copy=("/ship unlink",),
    )


def _status(catalog: Catalog) -> Message:
    shown = example(catalog)
    return reply(
        line(Code("/ship status"), " shows the tag in Git, what runs, and who deploys what."),
        line("It says ", Bold("unknown"), " where GitHub or Argo CD gave no answer."),
        copy=("/ship status", f"/ship status {shown.service} {shown.environment}"),
    )


def _cancel(_catalog: Catalog) -> Message:
    return reply(
        line(Code("/ship cancel"), " ends a deploy that has not been committed yet."),
        line("So does the button on its card. After that, deploy the version that ran before."),
        copy=("/ship cancel D-4821",),
    )


TOPICS: Mapping[str, Callable[[Catalog], Message]] = {
    "deploy": _deploy,
    "why": _why,
    "status": _status,
    "cancel": _cancel,
    "lock": _lock,
    "unlock": _unlock,
    "freeze": _freeze,
    "unfreeze": _unfreeze,
    "whoami": _whoami,
    "link": _link,
    "unlink": _unlink,
}


_ENDS: Line = line(
    "It may end by itself: ",
    *listed(map(Code, ("for 30m", "for 2h", "for 1d", "until 18:00", "until 2026-12-01T18:00"))),
    ", by the clock of your Slack profile.",
)


def _services(catalog: Catalog) -> Line:
    said: list[Span] = []
    for place, service in enumerate(catalog.services):
        homes = listed(map(_plain, catalog.environments_of(service)), most=5)
        each = line(", " if said else "", name(service), " (", *homes, ")")
        if length(said) + length(each) > SERVICES:
            return line(*said, f" and {len(catalog.services) - place} more")
        said.extend(each)
    return tuple(said)


def _plain(word: str) -> Text:
    return Text(name(word).text)


def _environments(catalog: Catalog) -> Line:
    return listed((code(each, NAME) for each in catalog.environments), most=10)
