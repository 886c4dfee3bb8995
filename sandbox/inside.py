"""The real bot inside this process, in a world: what most scenario tests use."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.app import Patience, Shipmate, build
from bot.config import load
from bot.server import Listener, serve
from bot.settings import Settings
from sandbox.world import World

if TYPE_CHECKING:
    from waitress.server import MultiSocketServer, TcpWSGIServer


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
        self.shipmate: Shipmate | None = None

    def __enter__(self) -> Self:
        """Build and start the bot, and connect Slack to it."""
        text = (self._world.folder / "shipmate.yaml").read_text(encoding="utf-8")
        settings, clock = Settings.load(self._environment), self._world.clock
        shipmate = build(settings, load(text), clock, self._patience)
        self.shipmate = shipmate
        self._server = serve(shipmate, "127.0.0.1", 0)
        self._listener = Listener(self._server)
        self._listener.start()
        shipmate.start()
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

    @property
    def url(self) -> str:
        """Return the bot's base URL."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.effective_port}"
