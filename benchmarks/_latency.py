"""A TCP proxy that makes a near server far: every byte arrives later, in both directions."""

import asyncio
import threading
from types import TracebackType
from typing import Self

CHUNK = 65536


class LatencyProxy:
    """Forwards a loopback port to *port*, with *delay* seconds each way.

    A new connection also pays one round trip before its first byte, as TCP's handshake does; that
    of TLS is not played. Order is kept and bandwidth is not limited.
    """

    def __init__(self, port: int, delay: float) -> None:
        self._target, self._delay = port, delay
        self._loop: asyncio.AbstractEventLoop
        self._end: asyncio.Event
        self._carried: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="latency", daemon=True)
        self.port = 0
        self.connections = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Return the base URL of an HTTP server seen through the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in self._carried:
            task.cancel()
        await asyncio.gather(*self._carried, return_exceptions=True)

    def _accept(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Carry a new connection in a task of ours; asyncio would complain when it is cancelled."""
        task = asyncio.ensure_future(self._connected(near, back))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    async def _connected(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.connections += 1
        handshake = 2 * self._delay
        far, forth = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(
            self._forward(near, forth, handshake),
            self._forward(far, back, 0),
            return_exceptions=True,
        )

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, extra: float
    ) -> None:
        """Carry bytes from *source* to *sink*, each the delay later; the first *extra* later still.

        Reading goes on while bytes travel, so the delay adds up only where one side waits.
        """
        travelling: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        earliest = self._loop.time() + extra
        delivery = asyncio.ensure_future(self._deliver(travelling, sink))
        while data := await source.read(CHUNK):
            left = max(self._loop.time(), earliest)
            travelling.put_nowait((left + self._delay, data))
        travelling.put_nowait((self._loop.time() + self._delay, b""))
        await delivery

    async def _deliver(
        self, travelling: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await travelling.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            if not data:
                sink.close()
                return
            sink.write(data)
            await sink.drain()
