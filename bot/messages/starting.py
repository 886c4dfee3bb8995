"""What whoever starts the bot is told of the teams that the configuration names."""

from collections.abc import Iterable

from bot.domain.rights import Grant


def missing_team(team: str, grants: Iterable[Grant], detail: str) -> str:
    """Say that *team*, which *grants* name, is not there; *detail* is a sentence without its end.

    The result is plain text on one line, for a terminal.
    """
    return (
        f"the team `{team}` ({_uses(grants)}) lets nobody in: {detail}. Correct the slug in"
        " shipmate.yaml (it ends the team's address on GitHub), or let our login see the team."
    )


def unreadable_teams(teams: Iterable[str], detail: str) -> str:
    """Say that we may read no team at all; *detail* says which right is missing."""
    named = ", ".join(f"`{team}`" for team in teams)
    return f"the teams {named} let nobody in: {detail}. Then start the bot again."


def unasked_teams(detail: str) -> str:
    """Say that GitHub did not tell whether the teams are there, and what happens now."""
    return (
        f"it is not known whether the configured teams are there: {detail}."
        " The bot asks again until it knows; what is unknown is never allowed."
    )


def _uses(grants: Iterable[Grant]) -> str:
    """Return what the grants are for: ``deploy in prod, lock of core in prod``."""
    said = (
        f"{grant.action}{f' of {grant.service}' if grant.service else ''} in {grant.environment}"
        for grant in grants
    )
    return ", ".join(dict.fromkeys(said))
