"""Which grammar follows each verb, and what may be meant by a verb that is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.domain.commands.asking import read_cancel, read_help, read_history, read_status
from bot.domain.commands.differing import read_diff
from bot.domain.commands.drifting import read_drift
from bot.domain.commands.freezing import read_freeze, read_unfreeze
from bot.domain.commands.holding import read_hold, read_release
from bot.domain.commands.locking import read_lock, read_unlock
from bot.domain.commands.looking import read_resume, read_rollout
from bot.domain.commands.nouns import Command, Deploy, Misread, MisreadReason
from bot.domain.commands.promoting import read_promote
from bot.domain.commands.rolling_back import read_rollback
from bot.domain.commands.said import VERBS, Said, cut, listed, misread
from bot.domain.commands.selves import read_link, read_unlink, read_whoami
from bot.domain.commands.whole_deploy import read_deploy, read_whole_deploy
from bot.domain.commands.whys import read_why
from bot.domain.suggestions import nearest

_NEARLY = (MisreadReason.UNKNOWN_ENVIRONMENT, MisreadReason.NOT_IN_ENVIRONMENT)

READERS: Mapping[str, Callable[[Said], Command | Misread]] = {
    "deploy": read_deploy,
    "promote": read_promote,
    "rollback": read_rollback,
    "why": read_why,
    "status": read_status,
    "history": read_history,
    "diff": read_diff,
    "drift": read_drift,
    "rollout": read_rollout,
    "cancel": read_cancel,
    "lock": read_lock,
    "unlock": read_unlock,
    "freeze": read_freeze,
    "unfreeze": read_unfreeze,
    "hold": read_hold,
    "release": read_release,
    "resume": read_resume,
    "whoami": read_whoami,
    "link": read_link,
    "unlink": read_unlink,
    "help": read_help,
}
"""How what follows each verb is read."""


def unknown_verb(said: Said) -> Misread:
    """Return that the verb is none, with what may have been meant.

    A deploy without its verb is recognised.
    """
    near = nearest(said.verb, VERBS)
    meant = [line for verb in near for line in _lines_with(said, verb)]
    bare = replace(said, verb="deploy", words=(said.verb, *said.words))
    deploy = read_whole_deploy(bare)
    if isinstance(deploy, Deploy):
        if deploy.version == said.verb and not any(map(str.isdigit, said.verb)):
            return _no_verb(said, near, meant)  # `lock core stage` is no deploy of a branch `lock`
        marked = replace(said, override=deploy.override)
        names, version, environment = deploy.services, deploy.version, deploy.environment
        meant.insert(0, marked.deploy_line(names, version, environment, deploy.reason))
    elif deploy.reason in _NEARLY:
        meant.extend(deploy.corrections)
    return _no_verb(said, near, meant)


def _no_verb(said: Said, near: Sequence[str], lines: Sequence[str]) -> Misread:
    return misread(
        MisreadReason.UNKNOWN_VERB,
        [*lines, said.line(verb="help")],
        verb=cut(said.verb),
        near=listed(near),
        known=listed(VERBS),
    )


def _lines_with(said: Said, verb: str) -> Sequence[str]:
    """Return what was said with *verb* instead: as it is, or as it would have to be."""
    read = READERS[verb](replace(said, verb=verb))
    if isinstance(read, Misread):
        return read.corrections
    because = f"because {said.reason}" if said.reason else ""
    return [said.line(*said.words, because, verb=verb)]
