"""Help on what changes what runs, and on asking beforehand."""

from bot.domain.catalog import Catalog
from bot.domain.message import Message
from bot.messages.helping.help_examples import SHA, example, way
from bot.messages.replies import reply
from bot.messages.spans import NAME, Code, Line, code, line, listed


def deploy(catalog: Catalog) -> Message:
    """Return the help on ``deploy``."""
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


def promote(catalog: Catalog) -> Message:
    """Return the help on ``promote``."""
    there = way(catalog)
    here = f"{there.service} {there.origin} {there.environment}"
    return reply(
        line(Code("/promote"), " brings what runs healthy in one environment to a later one."),
        line("Without the first of the two it takes the nearest before, for each service its own."),
        line(
            "Several services, with commas between, make one commit. ",
            Code("all"),
            " shows first which can move, and a button moves these.",
        ),
        line(
            "It takes no version: ",
            Code("/deploy"),
            " does. Approvals, order and soak hold as for a deploy.",
        ),
        copy=(
            f"/promote {here}",
            f"/promote {there.service} {there.environment} because the tests are green",
            f"/promote all {there.origin} {there.environment}",
        ),
    )


def rollback(catalog: Catalog) -> Message:
    """Return the help on ``rollback``."""
    shown = example(catalog)
    one = f"/rollback {shown.service} {shown.environment}"
    return reply(
        line(Code("/rollback"), " goes back to the last version that was good there, by a commit."),
        line(
            "Or name it: a tag, a SHA, ",
            Code("#2"),
            " of ",
            Code("/ship history"),
            ", or an operation such as ",
            Code("D-4821"),
            ".",
        ),
        line("What lives in one environment needs none named; else you choose by a button."),
        line(
            Code("by argocd"),
            " goes around Git, for when GitHub does not answer; with ",
            Code("without hooks"),
            " also where Argo CD then skips hooks.",
        ),
        copy=(
            one,
            f"{one} #2 because logins fail",
            f"{one} {SHA}",
            f"{one} by argocd because GitHub is down",
        ),
    )


def why(catalog: Catalog) -> Message:
    """Return the help on ``why``."""
    shown = example(catalog)
    one = f"/ship why /deploy {shown.service} {SHA} {shown.environment}"
    return reply(
        line(Code("/ship why"), " says what each rule makes of a command, and on which fact."),
        line(
            "It starts nothing, and anybody may ask. Put a whole deploy, promote or rollback "
            "behind it:"
        ),
        copy=(
            one,
            f"{one} override because nobody can log in",
            f"/ship why /rollback {shown.service} {shown.environment}",
        ),
    )


def _environments(catalog: Catalog) -> Line:
    return listed((code(each, NAME) for each in catalog.environments), most=10)
