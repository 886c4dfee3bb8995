"""Slack as a load: many people type at once, from a process of its own.

``Callers`` starts that process and hands it signed requests; ``python -m benchmarks._callers`` is
it. Every request opens a connection of its own and is timed from before that until the whole
answer is here. One event loop without threads keeps the timing free of a scheduler of ours.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from sandbox.slack.delivery import FORM, sign

AT_ONCE = 32
SLACK_WAITS = 3.0
"""Seconds until a person reads ``operation_timeout``."""

SETTLE = 60.0
"""Seconds after which a request counts as never answered."""


@dataclass(frozen=True, slots=True)
class Acks:
    """How long answers took, in seconds and sorted; *failed* came with no 200 or not at all."""

    seconds: tuple[float, ...]
    failed: int

    def percentile(self, share: float) -> float:
        """Return the seconds that *share* (0 to 1) of the answers did not exceed."""
        last = len(self.seconds) - 1
        return self.seconds[min(last, int(share * len(self.seconds)))]

    @property
    def late(self) -> int:
        """Return how many came after Slack had told the person that nothing happened."""
        return sum(each > SLACK_WAITS for each in self.seconds) + self.failed

    def __add__(self, other: "Acks") -> "Acks":
        return Acks(tuple(sorted(self.seconds + other.seconds)), self.failed + other.failed)


class Callers:
    """People who type commands at *port*, at most ``AT_ONCE`` at a time."""

    def __init__(self, port: int, secret: str) -> None:
        command = [sys.executable, "-m", "benchmarks._callers", str(port), secret]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def type(self, forms: Sequence[dict[str, str]]) -> Acks:
        """Send the commands *forms*, each as soon as one of ``AT_ONCE`` people is free."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([urlencode(form) for form in forms]) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return Acks(tuple(sorted(told["seconds"])), told["failed"])


def command(name: str, text: str, number: int) -> dict[str, str]:
    """Return the form of a slash command in the sandbox's workspace; *number* makes it unique."""
    return {
        "token": "deprecated",
        "team_id": "T0SHIP",
        "team_domain": "ship",
        "channel_id": "C0DEPLOY",
        "channel_name": "deploys",
        "user_id": "U0ALICE",
        "user_name": "alice",
        "command": name,
        "text": text,
        "api_app_id": "A0SHIPMATE",
        "is_enterprise_install": "false",
        "trigger_id": f"{number}.1.bench",
        "response_url": f"http://127.0.0.1:9/commands/{number}",
    }


# The process itself.


async def _call(port: int, secret: str, body: bytes) -> float | None:
    """Return the seconds one request took, or None where it brought no 200."""
    stamp = str(int(time.time()))
    head = (
        "POST /slack/events HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        f"Content-Type: {FORM}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Slack-Request-Timestamp: {stamp}\r\n"
        f"X-Slack-Signature: {sign(secret, stamp, body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    start = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + body)
        whole = await asyncio.wait_for(reader.read(), SETTLE)
        taken = time.perf_counter() - start
        writer.close()
    except (OSError, TimeoutError):
        return None
    return taken if whole.split(maxsplit=2)[1:2] == [b"200"] else None


async def _all(port: int, secret: str, bodies: list[str]) -> dict[str, Any]:
    left = iter(bodies)
    taken: list[float | None] = []

    async def person() -> None:
        for body in left:  # shared: whoever is free takes the next
            seconds = await _call(port, secret, body.encode())
            taken.append(seconds)

    await asyncio.gather(*(person() for _ in range(AT_ONCE)))
    seconds = [each for each in taken if each is not None]
    return {"seconds": seconds, "failed": len(taken) - len(seconds)}


def main() -> None:
    """Answer each line of requests by a line of timings, until there are no more."""
    port, secret = int(sys.argv[1]), sys.argv[2]
    for line in sys.stdin:
        print(json.dumps(asyncio.run(_all(port, secret, json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
