"""Asks Slack: the token, its scopes, each channel, the socket; and reads the manifest."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from bot.adapters.slack_check import SlackCheck
from bot.config.manifest import Manifest
from bot.domain.doctor import SLACK_SCOPES, Area, Finding, Path, compare
from bot.domain.errors import BotError, Forbidden, NotFound, Rejected, Unauthorized
from bot.domain.symptoms import Symptom
from bot.operations.doctor.asking import ask, failed

TOKEN = "SLACK_BOT_TOKEN"  # noqa: S105  # the variable's name
APP_TOKEN = "SLACK_APP_TOKEN"  # noqa: S105  # as above

found = partial(Finding, Area.SLACK)


@dataclass(frozen=True, slots=True)
class SlackWanted:
    """What the bot needs of Slack.

    *channels* are ids, with where the configuration names them. *app_token* None: Slack comes by
    HTTP. *manifest* is its text, None where there is none to look at. *commands* and *events* are
    those that the bot listens to.
    """

    channels: Mapping[str, tuple[Path, ...]]
    app_token: str | None = field(default=None, repr=False)
    manifest: tuple[str, Manifest | None] | None = None
    commands: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()


def examine(slack: SlackCheck, wanted: SlackWanted) -> tuple[Finding, ...]:
    """Return what is found of Slack; nobody there notices."""
    jobs = [partial(_channel, slack, one, paths) for one, paths in wanted.channels.items()]
    login = tuple(_login(slack))
    works = any(one.symptom is Symptom.LOGIN_WORKS for one in login)
    return (
        *login,
        *(ask(jobs) if works else ()),
        *_socket(slack, wanted.app_token),
        *_manifest(wanted),
    )


def _login(slack: SlackCheck) -> Iterator[Finding]:
    try:
        held = slack.whoami()
    except Unauthorized as error:
        yield found("token", Symptom.LOGIN_REFUSED, {"detail": error.detail}, TOKEN)
        return
    except BotError as error:
        yield failed(Area.SLACK, "token", error, variable=TOKEN)
        return
    yield found("token", Symptom.LOGIN_WORKS, {"who": held.bot, "where": held.team})
    if held.scopes is None:
        facts = {"doing": "name the token's scopes", "detail": "it named none"}
        yield found("scopes", Symptom.NO_ANSWER, facts, TOKEN)
        return
    yield from scopes(held.scopes, SLACK_SCOPES)


def scopes(held: Collection[str], needed: Collection[str]) -> Iterator[Finding]:
    """Yield what is missing of the *needed* scopes, and what is held beside them."""
    compared = compare(held, needed)
    for name in compared.missing:
        yield found(name, Symptom.SCOPE_MISSING, {"scope": name}, TOKEN)
    for name in compared.unused:
        yield found(name, Symptom.SCOPE_UNUSED, {"scope": name}, TOKEN)
    if not compared.missing and not compared.unused:
        yield found("scopes", Symptom.SCOPES_HELD, {"scopes": str(len(needed))})


def _channel(slack: SlackCheck, channel: str, paths: tuple[Path, ...]) -> Iterator[Finding]:
    facts = {"channel": channel}
    try:
        slack.read(channel)
    except NotFound:
        yield found(channel, Symptom.CHANNEL_MISSING, facts, "", paths)
    except Forbidden as error:
        # A missing scope is told once, as such; the channel is then simply not known.
        known = error.detail.startswith("not_in_channel")
        if known:
            yield found(channel, Symptom.NOT_IN_CHANNEL, facts, "", paths)
        else:
            facts = {"doing": error.doing, "detail": error.detail}
            yield found(channel, Symptom.NO_ANSWER, facts, "", paths)
    except BotError as error:
        yield failed(Area.SLACK, channel, error, paths=paths)
    else:
        yield found(channel, Symptom.CHANNEL_REACHED, facts)


def _socket(slack: SlackCheck, app_token: str | None) -> Iterator[Finding]:
    if app_token is None:
        yield found("hearing", Symptom.HEARS_BY_HTTP)
        return
    try:
        slack.open_socket(app_token)
    except Rejected as error:
        yield found("socket", Symptom.SOCKET_REFUSED, {"detail": error.detail}, APP_TOKEN)
    except BotError as error:
        yield failed(Area.SLACK, "socket", error, variable=APP_TOKEN)
    else:
        yield found("socket", Symptom.SOCKET_OPENS)


def _manifest(wanted: SlackWanted) -> Iterator[Finding]:
    if wanted.manifest is None:
        return
    name, manifest = wanted.manifest
    if manifest is None:
        yield found(name, Symptom.MANIFEST_UNREADABLE, {"file": name})
        return
    commands = compare(manifest.commands, wanted.commands)
    # Slack's ``message.im`` arrives as an event of type ``message``.
    events = compare({one.partition(".")[0] for one in manifest.events}, wanted.events)
    undeclared = compare(manifest.scopes, SLACK_SCOPES).missing
    told = [
        *(found(one, Symptom.COMMAND_MISSING, {"file": name}) for one in commands.missing),
        *(found(one, Symptom.COMMAND_UNHEARD, {"file": name}) for one in commands.unused),
        *(found(one, Symptom.SUBSCRIPTION_MISSING, {"file": name}) for one in events.missing),
        *(found(one, Symptom.SCOPE_UNDECLARED, {"file": name}) for one in undeclared),
    ]
    yield from told or [
        found(name, Symptom.MANIFEST_AGREES, {"commands": str(len(manifest.commands))})
    ]
