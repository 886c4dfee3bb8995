"""``/ship help``: what can be typed, with examples made of the reader's own services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.catalog import Catalog
from bot.domain.message import Message
from bot.messages.replies import reply
from bot.messages.spans import NAME, Bold, Code, Line, Span, Text, code, length, line, listed, name

SHA = "a1b2c3d4"
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
    status = f"/ship status {shown.service} {shown.environment}"
    topics = listed(Code(f"/ship help {each}") for each in TOPICS)
    return reply(
        line(Bold("Shipmate"), " deploys by one commit to Git and follows it until it runs."),
        line("Services here: ", *_services(catalog)),
        line("More: ", *topics),
        line("Deploy a version, see what runs, or stop what has not been committed yet:"),
        copy=(deploy, status, "/ship cancel D-4821"),
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
        copy=(one, f"{many} because the login is broken"),
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
    "status": _status,
    "cancel": _cancel,
}


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
