"""Who a person's own GitHub token belongs to, and the one that GitHub's ``gh`` keeps for them."""

import shutil
import subprocess
from collections.abc import Mapping

from pydantic import SecretStr

from bot.adapters.github.answers import SYSTEM, decoded
from bot.adapters.github.client import GitHub
from bot.adapters.github.teams import person
from bot.clock import Clock
from bot.domain.errors import Forbidden, Unauthorized
from bot.domain.rights import GitHubUser
from bot.settings import Token

_GH_WAITS = 10
"""Seconds for ``gh``: it reads a file or asks the system's keyring, which may ask its owner."""

GH_READS = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
"""Variables that ``gh`` believes before its own login, and one of which is the bot's.

Source: https://cli.github.com/manual/gh_help_environment
"""


def owner_of(token: SecretStr, api_url: str, *, clock: Clock, timeout: int = 10) -> GitHubUser:
    """Return the person whose token it is, by GitHub's own word.

    Raises:
        Unauthorized: the token is expired, revoked or none.
        Forbidden: it is the token of an App's installation, which is nobody.
        NotFound: it belongs to a bot.
        Unavailable: GitHub did not answer.

    Source: https://docs.github.com/en/rest/users/users#get-the-authenticated-user
    """
    doing = "say whose token this is"
    github = GitHub(Token(token), api_url, timeout=timeout, clock=clock)
    try:
        body = github.rest("user", doing, "GET", "/user")
    except Unauthorized as refused:
        raise Unauthorized(SYSTEM, doing, "the token is expired, revoked or none") from refused
    except Forbidden as refused:
        raise Forbidden(SYSTEM, doing, "it belongs to no person") from refused
    finally:
        github.close()
    return decoded(doing, lambda answer: person(answer, doing), body)


def kept_by_gh(host: str, environment: Mapping[str, str]) -> SecretStr | None:
    """Return the token that ``gh`` keeps for *host*; None where there is no ``gh`` or no login."""
    gh = shutil.which("gh", path=environment.get("PATH"))
    if gh is None:
        return None
    seen = {name: value for name, value in environment.items() if name not in GH_READS}
    command = [gh, "auth", "token", "--hostname", host]
    try:
        told = subprocess.run(  # noqa: S603  # a fixed command; the host is our configured one
            command, env=seen, capture_output=True, text=True, timeout=_GH_WAITS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    token = told.stdout.strip()
    return SecretStr(token) if told.returncode == 0 and token else None
