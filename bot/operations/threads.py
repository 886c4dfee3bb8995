"""Threads in which steps call GitHub: few, and kept, because each has connections of its own."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

GITHUB_AT_ONCE = 8
"""GitHub allows 100 requests at once; a thread's first request costs a connection more."""


class Pool(ThreadPoolExecutor):
    """Threads whose work is about what its giver's was about, as the log and metrics are told."""

    def submit(
        self,
        work: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Future[Result]:
        """Do *work* in a thread, in a copy of the caller's context."""
        context = contextvars.copy_context()
        return super().submit(lambda: context.run(work, *args, **named))


class Threads:
    """A fixed set of threads for blocking calls of one kind."""

    def __init__(self, name: str, at_once: int = GITHUB_AT_ONCE) -> None:
        self._pool = Pool(at_once, thread_name_prefix=name)

    async def run(self, work: Callable[..., Result], *args: Any) -> Result:
        """Return what *work* returns, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, partial(work, *args))

    def close(self) -> None:
        """Let what runs end; forget what waits."""
        self._pool.shutdown(wait=False, cancel_futures=True)
