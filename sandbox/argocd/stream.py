"""The watch stream: no byte before the first event, SSE or NDJSON, plain EOF at the end."""

import json
import select
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.argocd.fields import reduced
from sandbox.argocd.informer import Subscription
from sandbox.argocd.world import World

LOOK_FOR_LEAVERS = 1.0
"""Real seconds between looks whether the client has gone; only threads depend on it."""


@dataclass
class Watch:
    """What one client watches. *shows* tells whether it may see an application, and asked to."""

    shows: Callable[[dict[str, Any]], bool]
    sse: bool
    fields: str | None
    initial: bool
    since: int = 0


def frames(world: World, watch: Watch, connection: socket.socket | None) -> Iterator[bytes]:
    """Yield what goes over the wire; the first yield comes with the first event."""
    sent: dict[str, str] = {}
    subscription = Subscription()
    begun = False
    try:
        with world.lock:
            waiting = [
                ("ADDED", document, False)
                for document in sorted(
                    world.informer.seen.values(),
                    key=lambda each: (each["metadata"]["namespace"], each["metadata"]["name"]),
                )
                if watch.initial
            ]
        for event in waiting:
            if (frame := _frame(watch, event, sent)) is not None:
                begun = True
                yield frame
        # Subscribed only now, as the server does: what was written meanwhile is lost.
        with world.lock:
            world.wait(lambda: not world.informer.gap, world.informer.gap)
            world.informer.subscriptions.append(subscription)
        while (
            event_or_beat := _next(world, watch, subscription, connection, begun=begun)
        ) is not None:
            if event_or_beat == "beat":
                yield b":\n"
                continue
            assert not isinstance(event_or_beat, str)
            if (frame := _frame(watch, event_or_beat, sent)) is not None:
                begun = True
                yield frame
        if subscription.cut:
            _hang_up(connection)
    finally:
        with world.lock:
            if subscription in world.informer.subscriptions:
                world.informer.subscriptions.remove(subscription)


Event = tuple[str, dict[str, Any], bool]


def _next(
    world: World,
    watch: Watch,
    subscription: Subscription,
    connection: socket.socket | None,
    *,
    begun: bool,
) -> Event | str | None:
    """Return the next event, ``"beat"`` when a heartbeat is due, None at the end."""
    with world.lock:
        beat = world.now() + world.tempo.heartbeat
        while True:
            if subscription.ended:
                return None
            if subscription.events and not world.informer.silent:
                return subscription.events.popleft()
            left = world.clock.pause(beat - world.now())
            if left <= 0:
                if watch.sse and begun and not world.informer.silent:
                    return "beat"
                beat = world.now() + world.tempo.heartbeat
                continue
            if not world.moved.wait(min(left, LOOK_FOR_LEAVERS)) and _left(connection):
                return None


def _hang_up(connection: socket.socket | None) -> None:
    """Break the stream off in the middle of its chunks."""
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("the pretended server died")


def _left(connection: socket.socket | None) -> bool:
    """Tell whether the client closed its side."""
    if connection is None:
        return False
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True


def _frame(watch: Watch, event: Event, sent: dict[str, str]) -> bytes | None:
    """Return the bytes of *event*; None when it is filtered, or equal to the last of that name."""
    kind, document, again = event
    metadata = document["metadata"]
    if not watch.shows(document) or int(metadata["resourceVersion"]) < watch.since:
        return None
    result = {"result": {"type": kind, "application": document}}
    text = json.dumps(reduced(result, watch.fields), default=str)
    # Applications of one name in several namespaces share this slot, as they do in the server.
    if sent.get(metadata["name"]) == text and not again:
        return None
    sent[metadata["name"]] = text
    return f"data: {text} \n\n\n".encode() if watch.sse else f"{text}\n".encode()
