"""The people of the pretend Slack: they type, click, submit, mention; attackers forge and replay.

slack = Slack(clock, signing_secret="…", bot_token="xoxb-…", app_token="xapp-…")
slack.start()
slack.add_user("U0ALICE", "alice")
slack.add_channel("C0DEPLOY", "deploys", "U0ALICE")
slack.connect("http://127.0.0.1:8080")      # or the bot opens a socket by itself
reply = slack.type("/deploy core a1b2c3d4 stage", by="U0ALICE", channel="C0DEPLOY")
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from sandbox.slack.blocks import Surface, flaws
from sandbox.slack.commands import entities, escaped, in_a_message, on_a_mac
from sandbox.slack.contents import interactive, words
from sandbox.slack.delivery import FORM, End, Outcome, Sent, What, sign
from sandbox.slack.elements import option_flaws
from sandbox.slack.payloads import acted
from sandbox.slack.refused import Refused
from sandbox.slack.server import BOT, RESPONSE_FIELDS, SlackServer
from sandbox.slack.state import missing, with_entry
from sandbox.slack.views import View
from sandbox.slack.workspace import Blocks, Channel, Message, User

Keyboard = Literal["plain", "mac"]

SEEN = {
    End.ACKED: None,
    End.LATE: "operation_timeout",
    End.UNREACHED: "dispatch_failed",
    End.REFUSED: "dispatch_failed",
}
"""What a person sees when a command or a click ends so."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person sees at once after they did something.

    *error* is Slack's word (``operation_timeout``, ``dispatch_failed``, ``unknown_command``), or
    None. *text* and *blocks* are what the bot answered. *public* tells whether all can see it.
    *outcome* is what happened on the wire; None when nothing was sent.
    """

    error: str | None
    text: str = ""
    blocks: Blocks = ()
    public: bool = False
    outcome: Outcome | None = None

    @property
    def words(self) -> str:
        """Return all that can be read in it."""
        return "\n".join(filter(None, (self.text, words(self.blocks))))


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it was brought: the *message* it speaks of and each delivery's outcome.

    *event_id* is None when Slack would not tell the bot at all: it is not in the channel, or has
    not subscribed.
    """

    message: Message
    event_id: str | None
    outcomes: tuple[Outcome, ...] = ()


class Slack(SlackServer):
    """One workspace with one app in it, and people who use it."""

    _held: list[Callable[[], Outcome]] | None = None
    _event_number = 0

    # what people do

    def type(self, text: str, *, by: str, channel: str, keyboard: Keyboard = "plain") -> Reply:
        """Type a slash command and return what the person sees.

        Commands cannot be typed in threads, so there is no thread.
        """
        typed = on_a_mac(text) if keyboard == "mac" else text
        command, _, rest = typed.strip().partition(" ")
        if command not in self.app.commands:
            return Reply("unknown_command")
        with self.lock:
            user, place = self._person(by), self.workspace.channels[channel]
            if self.app.commands[command]:
                rest = escaped(rest, self.workspace)
            keys = self._keys(user, place, None)
            payload = self._payloads.command(user, place, command, rest.strip(), keys)
        return self._answered(self._send(What.COMMAND, payload), user, place)

    def click(
        self,
        action_id: str,
        *,
        by: str,
        message: Message | None = None,
        value: str | None = None,
    ) -> Reply:
        """Act on an element of *message*, or of the newest one that has it.

        Returns what the person sees. *message* may be an old snapshot: a click on a stale screen.
        *value* is what was chosen or typed, for anything but a button.

        Raises:
            LookupError: there is no such element.
        """
        with self.lock:
            on = message or self._newest_with(action_id, by)
            block, element = _element(on.blocks, action_id)
            user, place = self._person(by), self.workspace.channels[on.channel]
            action = acted(block, element, value, self.workspace.next_ts())
            shown = self.web.chat.shown(on, with_metadata=True)
            ephemeral = on.only_for is not None
            keys = self._keys(user, place, on)
            payload = self._payloads.click(user, place, shown, action, keys, ephemeral=ephemeral)
        outcome = self._send(What.INTERACTION, payload)
        return Reply(SEEN[outcome.end], outcome=outcome)  # a click shows nothing of the body

    def submit(self, *, by: str, **values: str) -> Reply:
        """Submit the modal that *by* sees, with *values* by action id.

        Afterwards ``modal(by)`` is what they see: None, the same with errors, or another view.

        Raises:
            LookupError: no modal is open, or a value does not fit it.
        """
        with self.lock:
            view = self._top(by)
            user = self._person(by)
            for action_id, value in values.items():
                view = self._entered(view, action_id, value)
            if empty := missing(view.content, view.state):
                raise LookupError(f"{empty} must be filled in")
            payload = self._payloads.submission(user, self._shown(view), self.triggers.give(by))
        outcome = self._send(What.INTERACTION, payload)
        if outcome.end is End.ACKED:
            with self.lock:
                self._after_submit(view, outcome.said or {})
        return Reply(SEEN[outcome.end], outcome=outcome)

    def suggest(self, action_id: str, query: str, *, by: str) -> list[str]:
        """Type *query* into an external select of the modal that *by* sees; return what it offers.

        Each option reads ``value: text (description)`` where these differ or are there.

        Raises:
            LookupError: no such select is open, or the query is shorter than it asks for.
        """
        with self.lock:
            view = self._top(by)
            block, element = _element(view.content["blocks"], action_id)
            if len(query) < element.get("min_query_length", 3):
                raise LookupError(f"{action_id} asks for longer words than {query!r}")
            shown = self._shown(view)
            user = self._person(by)
            payload = self._payloads.suggestion(user, shown, action_id, block["block_id"], query)
        outcome = self._send(What.INTERACTION, payload)
        options = (outcome.said or {}).get("options")
        found = option_flaws(options)
        if outcome.end is not End.ACKED or found:
            self._odd(f"options for {action_id} were answered with {outcome.end} {found}")
            return []
        return [_read(option) for option in options or []]

    def choose(self, action_id: str, value: str, *, by: str) -> Reply | None:
        """Choose or type *value* in the modal that *by* sees, and press Enter.

        Returns what came of telling the bot; None where the input does not tell it at once.

        Raises:
            LookupError: no modal is open, or *value* does not fit it.
        """
        with self.lock:
            view = self._entered(self._top(by), action_id, value)
            block, element = _element(view.content["blocks"], action_id)
            if block["type"] == "input" and not block.get("dispatch_action"):
                return None
            user = self._person(by)
            action = acted(block, element, value, self.workspace.next_ts())
            payload = self._payloads.choice(user, self._shown(view), action, self.triggers.give(by))
        outcome = self._send(What.INTERACTION, payload)
        return Reply(SEEN[outcome.end], outcome=outcome)

    def dismiss(self, *, by: str) -> None:
        """Close the modal that *by* sees; the bot hears of it if it asked to."""
        with self.lock:
            view = self.views.top(by)
            if view is None:
                raise LookupError(f"{by} sees no modal")
            self.views.close(by)
            payload = self._payloads.closing(self._person(by), self._shown(view))
        if view.content.get("notify_on_close"):
            self._send(What.INTERACTION, payload)

    def mention(
        self,
        text: str,
        *,
        by: str,
        channel: str,
        thread: str | None = None,
        copies: int = 1,
        keyboard: Keyboard = "plain",
    ) -> Told:
        """Say ``@shipmate text`` in *channel* or *thread*; the event comes *copies* times."""
        typed = on_a_mac(text) if keyboard == "mac" else text
        with self.lock:
            words_sent = f"<@{BOT}> {in_a_message(typed, self.workspace)}"
            message = self.workspace.post(channel, by, words_sent, thread=thread)
            event = self._message_event("app_mention", message)
            hears = BOT in self.workspace.channels[channel].members
        self.touch()
        if not hears or not self._subscribed("app_mention", "app_mentions:read"):
            return Told(message, None)
        return self._bring(message, event, copies)

    def direct(self, text: str, *, by: str, copies: int = 1, keyboard: Keyboard = "plain") -> Told:
        """Write *text* to the bot in private."""
        typed = on_a_mac(text) if keyboard == "mac" else text
        with self.lock:
            channel = self.workspace.direct_channel(by)
            message = self.workspace.post(channel.id, by, in_a_message(typed, self.workspace))
            event = self._message_event("message", message) | {"channel_type": "im"}
        self.touch()
        if not self._subscribed("message.im", "im:history"):
            return Told(message, None)
        return self._bring(message, event, copies)

    def say(self, text: str, *, by: str, channel: str, thread: str | None = None) -> Message:
        """Write something in a channel that is not for the bot."""
        with self.lock:
            return self.workspace.post(channel, by, entities(text), thread=thread)

    def open_home(self, *, by: str) -> Outcome | None:
        """Open the bot's home tab; None when the app does not want to hear of it."""
        if not self._subscribed("app_home_opened", None):
            return None
        with self.lock:
            channel = self.workspace.direct_channel(by)
            event = {
                "type": "app_home_opened",
                "user": by,
                "channel": channel.id,
                "tab": "home",
                "event_ts": self.workspace.next_ts(),
            }
        return self.events.bring(self._line(), self._enveloped(event))

    # events on demand

    def hold(self) -> None:
        """Keep events back from now on, until ``release``."""
        self._held = []

    def release(self, order: Callable[[list[Any]], None] = list.reverse) -> tuple[Outcome, ...]:
        """Bring the events kept back in another *order*: reversed, or as a shuffle leaves them."""
        held, self._held = self._held or [], None
        order(held)
        return tuple(bring() for bring in held)

    # attacks

    def replay(self, which: int = -1) -> Outcome:
        """Send a request that went out before once more, to the byte; the last one by default."""
        assert self._http is not None, "only HTTP can be replayed"
        return self._http.post(self._http.sent[which])

    def forge(
        self,
        form: Mapping[str, str],
        *,
        secret: str | None = None,
        age: float = 0.0,
        headers: Mapping[str, str | None] | None = None,
    ) -> Outcome:
        """Send a form that is not Slack's.

        It is signed with *secret* (Slack's own by default), *age* seconds ago; *headers* replace
        those of Slack, and None leaves one out.
        """
        assert self._http is not None, "only HTTP can be forged"
        body = urlencode(form).encode()
        signed = self._http.signed(body, FORM, age=age)
        if secret is not None:
            timestamp = signed["X-Slack-Request-Timestamp"]
            signed["X-Slack-Signature"] = sign(secret, timestamp, body)
        changed = {**signed, **(headers or {})}
        kept = {name: value for name, value in changed.items() if value is not None}
        return self._http.post(Sent(body, kept))

    # inside

    def _keys(self, user: User, channel: Channel, message: Message | None) -> dict[str, str]:
        token = self.response_urls.give(channel.id, user.id, message, self.clock.now())
        return {
            "trigger_id": self.triggers.give(user.id),
            "response_url": f"{self.url}/commands/{token}",
        }

    def _answered(self, outcome: Outcome, user: User, channel: Channel) -> Reply:
        """Show the body of a command's ack."""
        if outcome.end is not End.ACKED or not outcome.said:
            return Reply(SEEN[outcome.end], outcome=outcome)
        said = outcome.said
        blocks, text = said.get("blocks") or [], str(said.get("text", ""))
        found = flaws(blocks, Surface.MESSAGE, new_blocks=self.new_blocks)
        unknown = sorted(set(said) - RESPONSE_FIELDS)
        if found or unknown:
            self._odd(f"a command was answered with {found or unknown}")
            return Reply("dispatch_failed", outcome=outcome)
        public = said.get("response_type") == "in_channel"
        with self.lock:
            only_for = None if public else user.id
            shown = self.workspace.post(channel.id, BOT, text, blocks, only_for=only_for)
        self.touch()
        return Reply(None, text, shown.blocks, public, outcome)

    def _newest_with(self, action_id: str, user: str) -> Message:
        everything = [*self.workspace.messages.values(), *self.workspace.ephemerals.values()]
        for message in sorted(everything, key=lambda one: one.ts, reverse=True):
            if message.only_for in (None, user) and _has(message.blocks, action_id):
                return message
        raise LookupError(f"{user} sees nothing to act on called {action_id}")

    def _top(self, user: str) -> View:
        view = self.views.top(user)
        if view is None:
            raise LookupError(f"{user} sees no modal")
        return view

    def _entered(self, view: View, action_id: str, value: str) -> View:
        block, element = _element(view.content["blocks"], action_id)
        return self.views.enter(view, with_entry(view.state, block["block_id"], element, value))

    def _after_submit(self, view: View, said: Mapping[str, Any]) -> None:
        try:
            match said.get("response_action"):
                case None:
                    self.views.close(view.user)
                case "clear":
                    self.views.clear(view.user)
                case "update":
                    self.views.update(said["view"], view.id, None, None)
                case "push":
                    self.views.push(view.user, said["view"])
                case "errors":
                    self._show_errors(view, said["errors"])
                case other:
                    self._odd(f"a modal was answered with response_action {other!r}")
        except (Refused, KeyError) as wrong:
            more = wrong.more if isinstance(wrong, Refused) else ""
            self._odd(f"a modal was answered wrongly: {wrong} {more}")

    def _show_errors(self, view: View, errors: Mapping[str, str]) -> None:
        inputs = {one["block_id"] for one in view.content["blocks"] if one["type"] == "input"}
        if not errors or not set(errors) <= inputs:
            self._odd(f"errors for {sorted(errors)}, but the inputs are {sorted(inputs)}")
            return
        self.views.show_errors(view, errors)

    def _subscribed(self, event: str, scope: str | None) -> bool:
        return event in self.app.events and (scope is None or scope in self.app.scopes)

    def _message_event(self, kind: str, message: Message) -> dict[str, Any]:
        event = {
            "type": kind,
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "event_ts": message.ts,
            "channel": message.channel,
            "team": self.workspace.users[message.user].team,
            "client_msg_id": f"client-{message.ts}",
        }
        if message.thread:
            event["thread_ts"] = message.thread
        return event

    def _enveloped(self, event: Mapping[str, Any]) -> dict[str, Any]:
        with self.lock:
            self._event_number += 1
            return self._payloads.event(event, self._event_number)

    def _bring(self, message: Message, event: Mapping[str, Any], copies: int) -> Told:
        enveloped = self._enveloped(event)

        def bring() -> Outcome:
            return self.events.bring(self._line(), enveloped)

        if self._held is not None:
            self._held += [bring] * copies
            return Told(message, enveloped["event_id"])
        outcomes = tuple(bring() for _ in range(copies))
        self.touch()
        return Told(message, enveloped["event_id"], outcomes)


def _has(blocks: Blocks, action_id: str) -> bool:
    return any(
        element["action_id"] == action_id for block in blocks for element in interactive(block)
    )


def _element(blocks: Blocks, action_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    for block in blocks:
        for element in interactive(block):
            if element["action_id"] == action_id:
                return block, element
    raise LookupError(f"there is nothing called {action_id}")


def _read(option: Mapping[str, Any]) -> str:
    """Return an option as a person reads it."""
    text = option["text"]["text"]
    described = option.get("description", {}).get("text")
    named = text if text == option["value"] else f"{option['value']}: {text}"
    return f"{named} ({described})" if described else named
