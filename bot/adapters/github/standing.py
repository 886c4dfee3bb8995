"""What only the doctor asks GitHub: what our login is, and how it stands to repositories.

An App asks about itself and its installation by its own key; a token tells its scopes in a header,
if it is of the classic kind. What guards a branch is read where no administration is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.adapters.github.answers import count, decoded, ends_of, text
from bot.adapters.github.client import GitHub, NoGraphQL, quoted
from bot.domain.doctor import BranchRules
from bot.domain.errors import NotFound

SCOPES = "x-oauth-scopes"
"""Source: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps"""

GUARD = """query($owner:String!,$name:String!,$ref:String!){repository(owner:$owner,name:$name){
 ref(qualifiedName:$ref){refUpdateRule{requiredApprovingReviewCount viewerCanPush}}}}"""
"""The older branch protection, as those see it who do not administer."""

PASSES = frozenset({"always", "exempt"})
"""What is said of a ruleset that our login may go past, also without a pull request."""


@dataclass(frozen=True, slots=True)
class AppStanding:
    """An App, or its installation: *name*, granted *permissions* and subscribed *events*."""

    name: str
    permissions: Mapping[str, str] = field(default_factory=dict)
    events: frozenset[str] = frozenset()
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class TokenStanding:
    """A token's *login* and its *scopes*; None: it is not of the kind that has any.

    *ends* is when it ends, or None.
    """

    login: str
    scopes: frozenset[str] | None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class RepositoryStanding:
    """A repository by its *name* of today, and what our login may do there."""

    name: str
    archived: bool
    may_push: bool
    administers: bool


class Standings:
    """How the login of *github* stands. Each call asks anew."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def token(self) -> TokenStanding:
        """Return whose token ours is.

        Source: https://docs.github.com/en/rest/users/users#get-the-authenticated-user
        """
        doing = "say who we are"
        body, headers = self._github.headed("me", doing, "/user")
        login = decoded(doing, lambda answer: text(answer["login"]), body)
        given = headers.get(SCOPES)
        names = None if given is None else frozenset(filter(None, map(str.strip, given.split(","))))
        return TokenStanding(login, names, ends_of(headers))

    def repository(self, repo: str) -> RepositoryStanding:
        """Return how we stand to *repo*.

        Raises:
            NotFound: there is none that we may see.

        Source: https://docs.github.com/en/rest/repos/repos#get-a-repository
        """
        doing = f"find the repository {repo}"
        body = self._github.rest("repository", doing, "GET", f"/repos/{quoted(repo)}")
        return decoded(doing, _repository, body)

    def rules(self, repo: str, branch: str) -> BranchRules:
        """Return what guards *branch*, which is there, without what our login may go past.

        Source: https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
        """
        doing = f"tell what guards {branch} of {repo}"
        path = f"/repos/{quoted(repo)}/rules/branches/{quote(branch, safe='')}"
        page = {"per_page": "100"}
        try:
            body = self._github.rest("branch rules", doing, "GET", path, parameters=page)
        except NotFound:  # a server from before there were rulesets
            body = []
        rules = decoded(doing, _rules, body)
        passed = {number: self._passes(repo, number, doing) for number in {one for _, one in rules}}
        bound = frozenset(kind for kind, number in rules if not passed[number])
        reviews, may_push = self._guard(repo, branch, doing)
        return BranchRules(bound, reviews, may_push)

    def _passes(self, repo: str, ruleset: int, doing: str) -> bool:
        """Tell whether our login may go past a ruleset; one that we may not see binds us."""
        path = f"/repos/{quoted(repo)}/rulesets/{ruleset}"
        try:
            body = self._github.rest("ruleset", doing, "GET", path)
        except NotFound:
            return False
        said = decoded(doing, lambda answer: answer.get("current_user_can_bypass"), body)
        return said in PASSES

    def _guard(self, repo: str, branch: str, doing: str) -> tuple[bool, bool]:
        owner, _, name = repo.partition("/")
        variables = {"owner": owner, "name": name, "ref": f"refs/heads/{branch}"}
        try:
            answer = self._github.graphql("branch guard", doing, GUARD, variables).whole()
        except NoGraphQL:
            return False, True
        return decoded(doing, _guarded, answer)


class AppStandings:
    """What an App is told of itself; *github* must be logged in as the App, not an installation."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def app(self) -> AppStanding:
        """Return the App as it is registered.

        Source: https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
        """
        doing = "describe our App"
        return decoded(doing, _app, self._github.rest("app", doing, "GET", "/app"))

    def installation(self, number: int) -> AppStanding:
        """Return what the installation *number* was granted.

        Raises:
            NotFound: our App has no such installation.

        Source: https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app
        """
        doing = f"describe the installation {number}"
        body = self._github.rest("installation", doing, "GET", f"/app/installations/{number}")
        return decoded(doing, _installation, body)


# decoders


def _repository(answer: Any) -> RepositoryStanding:
    may = answer.get("permissions") or {}
    return RepositoryStanding(
        text(answer["full_name"]),
        answer.get("archived") is True,
        may.get("push") is True,
        may.get("admin") is True,
    )


def _rules(answer: Any) -> tuple[tuple[str, int], ...]:
    """Return the kind of each rule, and the number of the ruleset it stands in."""
    if not isinstance(answer, list):
        raise TypeError("no list of rules")
    return tuple((text(one["type"]), count(one["ruleset_id"])) for one in answer)


def _guarded(data: Any) -> tuple[bool, bool]:
    rule = (data["repository"]["ref"] or {}).get("refUpdateRule")
    if rule is None:
        return False, True
    return rule["requiredApprovingReviewCount"] is not None, rule["viewerCanPush"] is True


def _app(answer: Any) -> AppStanding:
    return AppStanding(text(answer["slug"]), _permissions(answer), _events(answer))


def _installation(answer: Any) -> AppStanding:
    name = text(answer["account"]["login"])
    suspended = answer.get("suspended_at") is not None
    return AppStanding(name, _permissions(answer), _events(answer), suspended=suspended)


def _permissions(answer: Any) -> dict[str, str]:
    return {str(name): text(level) for name, level in dict(answer["permissions"]).items()}


def _events(answer: Any) -> frozenset[str]:
    return frozenset(text(one) for one in answer["events"])
