"""Everything the fake GitHub knows, in one place, for its routes and resolvers."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.clock import Clock
from sandbox.github.access import Access
from sandbox.github.accounts import Accounts
from sandbox.github.actions import Actions
from sandbox.github.checks import Checks
from sandbox.github.device_flow import DeviceFlows
from sandbox.github.limits import Limits
from sandbox.github.pulls import Pulls
from sandbox.github.repositories import Repositories, Repository
from sandbox.github.teams import Teams
from sandbox.github.webhooks import Webhooks

Lock = AbstractContextManager[bool]


class Time(Protocol):
    """A clock."""

    def now(self) -> datetime:
        """Return the aware time."""
        ...

    def pause(self, span: timedelta) -> float:
        """Return the real seconds that *span* takes."""
        ...


Event = Callable[[str, str, str], None]
"""Is told of a push or a Git tag: repository, branch or tag, commit."""


class State:
    """The world behind the API. *lock* guards all but the repositories, which have their own."""

    def __init__(self, root: Path, clock: Time, url: Callable[[], str], lock: Lock) -> None:
        self.clock = clock
        self.wall = Clock()
        """Credentials are checked by real time: clients sign and renew them by their own clock."""
        self.lock = lock
        self._url = url
        self.accounts = Accounts()
        self.access = Access()
        self.repositories = Repositories(root, clock.now)
        self.teams = Teams()
        self.checks = Checks()
        self.actions = Actions()
        self.pulls = Pulls()
        self.limits = Limits(clock.now)
        self.webhooks = Webhooks()
        self.device_flows = DeviceFlows()
        self.when_pushed: list[Event] = []
        self.when_tagged: list[Event] = []
        self.text_limit = 512_000
        """Bytes of a blob's text that GraphQL gives before it cuts; settable, undocumented."""
        self.committer = self.accounts.add(
            "web-flow", number=19864447, name="GitHub", email="noreply@github.com"
        )

    @property
    def api(self) -> str:
        """Return the REST API's base URL."""
        return f"{self._url()}/api/v3"

    @property
    def site(self) -> str:
        """Return the base URL of the pages people read."""
        return self._url()

    def link(self, repository: Repository) -> str:
        """Return a repository's REST address."""
        return f"{self.api}/repos/{repository.full_name}"

    def page(self, repository: Repository) -> str:
        """Return the address of a repository's page."""
        return f"{self._url()}/{repository.full_name}"
