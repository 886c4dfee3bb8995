"""Who a person is on GitHub, and what their teams let them do. Empty means nobody.

People are compared by GitHub id and by nothing else: one human may have two Slack accounts, and
logins are renamed and registered again by others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.unknown import Silence, Unknown

ITSELF = "shipmate"
"""Who did what no person did. No Slack user id is like it."""


class Action(StrEnum):
    """What a right is about."""

    DEPLOY = "deploy"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    APPROVE = "approve"
    LOCK = "lock"
    FREEZE = "freeze"
    OVERRIDE = "override"


AS_DEPLOY = frozenset({Action.PROMOTE, Action.ROLLBACK})
"""Whoever may deploy may do these too, where the configuration lists nobody for them."""


@dataclass(frozen=True, slots=True)
class GitHubUser:
    """A GitHub account. *id* stays; *login* may be renamed and is only shown."""

    id: int
    login: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who did something: the *slack* user id to talk to, the account to compare."""

    slack: str
    github: GitHubUser


NOBODY = Actor(ITSELF, GitHubUser(0, ITSELF))
"""Stands for the bot itself. GitHub gives no account the number 0, so nobody else is it."""


class WhyNot(StrEnum):
    """Why a Slack user stands for no GitHub account."""

    NOT_LINKED = "not_linked"  # no configured source names a login
    NO_SUCH_ACCOUNT = "no_such_account"  # GitHub has no account of that login
    ACCOUNT_CHANGED = "account_changed"  # the login belongs to another id than the one remembered
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    STRANGER = "stranger"  # of another workspace, through Slack Connect


@dataclass(frozen=True, slots=True)
class Identified:
    """The account that a Slack user stands for. *source* says by which belief (``map``)."""

    user: GitHubUser
    source: str = "map"


@dataclass(frozen=True, slots=True)
class Unidentified:
    """No account. *login* is what a source named, or empty."""

    why: WhyNot
    login: str = ""


@dataclass(frozen=True, slots=True)
class Itself:
    """No person: the bot itself, which takes *operation* back. Nobody who clicks or types is it."""

    operation: str


Identity = Identified | Unidentified | Itself | Unknown


class Standing(StrEnum):
    """How somebody stands to a team."""

    YES = "yes"  # an active member, directly or through a child team
    NO = "no"
    PENDING = "pending"  # invited, has not accepted
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Membership:
    """One team's answer. *why* says what could not be read, and is empty otherwise.

    *silence* is whom to ask again for it; None: that would change nothing.
    """

    standing: Standing
    why: str = ""
    silence: Silence | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody as read at one moment. *memberships* are those asked about, by team slug.

    *as_of* is when GitHub confirmed them, where it does not answer now and its last word stands.
    """

    identity: Identity
    memberships: Mapping[str, Membership] = field(default_factory=dict)
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """*teams* (GitHub slugs) may do *action* in *environment*; *service* None: to every service."""

    action: Action
    environment: str
    teams: frozenset[str]
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """Every right that the configuration gives."""

    grants: tuple[Grant, ...] = ()

    def teams(self, action: Action, service: str, environment: str) -> frozenset[str]:
        """Return the teams with the right; empty: nobody.

        What is said of the one service stands in place of what is said of all. Promote and
        rollback are as deploy where nothing is said of them at all.
        """
        for wanted in (action, Action.DEPLOY) if action in AS_DEPLOY else (action,):
            for whose in (service, None):
                found = [
                    grant.teams
                    for grant in self.grants
                    if (grant.action, grant.environment) == (wanted, environment)
                    and grant.service == whose
                ]
                if found:
                    return frozenset().union(*found)
        return frozenset()


@dataclass(frozen=True, slots=True)
class Right:
    """Whether somebody may, with the *teams* that could. *team* is the one that decided.

    *why* says what could not be read; it is empty unless *standing* is unknown. *silence* is whom
    to ask again for it.
    """

    standing: Standing
    teams: frozenset[str] = field(default_factory=frozenset)
    team: str = ""
    why: str = ""
    silence: Silence | None = None

    @property
    def held(self) -> bool:
        """Tell whether the right is there. Everything but a plain yes is a no."""
        return self.standing is Standing.YES


_WORST_LAST = (Standing.YES, Standing.UNKNOWN, Standing.PENDING, Standing.NO)


def permitted(teams: Iterable[str], memberships: Mapping[str, Membership]) -> Right:
    """Return whether a member by *memberships* (team slug to answer) is in one of *teams*.

    One active membership is enough. Without one, a team that could not be read leaves the answer
    unknown, and a team that was not asked counts as unread.
    """
    could = frozenset(teams)
    answers = [(memberships.get(team, _NOT_ASKED), team) for team in sorted(could)]
    for standing in _WORST_LAST:
        for answer, team in answers:
            if answer.standing is standing:
                unread = (answer.why or "no reason was given") if _is_unknown(answer) else ""
                decided = "" if standing is Standing.NO else team
                return Right(standing, could, decided, unread, answer.silence)
    return Right(Standing.NO, could)


_NOT_ASKED = Membership(Standing.UNKNOWN, "the team was not asked for")


def _is_unknown(answer: Membership) -> bool:
    return answer.standing is Standing.UNKNOWN
