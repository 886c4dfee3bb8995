"""Help on what only looks."""

from bot.domain.catalog import Catalog
from bot.domain.message import Message
from bot.messages.helping.help_examples import RELEASE, SHA, example, way
from bot.messages.replies import reply
from bot.messages.spans import Bold, Code, line


def status(catalog: Catalog) -> Message:
    """Return the help on ``status``."""
    shown = example(catalog)
    return reply(
        line(Code("/ship status"), " shows the tag in Git, what runs, and who deploys what."),
        line("It says ", Bold("unknown"), " where GitHub or Argo CD gave no answer."),
        copy=("/ship status", f"/ship status {shown.service} {shown.environment}"),
    )


def history(catalog: Catalog) -> Message:
    """Return the help on ``history``."""
    shown = example(catalog)
    return reply(
        line(Code("/ship history"), " shows what happened, by whom and why, newest first."),
        line(
            "It can be cut down to a service, an environment, a time (",
            Code("since 30d"),
            ") and a person (",
            Code("by me"),
            " or ",
            Code("by @somebody"),
            ").",
        ),
        line(
            "Of one service in one environment, its numbers are those of ", Code("/rollback"), "."
        ),
        copy=(
            "/ship history",
            f"/ship history {shown.service} {shown.environment}",
            f"/ship history {shown.environment} since 7d by me",
        ),
    )


def diff(catalog: Catalog) -> Message:
    """Return the help on ``diff``."""
    there = way(catalog)
    return reply(
        line(Code("/ship diff"), " shows the commits and files between what runs in two places,"),
        line("between what runs and a version, or between two versions of a service."),
        line("With one environment it compares what runs there with what Git says."),
        line(
            "A version is a commit, branch, Git tag or image tag; the name of an environment"
            " always is that environment."
        ),
        copy=(
            f"/ship diff {there.service} {there.origin} {there.environment}",
            f"/ship diff {there.service} {there.environment} {SHA}",
            f"/ship diff {there.service} {SHA} {RELEASE}",
            f"/ship diff {there.service} {there.environment}",
        ),
    )


def drift(catalog: Catalog) -> Message:
    """Return the help on ``drift``."""
    shown = example(catalog)
    return reply(
        line(Code("/ship drift"), " shows what runs otherwise than Git says, or than the"),
        line("environment before; what is unwell, and where auto-sync is off."),
        line("Its buttons sync, show the difference, acknowledge and snooze, for whoever may"),
        line("deploy there. Reports by schedule stand in the configuration."),
        copy=("/ship drift", f"/ship drift {shown.environment}"),
    )


def rollout(catalog: Catalog) -> Message:
    """Return the help on ``rollout``."""
    shown = example(catalog)
    return reply(
        line(Code("/ship rollout"), " shows how far an Argo Rollout is, and why it waits."),
        line("Its buttons promote, abort, retry or restart it, for whoever may deploy there."),
        copy=(f"/ship rollout {shown.service} {shown.environment}",),
    )
