"""Who people are on GitHub and which teams they are in. What could not be read is never a yes.

How nested teams count stands in docs/decisions/0007-nested-teams.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from bot.adapters.github.answers import SYSTEM, count, decoded, text
from bot.adapters.github.client import GitHub
from bot.domain.errors import BotError, Forbidden, Garbled, NotFound
from bot.domain.rights import GitHubUser, Membership, Standing
from bot.domain.unknown import Unknown, silence

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
"""What a login, an organization or a team's slug is made of; anything else exists nowhere.

Logins of managed users have an underscore before the company's short code.
Source: https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
"""

PERSON = "User"
"""GitHub's word for a human account; bots and organizations have others."""

ACCOUNT = """query($org:String!,$login:String!,$after:String){user(login:$login){databaseId login}
 organization(login:$org){
 teams(first:100,after:$after,userLogins:[$login]){pageInfo{hasNextPage endCursor}
 nodes{slug ancestors(first:100){nodes{slug}}}}}}"""
"""Only a person is a ``user`` there: bots and organizations are types of their own."""

_STANDINGS = {"active": Standing.YES, "pending": Standing.PENDING}

NO_MEMBERS_RIGHT = "our login may not read teams: grant it the organization right members:read"


class Trouble(StrEnum):
    """What is wrong with a team that the configuration names."""

    MISSING = "missing"  # there is none of that slug, or it is hidden from us
    NO_RIGHT = "no_right"  # we may not read teams at all
    UNKNOWN = "unknown"  # GitHub could not be asked


@dataclass(frozen=True, slots=True)
class TeamProblem:
    """A configured team *slug* nobody can be found in. *detail* says what to do or what failed."""

    slug: str
    trouble: Trouble
    detail: str


@dataclass(frozen=True, slots=True)
class Account:
    """A person and the slugs of all *teams* they are in, parents included, of one moment.

    *as_of* is that moment where it lies back because GitHub does not answer; None: it is of now.
    """

    user: GitHubUser
    teams: frozenset[str]
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of somebody's teams, ancestors included; *after* is None on the last."""

    user: GitHubUser
    slugs: frozenset[str]
    after: str | None


class Teams:
    """Reads accounts and team memberships; each call asks GitHub anew."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def membership(self, org: str, slug: str, login: str) -> Membership:
        """Return how *login* stands to a team now, with one request. It never raises.

        Members of child teams are members. GitHub's 404 may mean that there is no such team or
        person, too; ``missing_teams`` finds the former at the start.

        Source: https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
        """
        doing = f"read whether {login:.100} is in {org}/{slug}"
        if not all(map(NAME.fullmatch, (org, slug, login))):
            return Membership(Standing.NO)
        path = f"/orgs/{org}/teams/{slug}/memberships/{login}"
        try:
            body = self._github.rest("team membership", doing, "GET", path)
            state = decoded(doing, lambda answer: text(answer["state"]), body)
        except NotFound:
            return Membership(Standing.NO)
        except BotError as error:
            return Membership(Standing.UNKNOWN, why(error), silence(error))
        if known := _STANDINGS.get(state):
            return Membership(known)
        return Membership(Standing.UNKNOWN, f"GitHub calls the membership {state:.40}")

    def account(self, org: str, login: str) -> Account | Unknown | None:
        """Return who *login* is and all their teams in *org*; None: no person has that login.

        One request for a hundred teams. It shows who is in, not who is only invited. It never
        raises.

        Source: https://docs.github.com/en/graphql/reference/objects#organization
        """
        if not all(map(NAME.fullmatch, (org, login))):
            return None
        try:
            return self._account(org, login)
        except BotError as error:
            return Unknown(why(error), silence(error))

    def _account(self, org: str, login: str) -> Account | None:
        doing = f"read the teams of {login} in {org}"
        found: frozenset[str] = frozenset()
        after: str | None = None
        while True:
            variables = {"org": org, "login": login, "after": after}
            graph = self._github.graphql("account", doing, ACCOUNT, variables)
            if isinstance(graph.failure, NotFound) and _is_nobody(graph.data):
                return None
            page = decoded(doing, _page, graph.whole())
            found |= page.slugs
            if page.after is None:
                return Account(page.user, found)
            if page.after == after:
                raise Garbled(SYSTEM, doing, "the list leads back to the same page")
            after = page.after

    def members(self, org: str, slug: str) -> tuple[GitHubUser, ...]:
        """Return the people in a team or in one below it, at most a hundred; one request.

        Whoever is only invited is not among them.

        Raises:
            NotFound: there is no such team, or it is hidden from us.

        Source: https://docs.github.com/en/rest/teams/members#list-team-members
        """
        doing = f"read who is in {org}/{slug:.100}"
        if not all(map(NAME.fullmatch, (org, slug))):
            raise NotFound(SYSTEM, doing, "no team can have that name")
        path = f"/orgs/{org}/teams/{slug}/members"
        page = {"per_page": "100"}
        body = self._github.rest("team members", doing, "GET", path, parameters=page)
        return decoded(doing, _people, body)

    def missing_teams(self, org: str, slugs: Iterable[str]) -> tuple[TeamProblem, ...]:
        """Return what is wrong with the teams that the configuration names; a request for each.

        After the first answer that we lack the right, no more is asked: it holds for all.

        Source: https://docs.github.com/en/rest/teams/teams#get-a-team-by-name
        """
        problems: list[TeamProblem] = []
        no_right = False
        for slug in sorted(set(slugs)):
            problem = (
                TeamProblem(slug, Trouble.NO_RIGHT, NO_MEMBERS_RIGHT)
                if no_right
                else self._problem(org, slug)
            )
            if problem is not None:
                problems.append(problem)
                no_right = problem.trouble is Trouble.NO_RIGHT
        return tuple(problems)

    def _problem(self, org: str, slug: str) -> TeamProblem | None:
        doing = f"find the team {org}/{slug:.100}"
        missing = TeamProblem(
            slug, Trouble.MISSING, f"{org} has no team {slug:.100} that our login may see"
        )
        if not all(map(NAME.fullmatch, (org, slug))):
            return missing
        try:
            body = self._github.rest("team", doing, "GET", f"/orgs/{org}/teams/{slug}")
            decoded(doing, lambda answer: text(answer["slug"]), body)
        except NotFound:
            return missing
        except Forbidden:
            return TeamProblem(slug, Trouble.NO_RIGHT, NO_MEMBERS_RIGHT)
        except BotError as error:
            return TeamProblem(slug, Trouble.UNKNOWN, str(error))
        return None

    def user(self, login: str) -> GitHubUser:
        """Return the person whose login is *login* today.

        Raises:
            NotFound: nobody has that login, or a bot or an organization has it.

        Source: https://docs.github.com/en/rest/users/users#get-a-user
        """
        doing = f"find the person {login:.100}"
        if not NAME.fullmatch(login):
            raise NotFound(SYSTEM, doing, f"{login!r:.100} cannot be a login")
        return self._person(doing, f"/users/{quote(login, safe='')}")

    def user_by_id(self, number: int) -> GitHubUser:
        """Return the person with the id *number*, whatever their login is today.

        Raises:
            NotFound: there is no such person any more.

        Source: https://docs.github.com/en/rest/users/users#get-a-user-using-their-id
        """
        return self._person(f"find the person number {number}", f"/user/{number}")

    def _person(self, doing: str, path: str) -> GitHubUser:
        body = self._github.rest("user", doing, "GET", path)
        return decoded(doing, lambda answer: person(answer, doing), body)


def why(error: BotError) -> str:
    """Return why nobody could tell, for people; a missing right is told with its name."""
    return NO_MEMBERS_RIGHT if isinstance(error, Forbidden) else str(error)


# decoders


def person(body: Any, doing: str) -> GitHubUser:
    """Decode an account.

    Raises:
        NotFound: it belongs to a bot or an organization; neither may decide anything.
    """
    kind = text(body["type"])
    if kind != PERSON:
        raise NotFound(SYSTEM, doing, f"{text(body['login'])} is no person ({kind})")
    return GitHubUser(count(body["id"]), text(body["login"]))


def _people(body: Any) -> tuple[GitHubUser, ...]:
    if not isinstance(body, list):
        raise TypeError("not a list of people")
    listed = [one for one in body if text(one["type"]) == PERSON]
    return tuple(GitHubUser(count(one["id"]), text(one["login"])) for one in listed)


def _is_nobody(data: Any) -> bool:
    """Tell whether it is the person who was not found, and not the organization."""
    return isinstance(data, dict) and data.get("user") is None and bool(data.get("organization"))


def _page(data: Any) -> _Page:
    user, teams = data["user"], data["organization"]["teams"]
    more = teams["pageInfo"]
    slugs = [text(node["slug"]) for node in teams["nodes"]]
    above = [text(one["slug"]) for node in teams["nodes"] for one in node["ancestors"]["nodes"]]
    return _Page(
        GitHubUser(count(user["databaseId"]), text(user["login"])),
        frozenset([*slugs, *above]),
        text(more["endCursor"]) if more["hasNextPage"] else None,
    )
