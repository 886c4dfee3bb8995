"""The grammar of ``deploy`` as a whole: the form, and the deploy with or without ``override``."""

from bot.domain.commands.deploying import read_plain_deploy
from bot.domain.commands.nouns import Deploy, Form, Misread
from bot.domain.commands.overriding import overridable
from bot.domain.commands.said import Said


def read_deploy(said: Said) -> Deploy | Form | Misread:
    """Return the deploy that was said, the form where nothing was, or how it was misread.

    A form opens only behind a slash command: a mention brings nothing that could open it.
    """
    if not said.words and said.reason is None and said.place != "mention":
        return Form()
    return read_whole_deploy(said)


def read_whole_deploy(said: Said) -> Deploy | Misread:
    """Return the deploy that was said, or how it was misread."""
    return overridable(said, read_plain_deploy, _line)


def _line(said: Said, deploy: Deploy) -> str:
    return said.deploy_line(deploy.services, deploy.version, deploy.environment, deploy.reason)
