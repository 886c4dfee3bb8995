"""The real bot inside this process, in a world: what most scenario tests use."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.app import build
from bot.config import load
from bot.reach import Patience
from bot.server import Listener, serve
from bot.settings import Settings
from sandbox.world import GITHUB_WEBHOOK_SECRET, World

if TYPE_CHECKING:
    from waitress.server import MultiSocketServer, TcpWSGIServer

    from bot.shipmate import Shipmate


class Inside:
    """A bot in this process, running while the ``with`` block lasts.

    Only one may live at a time: the engine is one for each process.
    """

    def __init__(
        self,
        world: World,
        database_url: str,
        *,
        socket_mode: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self._world, self._socket_mode, self._patience = world, socket_mode, patience
        self._environment = world.environment(database_url, socket_mode=socket_mode)
        self._server: MultiSocketServer | TcpWSGIServer | None = None
        self._listener: Listener | None = None
        self._held = ExitStack()
        self.shipmate: Shipmate | None = None

    def __enter__(self) -> Self:
        """Build and start the bot, and connect Slack to it."""
        text = (self._world.folder / "shipmate.yaml").read_text(encoding="utf-8")
        settings, clock = Settings.load(self._environment), self._world.clock
        config = load(text)
        with ExitStack() as held:  # Let go when it cannot be built.
            held.enter_context(_aws_of(self._environment))
            shipmate = build(settings, config, clock, self._patience)
            self._held = held.pop_all()
        self.shipmate = shipmate
        self._server = serve(shipmate, "127.0.0.1", 0)
        self._listener = Listener(self._server)
        self._listener.start()
        shipmate.start()
        self._world.github.subscribe(f"{self.url}/webhooks/github", GITHUB_WEBHOOK_SECRET)
        if not self._socket_mode:
            self._world.slack.connect(self.url)
        ready = self._world.until(lambda: not shipmate.troubles())
        assert ready, shipmate.troubles()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the bot."""
        assert self._listener is not None
        assert self.shipmate is not None
        self._listener.close()
        self.shipmate.stop()
        self._held.close()

    @property
    def url(self) -> str:
        """Return the bot's base URL."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.effective_port}"


@contextmanager
def _aws_of(environment: Mapping[str, str]) -> Iterator[None]:
    """Let AWS's library see the world's variables and no others: it reads this process's own."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    wanted = {name: value for name, value in environment.items() if name.startswith("AWS_")}
    try:
        _exchange(before, wanted)
        yield
    finally:
        _exchange(wanted, before)


def _exchange(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
