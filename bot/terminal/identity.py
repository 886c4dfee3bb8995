"""Who sits at the terminal: GitHub's word on their own token, which is neither kept nor shown.

The bot's own token may lie in the same environment (``GITHUB_TOKEN``), so that variable is only
somebody's where the bot is known to log in as an App. Why stands in
docs/decisions/0026-who-sits-at-the-terminal.md.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.adapters.github.addresses import web_address
from bot.adapters.github.own_login import kept_by_gh, owner_of
from bot.clock import Clock
from bot.domain.errors import BotError, Rejected
from bot.domain.rights import GitHubUser
from bot.terminal.ends import End, Ended

OURS = "SHIPMATE_AS"
"""The variable for the person's own token."""

GH = "GH_TOKEN"
BOT = "GITHUB_TOKEN"
APP = "GITHUB_APP_ID"
"""Where it is set the bot is an App, and ``GITHUB_TOKEN`` is not its own: a start refuses both."""

NOBODY = (
    f"Nobody knows who you are: log in with `gh auth login`, or set {OURS} to a GitHub token of"
    f" your own (any will do that GitHub knows as yours). {BOT} counts as the bot's unless {APP} is"
    " set."
)
BOTS = f"{OURS} holds the bot's own token: set it to one of yours."

Keeper = Callable[[str, Mapping[str, str]], SecretStr | None]


def token_of(environment: Mapping[str, str], api_url: str, kept: Keeper = kept_by_gh) -> SecretStr:
    """Return the token of whoever sits here.

    ``SHIPMATE_AS``, ``GH_TOKEN``, ``GITHUB_TOKEN`` beside an App, or what ``gh`` keeps.

    Raises:
        Ended: there is none, or only the bot's own.
    """
    bots = _bots(environment)
    if ours := environment.get(OURS, "").strip():
        if ours in bots:
            raise Ended(End.USAGE, "unknown_person", BOTS)
        return SecretStr(ours)
    given = environment.get(GH, "").strip()
    if given and given not in bots:
        return SecretStr(given)
    if _is_app(environment) and (theirs := environment.get(BOT, "").strip()):
        return SecretStr(theirs)
    host = urlsplit(web_address(api_url)).netloc
    found = kept(host, environment)
    if found is None or found.get_secret_value() in bots:
        raise Ended(End.USAGE, "unknown_person", NOBODY)
    return found


def person_of(token: SecretStr, api_url: str, clock: Clock) -> GitHubUser:
    """Return whose *token* it is.

    Raises:
        Ended: GitHub knows nobody by it, or does not answer.
    """
    try:
        return owner_of(token, api_url, clock=clock)
    except Rejected as refused:
        said = f"GitHub does not take your token for a person's: {refused.detail}."
        raise Ended(End.USAGE, "unknown_person", said) from refused
    except BotError as away:
        raise Ended(End.AWAY, "away", f"{away}. Nothing was started; try again.") from away


def without_theirs(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return *environment* as the bot's: a person's token beside its App is not part of it."""
    if not _is_app(environment):
        return environment
    return {name: value for name, value in environment.items() if name != BOT}


def _is_app(environment: Mapping[str, str]) -> bool:
    return any(environment.get(name, "").strip() for name in (APP, f"{APP}_FILE"))


def _bots(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the bot's own token, given as such or in a file."""
    if _is_app(environment):
        return frozenset()
    found = {environment.get(BOT, "").strip()}
    if path := environment.get(f"{BOT}_FILE"):
        try:
            found.add(Path(path).read_text(encoding="utf-8").strip())
        except (OSError, ValueError):
            return frozenset(found - {""})
    return frozenset(found - {""})
