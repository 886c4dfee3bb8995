"""Teams of an organization: members, invited people, parents; and the routes on people."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.github.accounts import Account, full, simple
from sandbox.github.rest import Asked, Refused, Route, missing, paged
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

MEMBERS = ("members", "read")


@dataclass
class Membership:
    """Somebody's place in a team: *role* member or maintainer, *state* active or pending."""

    login: str
    role: str
    state: str


@dataclass
class Team:
    """One team. *parent* is the team it is nested in, or None."""

    id: int
    org: str
    slug: str
    name: str
    privacy: str
    parent: "Team | None" = None
    members: dict[str, Membership] = field(default_factory=dict)

    def ancestors(self) -> list["Team"]:
        """Return the teams around it, the nearest first."""
        return [self.parent, *self.parent.ancestors()] if self.parent else []


class Teams:
    """Every team, by organization and slug."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Team] = {}

    def add(self, org: str, slug: str, name: str, parent: Team | None, privacy: str) -> Team:
        """Make a team; a secret one cannot be nested."""
        assert privacy == "closed" or parent is None, "secret teams cannot nest"
        number = 9000 + len(self._known) + 1
        team = Team(number, org, slug, name, privacy, parent)
        self._known[org.lower(), slug] = team
        return team

    def get(self, org: str, slug: str) -> Team | None:
        """Return a team, or None."""
        return self._known.get((org.lower(), slug))

    def remove(self, org: str, slug: str) -> None:
        """Delete a team and those nested in it."""
        gone = self._known.pop((org.lower(), slug))
        for key in [key for key, team in self._known.items() if gone in team.ancestors()]:
            del self._known[key]

    def of(self, org: str) -> list[Team]:
        """Return an organization's teams by slug."""
        return sorted(
            (team for team in self._known.values() if team.org.lower() == org.lower()),
            key=lambda team: team.slug,
        )

    def nested(self, team: Team) -> list[Team]:
        """Return a team and all that are nested in it."""
        return [team, *(other for other in self.of(team.org) if team in other.ancestors())]

    def membership(self, team: Team, login: str) -> Membership | None:
        """Return somebody's place in a team, also through a nested one; None without one."""
        found = [t.members.get(login.lower()) for t in self.nested(team)]
        known = [one for one in found if one is not None]
        return min(known, key=lambda one: (one.state != "active", one.role), default=None)


def _link(state: "State", team: Team) -> str:
    return f"{state.api}/orgs/{team.org}/teams/{team.slug}"


def shown(state: "State", team: Team) -> dict[str, Any]:
    """Return a team's JSON."""
    return {
        "id": team.id,
        "node_id": f"T_{team.id}",
        "name": team.name,
        "slug": team.slug,
        "description": "",
        "privacy": team.privacy,
        "permission": "pull",
        "url": _link(state, team),
        "html_url": f"{state.site}/orgs/{team.org}/teams/{team.slug}",
        "members_url": f"{_link(state, team)}/members{{/member}}",
        "repositories_url": f"{_link(state, team)}/repos",
        "parent": shown(state, team.parent) if team.parent else None,
    }


def _team(state: "State", asked: Asked) -> Team:
    team = state.teams.get(asked.path["org"], asked.path["slug"])
    if team is None:
        raise missing()
    return team


def _get_team(state: "State", asked: Asked) -> Response:
    return answer(shown(state, _team(state, asked)))


def _teams(state: "State", asked: Asked) -> Response:
    _organization(state, asked)
    return paged(asked, [shown(state, team) for team in state.teams.of(asked.path["org"])])


def _membership(state: "State", asked: Asked) -> Response:
    with state.lock:
        team = _team(state, asked)
        account = state.accounts.get(asked.path["login"])
        place = state.teams.membership(team, asked.path["login"])
    if account is None or place is None:
        raise missing()
    organization = state.accounts.get(team.org)
    owner = organization is not None and account.login.lower() in organization.owners
    url = f"{_link(state, team)}/memberships/{account.login}"
    role = "maintainer" if owner else place.role
    return answer({"url": url, "role": role, "state": place.state})


def _members(state: "State", asked: Asked) -> Response:
    with state.lock:
        team = _team(state, asked)
        direct = set(team.members)
        everyone = sorted({login for one in state.teams.nested(team) for login in one.members})
        active = [
            login
            for login in everyone
            if (place := state.teams.membership(team, login)) and place.state == "active"
        ]
        people = [(login, state.accounts.get(login)) for login in active]
    wanted = asked.query.get("role", "all")
    listed = []
    for login, account in people:
        place = state.teams.membership(team, login)
        if account and place and wanted in {"all", place.role}:
            listed.append(
                simple(account, state.api) | {"role": place.role, "inherited": login not in direct}
            )
    return paged(asked, listed)


def _organization(state: "State", asked: Asked) -> Account:
    account = state.accounts.get(asked.path["org"])
    if account is None or account.kind != "Organization":
        raise missing()
    return account


def _get_organization(state: "State", asked: Asked) -> Response:
    account = _organization(state, asked)
    return answer(full(account, state.api) | {"url": f"{state.api}/orgs/{account.login}"})


def _me(state: "State", asked: Asked) -> Response:
    if asked.token is None:
        raise Refused(401, "Requires authentication")
    if asked.token.installation is not None:
        raise Refused(403, asked.token.refusal())
    return answer(full(asked.token.account, state.api))


def _user(state: "State", asked: Asked) -> Response:
    account = state.accounts.get(asked.path["login"])
    if account is None:
        raise missing()
    return answer(full(account, state.api))


def _user_by_id(state: "State", asked: Asked) -> Response:
    account = state.accounts.by_id(asked.path["number"])
    if account is None:
        raise missing()
    return answer(full(account, state.api))


ROUTES = (
    Route("organization", "GET", "/orgs/<org>", _get_organization, of_repository=False),
    Route("teams", "GET", "/orgs/<org>/teams", _teams, MEMBERS, of_repository=False),
    Route("team", "GET", "/orgs/<org>/teams/<slug>", _get_team, MEMBERS, of_repository=False),
    Route(
        "team_members",
        "GET",
        "/orgs/<org>/teams/<slug>/members",
        _members,
        MEMBERS,
        of_repository=False,
    ),
    Route(
        "team_membership",
        "GET",
        "/orgs/<org>/teams/<slug>/memberships/<login>",
        _membership,
        MEMBERS,
        of_repository=False,
    ),
    Route("me", "GET", "/user", _me, of_repository=False),
    Route("user", "GET", "/users/<login>", _user, of_repository=False),
    Route("user_by_id", "GET", "/user/<int:number>", _user_by_id, of_repository=False),
)
