"""Who is told what of a hold: the environment's channel, and in person whose hold was ended."""

from collections.abc import Iterator, Sequence

from bot.domain.catalog import Catalog
from bot.domain.message import Message
from bot.domain.rights import NOBODY, Actor
from bot.domain.rollback.going_back import GitValue
from bot.domain.stops.holds import Held
from bot.domain.stops.locks import environment_of
from bot.messages.stops import holding as words
from bot.operations.saying.outbox import Letter, ToChannel, ToPerson


class HoldLetters:
    """Makes letters of what became of holds. *asked* is the delivery's id."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def begun(self, holds: Sequence[Held], asked: str) -> Iterator[Letter]:
        """Tell the channel."""
        return self._channel(holds[0], f"hold:{asked}", words.announced(holds))

    def released(self, holds: Sequence[Held], by: Actor, asked: str) -> Iterator[Letter]:
        """Tell the channel, and those people other than *by* whose holds these were."""
        yield from self._channel(holds[0], f"release:{asked}", words.announced_end(holds, by))
        theirs: dict[str, list[Held]] = {}
        for one in holds:
            if one.hold.by.github.id not in {by.github.id, NOBODY.github.id}:
                theirs.setdefault(one.hold.by.slack, []).append(one)
        for holder, their in theirs.items():
            message = words.ended_for_you(their, by)
            yield Letter(f"release:{asked}:{holder}", ToPerson(holder), message)

    def returned(self, held: Held, value: GitValue, url: str) -> Iterator[Letter]:
        """Tell the channel that a commit brought back what is held."""
        key = f"comeback:{held.number}:{value.commit}"
        return self._channel(held, key, words.returned(held, value, url))

    def _channel(self, held: Held, key: str, message: Message) -> Iterator[Letter]:
        """Yield what its environment's channel reads; nothing once the environment is gone."""
        environment = self._catalog.environments.get(environment_of(held.target))
        if environment is not None:
            yield Letter(key, ToChannel(environment.channel), message)
