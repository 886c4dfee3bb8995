"""Branches that change only through pull requests, and how GitHub says so."""

from sandbox.github.repositories import Repository
from sandbox.github.rest import Refused


def guard_branch(repository: Repository, branch: str, status: int) -> None:
    """Let a direct write to *branch* pass, or refuse it by the protection it has.

    Raises:
        Refused: *status*, with the text of a protected branch or of a ruleset.
    """
    if branch in repository.protected:
        raise Refused(status, protection_text(ruleset=repository.protected[branch]))


def protection_text(*, ruleset: bool) -> str:
    """Return GitHub's words when a branch changes only through pull requests."""
    rule = "Changes must be made through a pull request."
    return f"Repository rule violations found\n\n{rule}\n\n" if ruleset else rule
