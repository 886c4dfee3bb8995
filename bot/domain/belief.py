"""What the bot believes of a person, as it tells them: who they are, and what they may do where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.catalog import Catalog
from bot.domain.rights import Action, Identity, Membership, permitted


@dataclass(frozen=True, slots=True)
class Held:
    """*action* is theirs in *environment*: to these *services*, or, empty, to all that live there.

    *services* are in the configured order.
    """

    environment: str
    action: Action
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of the Slack *user*.

    *sources* are those that were asked, in order; *open_profile* tells that the profile is one of
    them and is not believed, because people can type into it. *since* is when the account was
    first seen, or None. *others* are further Slack users of the same account. *memberships* are
    those that could give a right. *may_link* tells whether they can link an account themselves.
    """

    user: str
    identity: Identity
    sources: tuple[str, ...]
    memberships: Mapping[str, Membership] = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    since: datetime | None = None
    others: tuple[str, ...] = ()
    open_profile: bool = False
    may_link: bool = False


def rights_held(catalog: Catalog, memberships: Mapping[str, Membership]) -> tuple[Held, ...]:
    """Return every right that *memberships* give, by environment in promotion order."""
    return tuple(
        held
        for environment in catalog.environments
        for action in Action
        if (held := _held(catalog, action, environment, memberships)) is not None
    )


def _held(
    catalog: Catalog, action: Action, environment: str, memberships: Mapping[str, Membership]
) -> Held | None:
    here = [name for name in catalog.services if catalog.target(name, environment)]
    theirs = tuple(
        name
        for name in here
        if permitted(catalog.permissions.teams(action, name, environment), memberships).held
    )
    if not theirs:
        return None
    return Held(environment, action, () if len(theirs) == len(here) else theirs)
