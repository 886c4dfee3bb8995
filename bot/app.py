"""BUILDS: the composition root. Everything real is constructed and joined here, also for tests."""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.adapters.argocd import ArgoCD, Timeouts
from bot.adapters.argocd_stream import Stream
from bot.adapters.github.checks import Checks
from bot.adapters.github.client import GitHub
from bot.adapters.github.commits import Commits
from bot.adapters.github.comparison import Comparisons
from bot.adapters.github.credentials import POLICY_PERMISSIONS, PULL_PERMISSIONS
from bot.adapters.github.device_flow import DeviceFlow
from bot.adapters.github.file_history import FileHistory
from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.pulls import Pulls
from bot.adapters.github.recent import RecentCommits
from bot.adapters.github.teams import Teams
from bot.adapters.github.versions import Versions
from bot.adapters.gitops import GitOps
from bot.adapters.registry import Registry
from bot.adapters.registry_auth import Host, Login
from bot.adapters.slack import Identity, Slack
from bot.clock import Clock
from bot.config import Config
from bot.domain.catalog import Catalog
from bot.domain.environment_policy import Way
from bot.domain.errors import BotError
from bot.domain.images import ImageReference
from bot.messages.cards import Links
from bot.messages.notices import ended_badly
from bot.operations.books.act_book import ActBook
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.books.hold_book import HoldBook
from bot.operations.books.identity_book import IdentityBook
from bot.operations.books.lock_book import LockBook
from bot.operations.books.move_book import MoveBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.cards import Cards
from bot.operations.changes import Changes, application_change
from bot.operations.database import Database
from bot.operations.deciding import Deciding
from bot.operations.deploy.approve import Approve, Approvers
from bot.operations.deploy.check import Check
from bot.operations.deploy.flow import DeployFlow, Steps
from bot.operations.deploy.follow import Follow
from bot.operations.deploy.merge import Merge
from bot.operations.deploy.propose import Propose, Showing
from bot.operations.deploy.recent import Recent
from bot.operations.deploy.recheck import Recheck
from bot.operations.deploy.sight import Sight
from bot.operations.deploy.tell import Tell
from bot.operations.deploy.write import Write
from bot.operations.differing import Differing
from bot.operations.emergency.around import Around
from bot.operations.emergency.resuming import Resuming
from bot.operations.emergency.steps import Steps as AroundSteps
from bot.operations.engine import Engine
from bot.operations.faces import Faces
from bot.operations.form import FormReader
from bot.operations.gathering.facts import Books, Gatherer, Outside
from bot.operations.gathering.histories import Histories
from bot.operations.gathering.judging import Judging
from bot.operations.gathering.picking import Picking
from bot.operations.identity.linking import Linking
from bot.operations.identity.people import People
from bot.operations.identity.rights_desk import RightsDesk
from bot.operations.identity.roster import Roster
from bot.operations.identity.team_check import TeamCheck
from bot.operations.identity.whoami import Whoami
from bot.operations.identity.zones import Zones
from bot.operations.intake import Intake
from bot.operations.lease import BEAT, FileLease, Reaper, SessionLease, lease_for
from bot.operations.looking_back import LookingBack
from bot.operations.making_way import MakingWay
from bot.operations.outbox import Outbox
from bot.operations.rollouts import RolloutDesk
from bot.operations.standstill.freezing import Freezing
from bot.operations.standstill.hold_watch import HoldWatch
from bot.operations.standstill.holding import Holding
from bot.operations.standstill.lock_letters import LockLetters
from bot.operations.standstill.locking import Locking
from bot.operations.status import StatusReader
from bot.operations.store import Store
from bot.operations.threads import Threads
from bot.operations.waking import Waking
from bot.settings import RegistryLogin, Settings
from handlers.desk import Desk
from handlers.filling import Forms
from handlers.later import Speaker
from handlers.links import Selves
from handlers.looks import Looks
from handlers.slack import bolt_app
from handlers.standing_still import StandingStill

log = structlog.get_logger(__name__)

SWEEP = timedelta(seconds=15)
SHORTEST = 0.5
"""Seconds on the wall between two rounds of a tick, however fast a rehearsal's clock runs."""

POST = timedelta(seconds=2)
"""How long what was done may wait until it is told, when Slack answers."""

REMIND = timedelta(minutes=5)
WATCH = timedelta(minutes=2)
"""How often Git is compared with what is held; nobody is asked where nothing is."""

FORGET = timedelta(hours=6)
RECONNECT = timedelta(seconds=2)
LINKS = timedelta(seconds=1)
"""How often it is looked which people's codes are due; GitHub is asked at its own pace."""

TEAMS_AGAIN = timedelta(seconds=15)
"""How often GitHub is asked for the configured teams while it does not answer."""

OTHERS_AT_ONCE = 16
"""Calls at once to Argo CD and registries, and to our own books, while facts are gathered."""

DRAIN = timedelta(seconds=5)
"""How long a running step may finish at a stop; the rest goes on at the next start."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call to each system may take, on the wall. *github* is in whole seconds."""

    github: int = 10
    slack: timedelta = timedelta(seconds=10)
    argocd: Timeouts = field(default_factory=Timeouts)


@dataclass(slots=True)
class Ourselves:
    """Who Slack says we are; None until it has told us."""

    identity: Identity | None = None

    def team(self) -> str | None:
        """Return the id of our workspace, or None."""
        return self.identity.team if self.identity else None


@dataclass(frozen=True, slots=True)
class Rights:
    """Everything that knows who people are and what they may."""

    teams: Teams
    memberships: MembershipCache
    identities: IdentityBook
    people: People
    desk: RightsDesk
    check: TeamCheck
    roster: Roster


@dataclass(slots=True)
class Shipmate:
    """The whole bot, built and not yet started."""

    settings: Settings
    config: Config
    clock: Clock
    database: Database
    lease: FileLease | SessionLease
    store: Store
    engine: Engine
    cards: Cards
    intake: Intake
    speaker: Speaker
    forms: Forms
    slack: Slack
    bolt: App
    ourselves: Ourselves
    rights: Rights
    streams: Mapping[str, Stream]
    scheduler: BackgroundScheduler
    threads: Threads
    others: Threads
    registry: Registry
    locking: Locking
    linking: Linking
    holding: Holding
    watch: HoldWatch
    outbox: Outbox
    resuming: Resuming
    waking: Waking
    making_way: MakingWay
    started: bool = False
    _stopping: threading.Event = field(default_factory=threading.Event)
    _socket: SocketModeHandler | None = None
    _greeter: threading.Thread | None = None

    def start(self) -> None:
        """Start the engine, the streams, the ticks, and then listen to Slack."""
        self.engine.launch()
        self.cards.start()
        self.intake.sweep_all()
        self._tick("sweep", self.intake.sweep, SWEEP)
        self._tick("decisions", self.waking.sweep, SWEEP)
        self._tick("pull requests in the way", self.making_way.sweep, SWEEP)
        self._tick("outbox", self.outbox.send, POST)
        self._tick("settled letters", self.outbox.sweep, FORGET)
        self._tick("expired locks", self.locking.end_expired, SWEEP)
        self._tick("old locks", self.locking.remind, REMIND)
        self._tick("what is held", self.watch.look, WATCH)
        self._tick("auto-sync", self.resuming.look, WATCH)
        self._tick("links", self.linking.follow, LINKS)
        if self.rights.check.unknown:
            self.scheduler.add_job(self.rights.check.ask, id="teams")
            self._tick("teams again", self.rights.check.ask, TEAMS_AGAIN)
        if isinstance(self.lease, SessionLease):
            reaper = Reaper(self.lease, self.engine, self.clock)
            self._tick("reaper", reaper.beat, BEAT)
        self.scheduler.start()
        for stream in self.streams.values():
            stream.start()
        self._greeter = threading.Thread(target=self._greet, name="greeter", daemon=True)
        self._greeter.start()
        self.started = True
        log.info("started", executor=self.engine.executor, database=self.database.url.drivername)

    def stop(self) -> None:
        """Stop listening, let running steps finish; the rest goes on at the next start."""
        self._stopping.set()
        if self._socket is not None:
            self._socket.close()
        self.outbox.close()
        if self.scheduler.running:
            self.scheduler.shutdown(wait=True)
        self.intake.close()
        self.forms.close()
        self.speaker.close()
        for stream in self.streams.values():
            stream.stop()
        self.engine.close(DRAIN if self.started else timedelta())
        self.cards.close()
        self.threads.close()
        self.linking.close()
        self.rights.people.close()
        self.others.close()
        self.registry.close()
        self.lease.release()
        self.database.close()
        log.info("stopped")

    def troubles(self) -> dict[str, str]:
        """Return what keeps us from being ready, by part; empty when all is well."""
        found = {}
        if not self.started:
            found["engine"] = "it has not started"
        try:
            self.database.ping()
        except BotError as away:
            found["database"] = str(away)
        if teams := self.rights.check.unknown or " ".join(self.rights.check.problems):
            found["teams"] = teams
        if self.ourselves.identity is None:
            found["slack"] = "Slack has not told us yet who we are"
        elif self.settings.slack_app_token is not None and not self._is_connected():
            found["slack"] = "the Socket Mode connection is down"
        return found

    def _is_connected(self) -> bool:
        return self._socket is not None and bool(self._socket.client.is_connected())

    def _tick(self, name: str, work: Callable[[], object], every: timedelta) -> None:
        self.scheduler.add_job(
            _alone(work),
            "interval",
            id=name,
            seconds=max(SHORTEST, self.clock.pause(every)),
            max_instances=2,  # The second finds the first at work and ends at once.
            coalesce=True,
        )

    def _greet(self) -> None:
        """Learn who we are, then open Socket Mode; both are tried until they work or we stop."""
        while not self._stopping.is_set():
            try:
                if self.ourselves.identity is None:
                    self.ourselves.identity = self.slack.whoami()
                if self.settings.slack_app_token is not None:
                    self._connect(self.settings.slack_app_token.get_secret_value())
            except Exception as error:  # noqa: BLE001  # the outermost edge of this thread
                log.warning("Slack does not let us in yet", error=str(error))
                self._stopping.wait(self.clock.pause(RECONNECT))
            else:
                return

    def _connect(self, app_token: str) -> None:
        # The client's own first connect is not repeated when it fails, so our loop repeats it.
        # Two-second pings notice a dead connection in 12 s; the default takes 56 s.
        client = WebClient(app_token, base_url=self.settings.slack_api_url, timeout=10)
        handler = SocketModeHandler(self.bolt, app_token, web_client=client, ping_interval=2)
        try:
            handler.connect()
        except Exception:
            handler.close()  # Its threads began when it was made.
            raise
        self._socket = handler
        if self._stopping.is_set():  # The stop came before there was anything to close.
            handler.close()


def _alone(work: Callable[[], object]) -> Callable[[], None]:
    """Return *work* that does nothing while it is under way: a slow round is no fault."""
    busy = threading.Lock()

    def run() -> None:
        if busy.acquire(blocking=False):
            try:
                work()
            finally:
                busy.release()

    return run


def build(  # noqa: PLR0915  # one statement for each part of the bot
    settings: Settings,
    config: Config,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> Shipmate:
    """Build the bot: open the database, take the lease, construct and join everything.

    Raises:
        SettingsInvalid: an Argo CD instance has no token.
        AlreadyRunningError: another process serves the same SQLite file.
        Unavailable: the database does not answer.
    """
    clock, patience = clock or Clock(), patience or Patience()
    catalog = config.catalog
    database = Database(settings.database_url.get_secret_value())
    lease = lease_for(database)
    database.migrate()
    store = Store(database)
    engine = Engine(database, lease.executor, clock)
    changes = Changes()

    github = GitHub(
        settings.github_credentials(),
        settings.github_api_url,
        timeout=patience.github,
        clock=clock,
        permissions=permissions_for(catalog),
    )
    commits, gitops = Commits(github), GitOps(github)
    tokens = settings.argocd_tokens(catalog.instances)
    argocd = {
        name: ArgoCD(
            instance, tokens[name].get_secret_value(), clock=clock, timeouts=patience.argocd
        )
        for name, instance in catalog.instances.items()
    }
    slack = Slack(
        settings.slack_bot_token.get_secret_value(), settings.slack_api_url, patience.slack
    )
    ourselves = Ourselves()
    rights = _rights(config, github, slack, database, ourselves, clock)
    flow = _device_flow(settings, config, clock, patience)
    linking = Linking(flow, config.people, rights.people, database, ourselves.team, clock)
    whoami = Whoami(
        rights.people,
        catalog,
        config.people,
        rights.identities,
        ourselves.team,
        may_link=flow is not None,
    )
    selves = Selves(whoami, linking)
    links = Links(github.web)
    approvals = ApprovalBook(database, store.changed)
    items = OpenItemBook(database, store.changed)
    cards = Cards(store, slack, Faces(approvals, items, links).show, clock)
    store.observe(cards.changed)

    threads, others = Threads("github"), Threads("others", OTHERS_AT_ONCE)
    registry = Registry(_hosts(config, settings), clock=clock)
    holds, values = HoldBook(database), FileHistory(github)
    histories = Histories(store, holds, values, argocd, threads)
    outside = Outside(
        commits,
        Versions(github),
        Checks(github),
        Comparisons(github),
        gitops,
        argocd,
        registry,
        histories,
        threads,
        others,
    )
    around = Around(catalog, argocd, histories, others)
    letters = LockLetters(catalog)
    books = Books(store, LockBook(database, letters.over), FreezeBook(database), holds, items)
    gatherer = Gatherer(catalog, rights.people, outside, books, clock)
    recent, approvers = Recent(clock), Approvers(rights.desk)
    acts, may = ActBook(database), rights.desk.may
    holding = Holding(catalog, may, holds, acts, clock)

    def wake(operation_id: str) -> None:
        intake.wake(operation_id)  # it is made below, and nothing is woken before the start

    write = Write(store, catalog, gitops, recent, holding, threads, clock)
    sight, pulls = Sight(argocd, commits), Pulls(github)
    showing = Showing(links, sight.page, approvals, gatherer)
    steps = Steps(
        check=Check(store, catalog, gatherer, approvals, rights.roster, recent, wake, clock),
        approve=Approve(store, approvals, approvers, clock),
        recheck=Recheck(store, catalog, gatherer, approvals, approvers, recent, clock),
        write=write,
        propose=Propose(store, catalog, gitops, pulls, write, showing, threads, clock),
        merge=Merge(store, pulls, write, threads, clock),
        follow=Follow(store, catalog, sight, changes, clock),
        tell=Tell(store, catalog, slack, cards, ended_badly, clock),
        around=AroundSteps(store, catalog, argocd, around, items, holding, clock),
    )
    DeployFlow(engine, steps)
    intake = Intake(store, engine, changes, clock)
    speaker = Speaker(slack, clock)
    reader = StatusReader(store, catalog, gitops, argocd)
    judging = Judging(gatherer)
    forms = Forms(
        catalog, FormReader(catalog, RecentCommits(github), judging.why, clock), slack, clock
    )
    zone_of = Zones(slack).of
    locking = Locking(catalog, may, zone_of, books.locks, acts, letters, clock)
    freezing = Freezing(catalog, may, zone_of, books.freezes, acts, clock)
    resuming = Resuming(catalog, argocd, around, store, items, may, acts, clock)
    standing_still = StandingStill(catalog, locking, freezing, holding, resuming, books, clock)
    rollouts = RolloutDesk(
        catalog, argocd, may, books, approvals, MoveBook(database), acts, changes, clock
    )
    back, differing = _lookers(store, catalog, approvals, outside)
    looks = Looks(rollouts, back, differing, links)
    desk = Desk(
        catalog,
        intake,
        store,
        reader,
        judging,
        standing_still,
        selves,
        looks,
        Picking(gatherer),
        may,
        clock,
    )
    deciding = Deciding(store, catalog, gatherer, approvals, approvers, acts, wake, clock)
    bolt = bolt_app(
        WebClient(
            settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            timeout=10,
            retry_handlers=[],
        ),
        settings.slack_signing_secret.get_secret_value(),
        desk,
        deciding,
        forms,
        selves,
        rollouts,
        back,
        speaker,
        lambda: ourselves.identity,
        lambda: uuid.uuid4().hex[:8],
    )
    streams = {
        name: Stream(client, partial(_notify, changes), clock=clock)
        for name, client in argocd.items()
    }
    return Shipmate(
        settings=settings,
        config=config,
        clock=clock,
        database=database,
        lease=lease,
        store=store,
        engine=engine,
        cards=cards,
        intake=intake,
        speaker=speaker,
        forms=forms,
        slack=slack,
        bolt=bolt,
        ourselves=ourselves,
        rights=rights,
        streams=streams,
        scheduler=BackgroundScheduler(timezone="UTC"),
        threads=threads,
        others=others,
        registry=registry,
        locking=locking,
        linking=linking,
        holding=holding,
        watch=HoldWatch(catalog, store, holds, gitops, values, clock),
        outbox=Outbox(database, slack, clock),
        resuming=resuming,
        waking=Waking(approvals, wake),
        making_way=MakingWay(store, wake),
    )


def _lookers(
    store: Store, catalog: Catalog, approvals: ApprovalBook, outside: Outside
) -> tuple[LookingBack, Differing]:
    """Return what reads for those who only look."""
    back = LookingBack(store, catalog, approvals, outside.histories, outside.gitops)
    commits, comparisons = outside.commits, outside.comparisons
    return back, Differing(catalog, outside.argocd, outside.gitops, commits, comparisons)


def permissions_for(catalog: Catalog) -> Mapping[str, str]:
    """Return what an App's tokens are asked for: pull requests only where changes come by them."""
    rules = (one.rules for one in catalog.environments.values())
    by_pull = any(one is not None and one.change is not Way.COMMIT for one in rules)
    return POLICY_PERMISSIONS | (PULL_PERMISSIONS if by_pull else {})


def _hosts(config: Config, settings: Settings) -> dict[str, Host]:
    """Return every registry that is ever asked: those of configured images, and no other."""
    addresses = {one.host: one.url for one in config.registries}
    images = (ImageReference.parse(one.image) for one in config.catalog.targets.values())
    return {
        name: Host(_login(settings.registry_login(name)), url=addresses.get(name))
        for name in sorted({image.registry.lower() for image in images} | addresses.keys())
    }


def _login(login: RegistryLogin | None) -> Login | None:
    return None if login is None else Login(login.username, login.password)


def _rights(
    config: Config,
    github: GitHub,
    slack: Slack,
    database: Database,
    ourselves: Ourselves,
    clock: Clock,
) -> Rights:
    teams, identities = Teams(github), IdentityBook(database)
    memberships = MembershipCache(teams, clock)
    people = People(
        config.people,
        config.organization,
        ourselves.team,
        slack,
        teams,
        memberships,
        identities,
        clock,
    )
    desk = RightsDesk(people, config.catalog)
    check = TeamCheck(teams, config.organization, config.catalog.permissions)
    roster = Roster(config.people, config.organization, ourselves.team, teams, identities, clock)
    return Rights(teams, memberships, identities, people, desk, check, roster)


def _device_flow(
    settings: Settings, config: Config, clock: Clock, patience: Patience
) -> DeviceFlow | None:
    """Return GitHub's way to link accounts, or None where nobody links by themselves."""
    if not config.people.link or settings.github_client_id is None:
        return None
    return DeviceFlow(
        settings.github_client_id, settings.github_api_url, clock=clock, timeout=patience.github
    )


def _notify(changes: Changes, instance: str, _namespace: str, name: str) -> None:
    changes.notify(application_change(instance, name))
