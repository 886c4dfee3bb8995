"""Branches that change only through pull requests, and how GitHub says so."""

from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.github.repositories import Repository
from sandbox.github.rest import Asked, Refused, Route, missing
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

METADATA = ("metadata", "read")


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


def ruleset_id(repository: Repository) -> int:
    """Return the number of the one ruleset that a repository may have."""
    return 100_000 + repository.id


def _rules(_state: "State", asked: Asked) -> Response:
    """List the rules of rulesets on a branch; the older protection does not show here.

    Source: https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    repository, branch = asked.repository, asked.path["branch"]
    if not repository.protected.get(branch):
        return answer([])
    rule: dict[str, Any] = {
        "type": "pull_request",
        "ruleset_source_type": "Repository",
        "ruleset_source": repository.full_name,
        "ruleset_id": ruleset_id(repository),
        "parameters": {
            "required_approving_review_count": 1,
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_review_thread_resolution": False,
        },
    }
    return answer([rule])


def _ruleset(_state: "State", asked: Asked) -> Response:
    """Show the ruleset. Nobody goes past it: the fake refuses every direct write."""
    repository = asked.repository
    branches = [branch for branch, by_ruleset in repository.protected.items() if by_ruleset]
    if asked.path["number"] != ruleset_id(repository) or not branches:
        raise missing()
    shown: dict[str, Any] = {
        "id": ruleset_id(repository),
        "name": "by pull request",
        "target": "branch",
        "source_type": "Repository",
        "source": repository.full_name,
        "enforcement": "active",
        "current_user_can_bypass": "never",
        "conditions": {
            "ref_name": {"include": [f"refs/heads/{one}" for one in branches], "exclude": []}
        },
        "rules": [{"type": "pull_request"}],
    }
    return answer(shown)


ROUTES = (
    Route("branch_rules", "GET", "/rules/branches/<path:branch>", _rules, METADATA),
    Route("ruleset", "GET", "/rulesets/<int:number>", _ruleset, METADATA),
)
