"""Who speaks on the terminal: a GitHub account by its number. No Slack user's id looks like it."""

import re

from bot.domain.rights import GitHubUser

ASKED = "terminal:"
"""How what a terminal calls its request begins; nothing that Slack calls one does."""

SOURCE = "terminal"
"""The belief by which such a person stands for their account: GitHub said so of their own token."""

_SPEAKER = re.compile(r"github:([1-9][0-9]{0,17})", re.ASCII)


def speaker(user: GitHubUser) -> str:
    """Return how *user* is called who speaks on the terminal; the number stays, logins change."""
    return f"github:{user.id}"


def account_of(person: str) -> int | None:
    """Return the number of the GitHub account that speaks as *person*; None for anybody else."""
    found = _SPEAKER.fullmatch(person)
    return int(found[1]) if found else None
