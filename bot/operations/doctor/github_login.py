"""Asks GitHub who we are there, and what our token or App may do and hear."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.adapters.github.standing import AppStanding, AppStandings, Standings
from bot.domain.doctor import (
    HEARD_EVENTS,
    HOLD_READ_ORG,
    TOKEN_SCOPES,
    Area,
    Finding,
    compare,
    judge_token,
    lacking,
    share,
    spare,
)
from bot.domain.errors import BotError, NotFound, Unauthorized
from bot.domain.symptoms import Symptom

TOKEN = "GITHUB_TOKEN"  # noqa: S105  # the variable's name
APP = "GITHUB_APP_ID"
KEY = "GITHUB_APP_PRIVATE_KEY"
INSTALLATION = "GITHUB_INSTALLATION_ID"

found = partial(Finding, Area.GITHUB)


@dataclass(frozen=True, slots=True)
class Login:
    """What was found of our login. *granted* None: it is no use to ask on with it."""

    findings: tuple[Finding, ...]
    granted: Mapping[str, str] | None


def of_token(standings: Standings, now: datetime) -> Login:
    """Return how a token stands. What one of the newer kind may do, only its use tells."""
    try:
        held = standings.token()
    except Unauthorized as error:
        refused = found("token", Symptom.LOGIN_REFUSED, {"detail": error.detail}, TOKEN)
        return Login((refused,), None)
    except BotError as error:
        return Login((_failed("token", error, TOKEN),), None)
    who = found("token", Symptom.LOGIN_WORKS, {"who": held.login, "where": "GitHub"})
    scopes = () if held.scopes is None else tuple(_scopes(held.scopes))
    return Login((who, *_ending(held.ends, now), *scopes), {})


def _ending(ends: datetime | None, now: datetime) -> Iterator[Finding]:
    if ends is not None and judge_token(ends - now) is not Symptom.LOGIN_LASTS:
        left = {"ends": f"{max(ends - now, timedelta()).days}"}
        yield found("token", Symptom.PERSONAL_TOKEN_ENDS, left, TOKEN)


def _scopes(held: Collection[str]) -> Iterator[Finding]:
    compared = compare(held, TOKEN_SCOPES)
    for name in compared.missing:
        if name != "read:org" or not HOLD_READ_ORG & set(held):
            yield found(name, Symptom.SCOPE_MISSING, {"scope": name}, TOKEN)
    for name in compared.unused:
        yield found(name, Symptom.LOGIN_WIDE, {"scope": name}, TOKEN)
    if not compared.missing and not compared.unused:
        yield found("scopes", Symptom.SCOPES_HELD, {"scopes": str(len(TOKEN_SCOPES))})


def of_app(
    itself: AppStandings,
    installation: int,
    permissions: Mapping[str, str],
    events: Collection[str],
) -> Login:
    """Return how an App stands that needs *permissions*, and *events* if it has a webhook."""
    try:
        app = itself.app()
    except Unauthorized as error:
        refused = found("App", Symptom.LOGIN_REFUSED, {"detail": error.detail}, KEY)
        return Login((refused,), None)
    except BotError as error:
        return Login((_failed("App", error, APP),), None)
    try:
        granted = itself.installation(installation)
    except NotFound:
        detail = f"the App {app.name} has no installation {installation}"
        refused = found("installation", Symptom.LOGIN_REFUSED, {"detail": detail}, INSTALLATION)
        return Login((refused,), None)
    except BotError as error:
        return Login((_failed("installation", error, INSTALLATION),), None)
    if granted.suspended:
        facts = {"app": app.name, "where": granted.name}
        return Login((found("installation", Symptom.APP_SUSPENDED, facts, INSTALLATION),), None)
    who = found("App", Symptom.LOGIN_WORKS, {"who": app.name, "where": granted.name})
    told = (who, *_permissions(app, granted, permissions), *_events(granted, events))
    return Login(told, share(granted.permissions, permissions))


def _permissions(
    app: AppStanding, granted: AppStanding, needed: Mapping[str, str]
) -> Iterator[Finding]:
    facts = {"app": app.name, "where": granted.name}
    missing, unused = lacking(granted.permissions, needed), spare(granted.permissions, needed)
    asked_for = lacking(app.permissions, needed)
    for name, level in sorted(missing.items()):
        symptom = (
            Symptom.PERMISSION_MISSING if name in asked_for else Symptom.PERMISSION_NOT_ACCEPTED
        )
        yield found(name, symptom, {**facts, "level": level}, APP)
    for name, level in sorted(unused.items()):
        needs = needed.get(name, "none")
        yield found(name, Symptom.PERMISSION_UNUSED, {**facts, "level": level, "needs": needs}, APP)
    if not missing and not unused:
        yield found("permissions", Symptom.PERMISSIONS_HELD, {"permissions": str(len(needed))})


def _events(granted: AppStanding, needed: Collection[str]) -> Iterator[Finding]:
    if not needed:
        return
    facts = {"app": granted.name}
    missing = compare(granted.events, needed).missing
    unheard = compare(granted.events, HEARD_EVENTS).unused
    for name in missing:
        yield found(name, Symptom.EVENT_MISSING, facts, APP)
    for name in unheard:
        yield found(name, Symptom.EVENT_UNHEARD, facts, APP)
    if not missing and not unheard:
        yield found("events", Symptom.EVENTS_HEARD, {"events": str(len(granted.events))})


def _failed(subject: str, error: BotError, variable: str) -> Finding:
    facts = {"doing": error.doing, "detail": error.detail or type(error).__name__}
    return found(subject, Symptom.NO_ANSWER, facts, variable)
