"""BUILDS: what a command needs of the outside, asked with the bot's own logins but Slack's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.teams import Teams
from bot.domain.stops.until import zone_named
from bot.metrics import Metrics
from bot.operations.books.act_book import ActBook
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.books.hold_book import HoldBook
from bot.operations.books.identity_book import IdentityBook
from bot.operations.books.lock_book import LockBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.gathering.facts import Books, Gatherer
from bot.operations.gathering.histories import Histories
from bot.operations.identity.people import People
from bot.operations.identity.rights_desk import RightsDesk
from bot.operations.standstill.lock_letters import LockLetters
from bot.reach import Patience, Reach, outside_of, reach
from bot.settings import Settings, SettingsInvalid
from bot.terminal.ends import End, Ended
from bot.terminal.ground import Ground

LOCALTIME = Path("/etc/localtime")
_ZONES = "zoneinfo/"


@dataclass(frozen=True, slots=True)
class Reached:
    """The adapters, who may what, and the books that decisions rest on."""

    out: Reach
    people: People
    rights: RightsDesk
    gatherer: Gatherer
    books: Books
    letters: LockLetters
    acts: ActBook


@contextmanager
def reached(on: Ground) -> Iterator[Reached]:
    """Lend the outside while a command lasts.

    Raises:
        Ended: the environment lacks a login.
    """
    try:
        settings = Settings.to_look(on.environment)
        out = reach(settings, on.config, on.clock, Patience(), Metrics())
    except SettingsInvalid as invalid:
        raise Ended(End.USAGE, "half_configured", str(invalid)) from invalid
    made = _joined(on, out)
    try:
        yield made
    finally:
        out.threads.close()
        made.people.close()
        out.others.close()
        out.registry.close()


def _joined(on: Ground, out: Reach) -> Reached:
    config, database, clock = on.config, on.database, on.clock
    teams = Teams(out.github)
    people = People(
        config.people,
        config.organization,
        _no_workspace,
        out.slack,
        teams,
        MembershipCache(teams, clock),
        IdentityBook(database),
        clock,
        config.remember,
    )
    holds, letters = HoldBook(database), LockLetters(config.catalog)
    locks, items = LockBook(database, letters.over), OpenItemBook(database, on.store.changed)
    books = Books(on.store, locks, FreezeBook(database), holds, items)
    histories = Histories(on.store, holds, out.values, out.argocd, out.threads)
    gatherer = Gatherer(config.catalog, people, outside_of(out, histories), books, clock)
    desk = RightsDesk(people, config.catalog)
    return Reached(out, people, desk, gatherer, books, letters, ActBook(database))


def _no_workspace() -> None:
    """Return which Slack workspace we are in: none, so that nobody is believed to be of it."""
    return


def zone(environment: Mapping[str, str], localtime: Path = LOCALTIME) -> ZoneInfo:
    """Return the time zone of this machine; UTC where it does not say."""
    if named := environment.get("TZ", "").strip(":"):
        return zone_named(named)
    _, found, rest = str(localtime.resolve()).partition(_ZONES)
    return zone_named(rest if found else "")
