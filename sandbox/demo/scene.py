"""One bot in one pretend world, before an audience: people act, and what they see is printed."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.domain.catalog import Target
from bot.domain.commands import Deploy, Promote, Rollback, parse
from sandbox.demo.buttons import find
from sandbox.demo.sight import Asked, Sight, Untold
from sandbox.slack import Reply
from sandbox.slack.workspace import Message, Version

CARD_SECONDS = 5.0
"""How long a card may come after the word in person."""


class Scene(Sight):
    """A running bot, its world, and people who use it."""

    def types(self, by: str, text: str) -> Reply:
        """Let the person with the Slack id *by* type; print that and the answer."""
        who = self.names[by]
        self.stage.typed(who, f"in #{self.names[self.channel]}", text)
        reply = self.slack.type(text, by=by, channel=self.channel)
        if reply.error is not None:
            raise Untold(f"Slack answered {text} with {reply.error}")
        version = Version(self.outside.clock.now(), reply.text, reply.blocks)
        self.stage.answered(who, version, self.names)
        return reply

    def asks(self, by: str, text: str) -> Asked:
        """Let *by* type a deploy, promote or rollback; return it once the bot has taken it."""
        head, at = self.head(), self.outside.clock.now()
        return self._taken(self.types(by, text).words, text, head, at)

    def accepts(self, by: str, action: str, order: str) -> Asked:
        """Let *by* press the button *action* of what they alone were shown last: it is *order*."""
        head, at = self.head(), self.outside.clock.now()
        shown = self.slack.ephemerals(by)[-1]
        return self._taken(self._clicks(by, "under the answer", shown, action), order, head, at)

    def _taken(self, answer: str, text: str, head: str, at: datetime) -> Asked:
        """Return what *text* ordered, by the *answer* of the bot.

        Raises:
            Untold: the bot did not take it.
        """
        number = re.search(r"Received as .*?(D-\d+)", answer, re.DOTALL)
        if number is None:
            raise Untold("the bot did not take it; its answer stands above")
        verb, _, rest = text.removeprefix("/").partition(" ")
        understood = parse(verb, rest, self.catalog)
        assert isinstance(understood, Deploy | Promote | Rollback), understood
        asked = Asked(number[1], understood, at, head, self._targets(understood))
        for one in asked.applications:
            asked.looked[one] = self.outside.look(one)
        return asked

    def _targets(self, asked: Deploy | Promote | Rollback) -> tuple[Target, ...]:
        where = asked.environment
        assert where is not None, asked
        found = (self.catalog.target(one, where) for one in asked.services)
        return tuple(one for one in found if one is not None)

    def deploys(self, by: str, text: str) -> Asked:
        """Let *by* deploy, promote or roll back; show all of it, and look whether it went live."""
        asked = self.asks(by, text)
        self.follow(asked)
        self.shows_the_end(asked)
        return asked

    def is_refused(self, by: str, text: str, why: str) -> None:
        """Let *by* ask for a deploy whose card then says no, and *why*."""
        asked = self.asks(by, text)
        self.follow(asked)
        card = self.card(asked)
        said = card is not None and why in card.words and not self.commits(asked.head)
        self.holds("it is refused and changed nothing", true=said)

    def is_told_no(self, by: str, text: str, why: str) -> None:
        """Let *by* ask for what they have no right to: they alone are told *why*."""
        head, public = self.head(), len(self.slack.messages(self.channel))
        reply = self.types(by, text)
        number = re.search(r"D-\d+", reply.words)
        said = self.reads_in_person(by, number[0] if number else why)
        alone = len(self.slack.messages(self.channel)) == public
        good = why in said and alone and not self.commits(head)
        self.holds(f"{self.names[by]} is refused, and nobody else was troubled", true=good)

    def is_turned_away(self, by: str, asked: Asked) -> bool:
        """Tell whether *by* heard of *asked* in person and it has no card: they have no right."""
        told = any(asked.id in one.words for one in self.slack.dm(by))
        return told and self.card(asked) is None

    def gets_a_card(self, asked: Asked) -> bool:
        """Wait a moment for the card, which may come after the word in person."""
        return self.slack.until(lambda: self.card(asked) is not None, CARD_SECONDS)

    def presses(self, by: str, asked: Asked, action: str) -> str:
        """Let *by* press a button on the card of *asked* and say yes to Slack's question.

        Shows what they alone see then, and returns it.
        """
        card = self.card(asked)
        assert card is not None
        return self._clicks(by, f"on the card of {asked.id}", card, action)

    def inquires(self, by: str, text: str) -> str:
        """Let *by* ask something whose answer needs a look outside; show and return it."""
        before = self.slack.ephemerals(by)
        self.stage.typed(self.names[by], f"in #{self.names[self.channel]}", text)
        self.slack.type(text, by=by, channel=self.channel)
        return self._hears(by, before, f"the answer to {text}", wanted=2)

    def reads_in_person(self, by: str, about: str) -> str:
        """Show what the bot writes to *by* alone, once it names *about*; return it."""

        def found() -> list[Message]:
            return [one for one in self.slack.dm(by) if about in one.words]

        self.waits(lambda: found() != [], f"a word to {self.names[by]} about {about}")
        last = found()[-1]
        self.stage.told(self.names[by], last.versions[-1], self.names)
        return last.words

    def reads_in_channel(self, words: str) -> None:
        """Show the channel's newest message that is no card and holds *words*."""

        def found() -> list[Message]:
            said = self.slack.messages(self.channel)
            return [one for one in said if words in one.words and not _is_card(one)]

        self.waits(lambda: found() != [], f"a word in the channel about {words}")
        version = found()[-1].versions[-1]
        self.stage.announced(self.names[self.channel], version, self.names)

    def reads_note(self, words: str) -> Message:
        """Show the channel's newest note that holds *words*, and return it."""

        def found() -> list[Message]:
            said = self.slack.messages(self.channel)
            return [one for one in said if words in one.words and _is_card(one)]

        self.waits(lambda: found() != [], f"a note in the channel about {words}")
        last = found()[-1]
        self.stage.announced(self.names[self.channel], last.versions[-1], self.names)
        return last

    def presses_on(self, by: str, where: str, on: Message, action: str) -> str:
        """Let *by* press a button of the message *on*; show what they alone see, and return it."""
        return self._clicks(by, where, on, action)

    def _clicks(self, by: str, where: str, on: Message, action: str) -> str:
        button, who = find(on.blocks, action), self.names[by]
        self.stage.typed(who, where, f"[ {button.label} ]")
        if button.question:
            self.stage.is_asked(who, button.question, button.yes)
        before = self.slack.ephemerals(by)
        self.slack.click(action, by=by, message=on)
        return self._hears(by, before, "the answer to the button")

    def _hears(self, by: str, before: Sequence[Message], what: str, wanted: int = 1) -> str:
        """Wait for the last of *wanted* answers that only *by* sees; show and return that one."""
        new = len(before) + wanted
        self.waits(lambda: len(self.slack.ephemerals(by)) >= new, what)
        last = self.slack.ephemerals(by)[-1]
        self.stage.answered(self.names[by], last.versions[-1], self.names)
        return last.words


def _is_card(message: Message) -> bool:
    return any(block.get("block_id", "").endswith(":headline") for block in message.blocks)
