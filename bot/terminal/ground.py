"""BUILDS: what a command of the terminal stands on: configuration, database, and who sits there.

No engine, no lease, no migration, and nothing of Slack.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.clock import Clock
from bot.config import Config, ConfigInvalid, load
from bot.domain.errors import Rejected
from bot.domain.rights import GitHubUser
from bot.domain.terminal import speaker
from bot.log import configure
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.letterbox import Letterbox
from bot.operations.saying.alerts import Alerts
from bot.operations.saying.ends import Ends
from bot.operations.sql.database import DATABASE, Database, sqlite_path
from bot.operations.sql.moved_away import refuse_moved
from bot.operations.store import Store
from bot.settings import Settings, SettingsInvalid
from bot.terminal.ends import End, Ended
from bot.terminal.identity import person_of, token_of, without_theirs
from bot.terminal.out import Out


@dataclass(frozen=True, slots=True)
class Ground:
    """What every command has. *me* is whoever sits here."""

    environment: Mapping[str, str]
    settings: Settings
    config: Config
    clock: Clock
    database: Database
    store: Store
    box: Letterbox
    me: GitHubUser
    out: Out

    @property
    def user(self) -> str:
        """Return how whoever sits here is called in everything that is written down."""
        return speaker(self.me)

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def ground(environment: Mapping[str, str], out: Out, clock: Clock) -> Ground:
    """Open everything that a command needs to write a wish down, and ask GitHub who it is.

    Raises:
        Ended: something is missing or away.
    """
    whole, environment = environment, without_theirs(environment)
    settings = _settings(environment)
    token = token_of(whole, settings.github_api_url)
    configure(level="ERROR", secrets=(*settings.secrets(), token.get_secret_value()))
    config = _config(settings.shipmate_config)
    me = person_of(token, settings.github_api_url, clock)
    database = _opened(settings.database_url.get_secret_value())
    store = Store(database)
    # Who waits elsewhere for an operation's end is told in the transaction that ends it: a cancel.
    Ends(Alerts(config.notify), config.catalog).follow(store, OpenItemBook(database, store.changed))
    box = Letterbox(store, clock)
    out.call(speaker(me), me.login)
    return Ground(environment, settings, config, clock, database, store, box, me, out)


def approvals(on: Ground) -> ApprovalBook:
    """Return what approvers said."""
    return ApprovalBook(on.database, on.store.changed)


def _settings(environment: Mapping[str, str]) -> Settings:
    try:
        return Settings.to_write(environment)
    except SettingsInvalid as invalid:
        raise Ended(End.USAGE, "half_configured", str(invalid)) from invalid


def _config(path: Path) -> Config:
    try:
        return load(path.read_text(encoding="utf-8"), str(path))
    except ConfigInvalid as invalid:
        raise Ended(End.USAGE, "half_configured", str(invalid)) from invalid
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        said = f"{path} cannot be read: {why}. Set SHIPMATE_CONFIG to your shipmate.yaml."
        raise Ended(End.USAGE, "half_configured", said) from error


def _opened(url: str) -> Database:
    """Return the bot's database.

    Raises:
        Rejected: there is none of this version, or its history was moved away.
        Unavailable: it does not answer.
    """
    path = sqlite_path(url)
    if path is not None and not path.exists():
        raise Rejected(DATABASE, "be opened", f"there is no file {path}; check DATABASE_URL")
    if path is not None:
        refuse_moved(path)
    database = Database(url)
    if not database.has("act_services"):
        database.close()
        advice = "start the bot of this version once, or check DATABASE_URL"
        raise Rejected(DATABASE, "be used", f"it holds no tables of this version; {advice}")
    return database
