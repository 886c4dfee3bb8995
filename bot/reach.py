"""BUILDS: everything that reaches the outside, from the settings and the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.adapters.argocd import ArgoCD, Timeouts
from bot.adapters.argocd_drift import WholeView
from bot.adapters.calls import OnAnswer, OnCall, nobody_hears
from bot.adapters.github.checks import Checks
from bot.adapters.github.client import GitHub
from bot.adapters.github.commits import Commits
from bot.adapters.github.comparison import Comparisons
from bot.adapters.github.credentials import (
    CI_PERMISSIONS,
    POLICY_PERMISSIONS,
    PULL_PERMISSIONS,
    AppItself,
)
from bot.adapters.github.device_flow import DeviceFlow
from bot.adapters.github.file_history import FileHistory
from bot.adapters.github.hook_deliveries import HookDeliveries
from bot.adapters.github.many_files import ManyFiles
from bot.adapters.github.versions import Versions
from bot.adapters.gitops import GitOps
from bot.adapters.other_channels import OtherChannels, channels
from bot.adapters.registry import Registry
from bot.adapters.registry_auth import Host, Login
from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.config import Config
from bot.domain.catalog import Catalog
from bot.domain.environment_policy import Way
from bot.domain.images import ImageReference
from bot.domain.slash_names import SlashNames
from bot.metrics import Metrics
from bot.operations.books.open_items import OpenItemBook
from bot.operations.drift.drift_book import DriftBook
from bot.operations.drift.drifting import Drifting
from bot.operations.drift.enriching import Enricher
from bot.operations.drift.reading import DriftReader
from bot.operations.gathering.facts import Outside
from bot.operations.gathering.histories import Histories
from bot.operations.saying.alerts import Alerts
from bot.operations.sql.database import Database
from bot.operations.store import Store
from bot.operations.threads import Threads
from bot.settings import RegistryLogin, Settings, Token
from bot.startup import slash_names

log = structlog.get_logger(__name__)

OTHERS_AT_ONCE = 16
"""Calls at once to Argo CD and registries, and to our own books, while facts are gathered."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call to each system may take, on the wall. *github* is in whole seconds."""

    github: int = 10
    slack: timedelta = timedelta(seconds=10)
    argocd: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True)
class Reach:
    """The adapters, and the threads in which they are called.

    *argocd* is by instance. *hook* is None where GitHub keeps no list of missed deliveries for us,
    *channels* where nobody is told anything beside Slack.
    """

    github: GitHub
    commits: Commits
    gitops: GitOps
    comparisons: Comparisons
    values: FileHistory
    argocd: Mapping[str, ArgoCD]
    slack: Slack
    names: SlashNames
    registry: Registry
    device_flow: DeviceFlow | None
    hook: HookDeliveries | None
    channels: OtherChannels | None
    threads: Threads
    others: Threads


def reach(
    settings: Settings,
    config: Config,
    clock: Clock,
    patience: Patience,
    metrics: Metrics,
    heard: OnAnswer = nobody_hears,
) -> Reach:
    """Build the adapters, whose calls *metrics* counts. Nobody is asked yet.

    *heard* is told of each answer.

    Raises:
        SettingsInvalid: an Argo CD instance has no token, who is to be told no address, or the
            manifest of the Slack app says not what our commands are called.
    """
    instances = config.catalog.instances
    called = _told(metrics)
    github = GitHub(
        settings.github_credentials(),
        settings.github_api_url,
        timeout=patience.github,
        clock=clock,
        permissions=permissions_for(config.catalog, with_ci=config.failures.configured),
        on_call=called,
        on_limit=metrics.limited,
        on_answer=heard,
    )
    tokens = settings.argocd_tokens(instances)
    argocd = {
        name: ArgoCD(
            instance,
            tokens[name],
            clock=clock,
            timeouts=patience.argocd,
            on_call=called,
            on_answer=heard,
        )
        for name, instance in instances.items()
    }
    names = slash_names(settings)
    return Reach(
        github=github,
        commits=Commits(github),
        gitops=GitOps(github),
        comparisons=Comparisons(github),
        values=FileHistory(github),
        argocd=argocd,
        slack=Slack(
            settings.slack_bot_token,
            settings.slack_api_url,
            patience.slack,
            put=names.theirs,
            on_call=called,
            on_answer=heard,
        ),
        names=names,
        registry=Registry(hosts(config, settings), clock=clock, on_call=called),
        device_flow=_device_flow(settings, config, clock, patience, called),
        channels=channels([one.to for one in config.notify], settings.notify_addresses, called),
        hook=_hook(settings, clock, patience, called),
        threads=Threads("github"),
        others=Threads("others", OTHERS_AT_ONCE),
    )


def _told(metrics: Metrics) -> OnCall:
    """Return what counts a call, and tells the log of it among what concerns its operation."""

    def called(system: str, what: str, status: int | None, seconds: float) -> None:
        metrics.called(system, what, status, seconds)
        log.debug("called", system=system, call=what, status=status, seconds=round(seconds, 3))

    return called


def _hook(
    settings: Settings, clock: Clock, patience: Patience, called: OnCall
) -> HookDeliveries | None:
    """Return the list of what GitHub could not deliver; only an App that has a webhook has one."""
    key = settings.github_credentials()
    if isinstance(key, Token) or not settings.github_webhook_secrets:
        return None
    url, timeout = settings.github_api_url, patience.github
    door = GitHub(AppItself(key), url, timeout=timeout, clock=clock, on_call=called)
    return HookDeliveries(door)


def outside_of(out: Reach, histories: Histories) -> Outside:
    """Return what the gatherer of facts asks."""
    return Outside(
        out.commits,
        Versions(out.github),
        Checks(out.github),
        out.comparisons,
        out.gitops,
        out.argocd,
        out.registry,
        histories,
        out.threads,
        out.others,
    )


def drifting_of(
    config: Config, out: Reach, store: Store, items: OpenItemBook, database: Database, clock: Clock
) -> tuple[Drifting, DriftBook]:
    """Return what looks for drift outside, and what it remembers."""
    catalog, book, files = config.catalog, DriftBook(database), ManyFiles(out.github)
    views = {name: WholeView(argocd) for name, argocd in out.argocd.items()}
    reader = DriftReader(catalog, views, files, store, items, book, clock)
    enricher = Enricher(catalog, out.commits, out.comparisons, files, reader)
    put = Alerts(config.notify).put
    return Drifting(
        catalog, config.drift, reader, enricher, database, book, out.slack, put, clock
    ), book


def permissions_for(catalog: Catalog, *, with_ci: bool = False) -> Mapping[str, str]:
    """Return what an App's tokens are asked for.

    Pull requests only where changes come by them, Actions only *with_ci*.
    """
    rules = (one.rules for one in catalog.environments.values())
    by_pull = any(one is not None and one.change is not Way.COMMIT for one in rules)
    pulls = PULL_PERMISSIONS if by_pull else {}
    return POLICY_PERMISSIONS | pulls | (CI_PERMISSIONS if with_ci else {})


def hosts(config: Config, settings: Settings) -> dict[str, Host]:
    """Return every registry that is ever asked: those of configured images, and no other."""
    addresses = {one.host: one.url for one in config.registries}
    images = (ImageReference.parse(one.image) for one in config.catalog.targets.values())
    return {
        name: Host(_login(settings.registry_login(name)), url=addresses.get(name))
        for name in sorted({image.registry.lower() for image in images} | addresses.keys())
    }


def _login(login: RegistryLogin | None) -> Login | None:
    return None if login is None else Login(login.username, login.password)


def _device_flow(
    settings: Settings, config: Config, clock: Clock, patience: Patience, called: OnCall
) -> DeviceFlow | None:
    """Return GitHub's way to link accounts, or None where nobody links by themselves."""
    if not config.people.link or settings.github_client_id is None:
        return None
    return DeviceFlow(
        settings.github_client_id,
        settings.github_api_url,
        clock=clock,
        timeout=patience.github,
        on_call=called,
    )
