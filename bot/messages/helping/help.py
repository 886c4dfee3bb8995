"""``/ship help``: what can be typed, with examples made of the reader's own services."""

from collections.abc import Callable, Mapping

from bot.domain.catalog import Catalog
from bot.domain.message import Message
from bot.messages.helping import help_changes, help_looks, help_stops
from bot.messages.helping.help_examples import REASON, SHA, example, way
from bot.messages.replies import reply
from bot.messages.spans import Bold, Code, Line, Span, Text, length, line, listed, name

SERVICES = 2_500
"""The most characters of the list of services."""


def overview(catalog: Catalog) -> Message:
    """Return everything that can be typed, by what it is for, with examples that work here."""
    shown, there = example(catalog), way(catalog)
    deploy = f"/deploy {shown.service} {SHA} {shown.environment}"
    return reply(
        line(Bold("Shipmate"), " deploys by one commit to Git and follows it until it runs."),
        line("Services here: ", *_services(catalog)),
        *(
            line(Bold(group), ": ", *listed(map(Code, topics), most=len(topics)), ".")
            for group, topics in GROUPS.items()
        ),
        line(
            Code("/deploy"),
            " alone opens a form. ",
            Code("/ship help <command>"),
            " tells more of each. For example:",
        ),
        copy=(
            deploy,
            f"/promote {there.service} {there.origin} {there.environment}",
            f"/rollback {shown.service} {shown.environment}",
            f"/ship why {deploy}",
            f"/ship status {shown.service} {shown.environment}",
            f"/ship lock {shown.service} {shown.environment} for 2h because {REASON}",
        ),
    )


def topic(word: str, catalog: Catalog) -> Message:
    """Return the help on one of ``TOPICS``; on any other word, the overview."""
    tell = TOPICS.get(word.strip().casefold())
    return tell(catalog) if tell else overview(catalog)


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


TOPICS: Mapping[str, Callable[[Catalog], Message]] = {
    "deploy": help_changes.deploy,
    "promote": help_changes.promote,
    "rollback": help_changes.rollback,
    "why": help_changes.why,
    "status": help_looks.status,
    "history": help_looks.history,
    "diff": help_looks.diff,
    "drift": help_looks.drift,
    "rollout": help_looks.rollout,
    "cancel": help_stops.cancel,
    "lock": help_stops.lock,
    "unlock": help_stops.unlock,
    "freeze": help_stops.freeze,
    "unfreeze": help_stops.unfreeze,
    "hold": help_stops.hold,
    "release": help_stops.release,
    "resume": help_stops.resume,
    "whoami": _whoami,
    "link": _link,
    "unlink": _unlink,
}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Change": ("deploy", "promote", "rollback"),
    "Look": ("why", "status", "history", "diff", "drift", "rollout"),
    "Stop": ("cancel", "lock", "unlock", "freeze", "unfreeze", "hold", "release", "resume"),
    "Yourself": ("whoami", "link", "unlink"),
}
"""The topics by what they are for, as the overview shows them."""


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
