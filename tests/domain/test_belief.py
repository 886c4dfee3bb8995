"""What teams give is told by environment, and a right to everything is told as one."""

from dataclasses import replace

from bot.domain.belief import Held, rights_held
from bot.domain.rights import Action, Grant, Permissions
from tests import builders
from tests.domain.policies import IN, OUT, PENDING, UNREAD

CATALOG = replace(
    builders.catalog(
        targets=[
            builders.target("batch"),
            builders.target("core"),
            builders.target("core", "prod"),
        ],
        environments=[builders.environment("stage"), builders.environment("prod")],
    ),
    permissions=Permissions(
        (
            Grant(Action.DEPLOY, "stage", frozenset({"developers"})),
            Grant(Action.LOCK, "stage", frozenset({"sre"})),
            Grant(Action.LOCK, "stage", frozenset({"developers"}), "core"),
            Grant(Action.FREEZE, "prod", frozenset()),
            Grant(Action.OVERRIDE, "prod", frozenset({"admins"})),
        )
    ),
)


def test_each_right_is_told_once_and_for_all_services_where_it_is():
    assert (
        Held("stage", Action.DEPLOY),
        Held("stage", Action.PROMOTE),
        Held("stage", Action.ROLLBACK),
        Held("stage", Action.LOCK, ("core",)),
    ) == rights_held(CATALOG, {"developers": IN, "sre": OUT, "admins": PENDING})


def test_what_is_not_a_plain_yes_gives_nothing():
    for standing in (OUT, PENDING, UNREAD):
        assert () == rights_held(CATALOG, dict.fromkeys(("developers", "sre", "admins"), standing))
    assert () == rights_held(CATALOG, {})
