"""The whole bot as one thing: what is started, in which order, and how it stops."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.adapters.argocd_stream import Stream
from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.teams import Teams
from bot.adapters.registry import Registry
from bot.adapters.slack import Identity, Slack
from bot.adapters.slack_calls import CountedClient
from bot.clock import Clock
from bot.config import Config
from bot.domain.errors import BotError
from bot.messages.ailments import sentence
from bot.metrics import Metrics
from bot.operations.books.identity_book import IdentityBook
from bot.operations.by_itself.watch import BackWatch
from bot.operations.emergency.resuming import Resuming
from bot.operations.engine import Engine
from bot.operations.identity.linking import Linking
from bot.operations.identity.people import People
from bot.operations.identity.rights_desk import RightsDesk
from bot.operations.identity.roster import Roster
from bot.operations.identity.team_check import TeamCheck
from bot.operations.intake import Intake
from bot.operations.letterbox import Doorbell
from bot.operations.pulse import SLACK, Pulse, PulseLetters
from bot.operations.replicas.heartbeat import HUNG, LATE
from bot.operations.replicas.lease import BEAT, FileLease, Reaper, SessionLease
from bot.operations.replicas.missed import Missed
from bot.operations.rollouts import RolloutDesk
from bot.operations.saying.outbox import Outbox
from bot.operations.sql.database import Database
from bot.operations.standstill.hold_watch import HoldWatch
from bot.operations.standstill.holding import Holding
from bot.operations.standstill.locking import Locking
from bot.operations.store import Store
from bot.operations.threads import Threads
from bot.operations.waking.making_way import MakingWay
from bot.operations.waking.waking import Waking
from bot.secret_files import FileSecret, follow
from bot.settings import Settings
from bot.unasked import Unasked
from handlers.errands import Errands
from handlers.filling import Forms
from handlers.later import Speaker

log = structlog.get_logger(__name__)

SWEEP = timedelta(seconds=15)
SHORTEST = 0.5
"""Seconds on the wall between two rounds of a tick, however fast a rehearsal's clock runs."""

HEAR = timedelta(seconds=1)
"""How long what another process wrote down may wait until we begin it; one small query."""

POST = timedelta(seconds=2)
"""How long what was done may wait until it is told, when Slack answers."""

GO_BACK = timedelta(seconds=5)
"""How often it is looked whether what has failed goes back by itself."""

REMIND = timedelta(minutes=5)
WATCH = timedelta(minutes=2)
"""How often Git is compared with what is held; nobody is asked where nothing is."""

FORGET = timedelta(hours=6)
RECONNECT = timedelta(seconds=2)
LINKS = timedelta(seconds=1)
"""How often it is looked which people's codes are due; GitHub is asked at its own pace."""

SECRETS = timedelta(seconds=2)
"""How often the files of secrets are looked at, beside each use of one."""

PULSE = timedelta(minutes=1)
"""How often it is looked whether a token ends, a login is refused or a clock is off."""

SOCKET = "Slack sockets"
"""What Slack is called as the one who takes the token for Socket Mode."""

TEAMS_AGAIN = timedelta(seconds=15)
"""How often GitHub is asked for the configured teams while it does not answer."""

DRAIN = timedelta(seconds=5)
"""How long a running step may finish at a stop; the rest goes on at the next start."""


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
    intake: Intake
    speaker: Speaker
    errands: Errands
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
    doorbell: Doorbell
    making_way: MakingWay
    back_watch: BackWatch
    rollouts: RolloutDesk
    metrics: Metrics
    pulse: Pulse
    pulse_letters: PulseLetters
    unasked: Unasked
    started: bool = False
    _stopping: threading.Event = field(default_factory=threading.Event)
    _socket: SocketModeHandler | None = None
    _greeter: threading.Thread | None = None

    def start(self) -> None:
        """Start the engine, the streams, the ticks, and then listen to Slack."""
        self.engine.launch()
        self.unasked.updater.start()
        self.intake.sweep_all()
        self._tick("sweep", self.intake.sweep, SWEEP)
        self._tick("letterbox", self.doorbell.look, HEAR)
        self._tick("decisions", self.waking.sweep, HEAR)
        self._tick("pull requests in the way", self.making_way.sweep, SWEEP)
        self._tick("automatic rollbacks", self.back_watch.look, GO_BACK)
        self._tick("moves of rollouts", self.rollouts.look, SWEEP)
        self._tick("outbox", self.outbox.send, POST)
        self._tick("settled letters", self.outbox.sweep, FORGET)
        self._tick("expired locks", self.locking.end_expired, SWEEP)
        self._tick("old locks", self.locking.remind, REMIND)
        self._tick("what is held", self.watch.look, WATCH)
        self._tick("auto-sync", self.resuming.look, WATCH)
        self._tick("links", self.linking.follow, LINKS)
        self._tick("pulse", self.pulse_letters.look, PULSE)
        self._follow_secrets()
        for begin in self.unasked.starters:
            begin()
        for tick in self.unasked.ticks:
            self._tick(tick.name, tick.work, tick.every)
        if self.rights.check.unknown:
            self.scheduler.add_job(self.rights.check.ask, id="teams")
            self._tick("teams again", self.rights.check.ask, TEAMS_AGAIN)
        if isinstance(self.lease, SessionLease):
            reaper = Reaper(self.lease, self.engine, Missed(self.database))
            self._tick("reaper", reaper.beat, BEAT)
        self.scheduler.start()
        for stream in self.streams.values():
            stream.listen(self.unasked.watching)
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
        for stop in self.unasked.stoppers:
            stop()
        if self.scheduler.running:
            self.scheduler.shutdown(wait=True)
        for close in self.unasked.closers:
            close()
        self.intake.close()
        self.forms.close()
        self.speaker.close()
        self.errands.close()
        for stream in self.streams.values():
            stream.stop()
        self.engine.close(DRAIN if self.started else timedelta())
        self.unasked.updater.close()
        self.threads.close()
        self.linking.close()
        self.rights.people.close()
        self.others.close()
        self.registry.close()
        self.lease.release()
        self.database.close()
        log.info("stopped")

    def hung(self, patience: float = HUNG) -> dict[str, str]:
        """Return which part stands still so that only a new process helps, and why; mostly none.

        Nothing outside is asked, not even the database: it would come back without us. *patience*
        is how many seconds the engine's loop may be silent.
        """
        if not self.started or self._stopping.is_set():
            return {}
        found = {"engine": self.engine.trouble(patience)}
        threads = {
            "intake": self.intake.lives,
            "messages": self.unasked.updater.lives,
            "deliveries": self.unasked.hearing.inbox.lives,
            "ticks": self.scheduler._thread.is_alive(),  # noqa: SLF001  # it tells nobody itself
            **{f"stream of {name}": one.lives for name, one in self.streams.items()},
        }
        found |= {part: "" if lives else "its thread has ended" for part, lives in threads.items()}
        return {part: why for part, why in found.items() if why}

    def leave(self) -> None:
        """Say from now on that we are not ready: this process is about to stop."""
        self._stopping.set()

    def troubles(self) -> dict[str, str]:
        """Return what keeps us from being ready, by part; empty when all is well."""
        found = self.hung(LATE)
        if self._stopping.is_set():
            found["stop"] = "it is stopping"
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
        elif refused := self.pulse.refused(SLACK) or self.pulse.refused(SOCKET):
            found["slack"] = sentence(refused, self.clock.now())
        elif self.settings.slack_app_token is not None and not self._is_connected():
            found["slack"] = "the Socket Mode connection is down"
        return found

    def worries(self) -> dict[str, str]:
        """Return what somebody should look at though we are ready, by part."""
        found = self.pulse.worries()
        try:
            aside = self.unasked.hearing.inbox.set_aside()
        except BotError:
            return found  # it is among the troubles
        if aside:
            found["inbox"] = f"{aside} deliveries could not be worked off"
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

    def _follow_secrets(self) -> None:
        """Look at the files of secrets from now on, and let go of what was opened by an old one."""
        files, settings = self.settings.from_files(), self.settings
        if not files:
            return
        for name, stream in self.streams.items():
            follow(settings.argocd_token(name), stream.renew)
        follow(settings.slack_app_token, self._reconnect)
        self.scheduler.add_job(
            _alone(partial(_look, files)),
            "interval",
            id="secrets",
            seconds=SECRETS.total_seconds(),  # files change by the wall, also in a rehearsal
            max_instances=2,
            coalesce=True,
        )

    def _reconnect(self) -> None:
        """Open the socket anew: by the token of now."""
        if self._socket is not None and not self._stopping.is_set():
            self._socket.client.connect_to_new_endpoint(force=True)

    def _greet(self) -> None:
        """Learn who we are, then open Socket Mode; both are tried until they work or we stop."""
        while not self._stopping.is_set():
            try:
                if self.ourselves.identity is None:
                    self.ourselves.identity = self.slack.whoami()
                if self.settings.slack_app_token is not None:
                    self._connect(self.settings.slack_app_token)
            except Exception as error:  # noqa: BLE001  # the outermost edge of this thread
                log.warning("Slack does not let us in yet", error=str(error))
                self._stopping.wait(self.clock.pause(RECONNECT))
            else:
                return

    def _connect(self, app_token: SecretStr) -> None:
        # The client's own first connect is not repeated when it fails, so our loop repeats it.
        # Two-second pings notice a dead connection in 12 s; the default takes 56 s.
        client = CountedClient(
            app_token,
            base_url=self.settings.slack_api_url,
            timeout=10,
            system=SOCKET,
            on_answer=self.pulse.heard,
        )
        handler = SocketModeHandler(
            self.bolt, app_token.get_secret_value(), web_client=client, ping_interval=2
        )
        try:
            handler.connect()
        except Exception:
            handler.close()  # Its threads began when it was made.
            raise
        self._socket = handler
        if self._stopping.is_set():  # The stop came before there was anything to close.
            handler.close()


def _look(files: Iterable[FileSecret]) -> None:
    for one in files:
        one.look()


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
