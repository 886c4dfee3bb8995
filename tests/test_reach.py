"""What the bot asks GitHub for depends on what its configuration makes it do."""

from dataclasses import replace

import pytest

from bot.adapters.github.credentials import POLICY_PERMISSIONS
from bot.domain.environment_policy import EnvironmentPolicy, Way
from bot.reach import permissions_for
from tests.builders import catalog, environment


@pytest.mark.parametrize("way", list(Way))
def test_pull_requests_are_asked_for_only_where_changes_come_by_them(way):
    """An App that was not granted what is asked for gets no token at all."""
    stage = replace(environment(), rules=EnvironmentPolicy("stage", change=way))
    asked = permissions_for(catalog(environments=[environment("dev"), stage]))
    more = {} if way is Way.COMMIT else {"pull_requests": "write"}
    assert POLICY_PERMISSIONS | more == asked


def test_actions_are_asked_for_only_where_failures_are_configured():
    asked = permissions_for(catalog(), with_ci=True)
    assert POLICY_PERMISSIONS | {"actions": "write"} == asked
