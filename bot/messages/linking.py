"""What people read while they link their GitHub account; each of these is for one person alone."""

from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from bot.domain.message import Message
from bot.domain.rights import GitHubUser
from bot.messages import blocks
from bot.messages.replies import reply
from bot.messages.spans import (
    Bold,
    Code,
    Line,
    Link,
    Person,
    code,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
)

CONFIRM = "link_confirm"
DECLINE = "link_decline"


class Failure(StrEnum):
    """Why a link did not come about."""

    EXPIRED = "expired"  # nobody typed the code in time
    DENIED = "denied"  # they pressed Cancel on GitHub
    USED = "used"  # GitHub knows the code no more


_AGAIN = line("Send ", Code("/ship link"), " to begin anew.")


def asking() -> Message:
    """Say that GitHub is being asked for a code."""
    return reply(line("Asking GitHub for a code; the answer follows here."))


def looking() -> Message:
    """Say that Slack and GitHub are being asked."""
    return reply(line("Asking Slack and GitHub who you are; the answer follows here."))


def forgetting() -> Message:
    """Say that the link is being forgotten."""
    return reply(line("Forgetting your link; the answer follows here."))


def type_this(user_code: str, page: str, left: timedelta) -> Message:
    """Show the code and the page to type it on; *left* is how long it is good for."""
    minutes = max(1, int(left.total_seconds()) // 60)
    return reply(
        line("To link your GitHub account, open ", Link(page, page), " and type this code:"),
        line(Bold(code(user_code).text), f". It is good for {minutes} min."),
        line(
            "Type it only because you asked for it yourself just now, and give it to nobody. When"
            " GitHub has confirmed, the bot writes to you in private."
        ),
    )


def off(*, configured: bool) -> Message:
    """Say that nobody links here; *configured*: the file wants it, and the client id is missing."""
    if configured:
        why = line(
            "The configuration offers links, but the bot has no ", Code("GITHUB_CLIENT_ID"), "."
        )
        return reply(why, line("Ask a platform engineer to set it."))
    return reply(
        line("Linking by oneself is switched off here."),
        line(
            "Ask a platform engineer to add you under ",
            Code("people.map"),
            " in ",
            Code("shipmate.yaml"),
            ".",
        ),
    )


def too_many() -> Message:
    """Say that more people are linking at once than the bot follows."""
    return reply(line("Too many people are linking right now. Please try again in 15 minutes."))


def failed(detail: str) -> Message:
    """Say that GitHub did not go along; *detail* is what it said."""
    return reply(line("No link was made: ", quoted(detail), "."), _AGAIN)


def ended(failure: Failure) -> Message:
    """Say why the code came to nothing."""
    return reply(_ended(failure), _AGAIN)


def _ended(failure: Failure) -> Line:
    match failure:
        case Failure.EXPIRED:
            return line("Nobody typed your code on GitHub in time. No link was made.")
        case Failure.DENIED:
            return line("It was cancelled on GitHub. No link was made.")
        case Failure.USED:
            return line("GitHub does not know your code any more. No link was made.")
        case _:
            assert_never(failure)


def is_it_you(offer: str, user: GitHubUser, left: timedelta) -> Message:
    """Ask whether the account is theirs; the buttons carry the *offer*'s id and nothing else."""
    minutes = max(1, int(left.total_seconds()) // 60)
    said = line("GitHub says you are ", code(user.login), f", the account number {user.id}.")
    ask = line(
        "Is that you? Your rights will be those of that account. Answer within "
        f"{minutes} min; without an answer nothing is linked."
    )
    sure = blocks.confirm(
        "Link this account?",
        f"You say that the GitHub account {code(user.login).text} is yours.",
        "It is mine",
        "Back",
    )
    buttons = [
        blocks.go("Yes, link it", CONFIRM, offer, sure),
        blocks.button("No", DECLINE, offer),
    ]
    body = blocks.prose("offer", [blocks.lines(said, ask)])
    text = mrkdwn((*said, *line(" Is that you?")), blocks.TEXT)
    return Message(text, (body, blocks.actions(buttons, "answer")))


def linked(user: GitHubUser, others: tuple[str, ...], *, believed: bool) -> Message:
    """Say that the account is theirs now; *others* have it, too, and *believed* what that means."""
    lines = [line("You are linked with ", code(user.login), f", the account number {user.id}.")]
    if others:
        people = listed(map(Person, others))
        lines.append(
            line(
                "It is also the account of ",
                *people,
                ": you count as one person, and they were told.",
            )
        )
    if not believed:
        lines.append(
            line("This installation does not go by such links (", Code("people.source"), ").")
        )
    lines.append(line(Code("/ship whoami"), " shows what counts and what you may do."))
    return reply(*lines)


def also_linked(by: str, user: GitHubUser) -> Message:
    """Tell somebody that the Slack user *by* has linked the account that is theirs, too."""
    return reply(
        line(
            Person(by),
            " has just linked the GitHub account ",
            code(user.login),
            ", which is also yours.",
        ),
        line(
            "If that was you under another name, all is well: both count as one person. If not,"
            " somebody can act with your rights: tell a platform engineer at once, and look"
            " through your sessions on GitHub."
        ),
    )


def declined() -> Message:
    """Say that nothing was linked because they said no."""
    return reply(
        line("Nothing was linked."),
        line("If you did not ask for it yourself, tell a platform engineer. ", *_AGAIN),
    )


def not_yours() -> Message:
    """Say that the question was for somebody else."""
    return reply(line("This question was for somebody else. Nothing was changed."))


def over() -> Message:
    """Say that the question was answered before, or that a newer one took its place."""
    return reply(line("This was answered before. Nothing was changed."), _AGAIN)


def expired() -> Message:
    """Say that the answer came too late."""
    return reply(line("The answer came too late. Nothing was linked."), _AGAIN)


def unlinked(user: GitHubUser | None) -> Message:
    """Say that the link with *user* is forgotten; None: there was none."""
    if user is None:
        return reply(
            line("You have linked no account, so there is nothing to forget."),
            line(Code("/ship whoami"), " shows what the bot believes and why."),
        )
    return reply(
        line("Your link with ", name(user.login), " is forgotten."),
        line(Code("/ship whoami"), " shows what the bot believes now."),
    )
