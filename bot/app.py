"""BUILDS: the composition root. Everything real is constructed and joined here, also for tests."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from slack_sdk import WebClient

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_stream import Stream
from bot.adapters.github.client import GitHub
from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.pulls import Pulls
from bot.adapters.github.recent import RecentCommits
from bot.adapters.github.teams import Teams
from bot.adapters.slack import Slack
from bot.adapters.slack_calls import CountedClient
from bot.clock import Clock
from bot.config import Config
from bot.domain.catalog import Catalog
from bot.domain.errors import BotError
from bot.gauges import show_gauges
from bot.messages.cards import Links
from bot.messages.notices import ended_badly
from bot.metrics import Metrics
from bot.operations.books.act_book import ActBook
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.books.back_book import BackBook
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.books.history_book import HistoryBook
from bot.operations.books.hold_book import HoldBook
from bot.operations.books.identity_book import IdentityBook
from bot.operations.books.lock_book import LockBook
from bot.operations.books.move_book import MoveBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.by_itself.stopping import BackStops
from bot.operations.by_itself.watch import BackWatch
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
from bot.operations.emergency.around import Around
from bot.operations.emergency.offering import Offering
from bot.operations.emergency.resuming import Resuming
from bot.operations.emergency.steps import Steps as AroundSteps
from bot.operations.engine import Engine
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
from bot.operations.letterbox import Doorbell
from bot.operations.looking.behind import Behind
from bot.operations.looking.differing import Differing
from bot.operations.looking.form import FormReader
from bot.operations.looking.four_keys import FourKeys
from bot.operations.looking.looking_back import LookingBack
from bot.operations.looking.status import StatusReader
from bot.operations.pulse import SLACK, Pulse, PulseLetters
from bot.operations.replicas.duty import Duty
from bot.operations.replicas.lease import FileLease, SessionLease, lease_for
from bot.operations.rollouts import RolloutDesk
from bot.operations.saying.alerts import Alerts
from bot.operations.saying.cards import Cards
from bot.operations.saying.ends import Ends
from bot.operations.saying.faces import Faces
from bot.operations.saying.outbox import LETTERS, Outbox
from bot.operations.saying.pace import Pace
from bot.operations.sql.database import Database
from bot.operations.standstill.freezing import Freezing
from bot.operations.standstill.hold_watch import HoldWatch
from bot.operations.standstill.holding import Holding
from bot.operations.standstill.lock_letters import LockLetters
from bot.operations.standstill.locking import Locking
from bot.operations.standstill.quiet import QuietRefusals
from bot.operations.store import Store
from bot.operations.waking.changes import Changes, application_change
from bot.operations.waking.making_way import MakingWay
from bot.operations.waking.waking import Waking
from bot.reach import Patience, Reach, outside_of, reach
from bot.settings import Settings
from bot.shipmate import SOCKET, Ourselves, Rights, Shipmate
from bot.unasked import Ground, Unasked, unasked
from handlers import approvals as clicked_approvals
from handlers import ci as clicked_ci
from handlers import desk_errands, taking_back
from handlers import drift as clicked_drift
from handlers import moves as clicked_moves
from handlers.desk import Desk
from handlers.errands import Doers, Errands
from handlers.filling import Forms
from handlers.later import Speaker
from handlers.links import Selves
from handlers.looks import Looks
from handlers.slack import bolt_app
from handlers.standing_still import StandingStill


@dataclass(frozen=True, slots=True)
class Inner:
    """What the steps of a deploy are made of."""

    catalog: Catalog
    store: Store
    changes: Changes
    out: Reach
    rights: Rights
    approvals: ApprovalBook
    items: OpenItemBook
    gatherer: Gatherer
    around: Around
    holding: Holding
    cards: Cards
    clock: Clock


def build(
    settings: Settings,
    config: Config,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> Shipmate:
    """Build the bot: open the database, take the lease, construct and join everything.

    Raises:
        SettingsInvalid: an Argo CD instance has no token.
        AlreadyRunningError: another process serves the same SQLite file.
        Rejected: a newer Shipmate has brought the database's schema too far.
        Unavailable: the database does not answer.
    """
    clock, patience = clock or Clock(), patience or Patience()
    catalog = config.catalog
    database = Database(settings.database_url)
    lease = _own(database)
    store = Store(database)
    engine = Engine(database, lease.executor, clock)
    changes = Changes()

    metrics = _metrics(catalog, store)
    out, pulse = _reached(settings, config, clock, patience, metrics)
    github, argocd, slack = out.github, out.argocd, out.slack
    ourselves = Ourselves()
    rights = _rights(config, github, slack, database, ourselves, clock)
    linking, selves = _selves(config, out, rights, database, ourselves, clock)
    links = Links(github.web)
    approvals = ApprovalBook(database, store.changed)
    items = OpenItemBook(database, store.changed)
    alerts = _alerts(config, store, items)
    backs = BackBook(database, store.changed)
    pace = Pace(clock)
    holds = HoldBook(database)
    faces = Faces(approvals, items, backs, Behind(store, holds), links)
    cards = Cards(store, slack, faces.show, pace, clock)

    outside = outside_of(out, Histories(store, holds, out.values, argocd, out.threads))
    letters = LockLetters(catalog)
    books = Books(store, LockBook(database, letters.over), FreezeBook(database), holds, items)
    gatherer = Gatherer(catalog, rights.people, outside, books, clock)
    acts, may = ActBook(database), rights.desk.may
    holding = Holding(catalog, may, holds, acts, clock)
    inner = Inner(
        catalog,
        store,
        changes,
        out,
        rights,
        approvals,
        items,
        gatherer,
        Around(catalog, argocd, outside.histories, out.others),
        holding,
        cards,
        clock,
    )

    def wake(operation_id: str) -> None:
        intake.wake(operation_id)  # it is made below, and nothing is woken before the start

    DeployFlow(
        engine,
        _steps(inner, Offering(catalog, inner.around, rights.desk, config.remember), wake, links),
    )
    intake = Intake(store, engine, changes, clock)
    speaker = Speaker(slack, clock)
    judging = Judging(gatherer)
    forms = Forms(
        catalog,
        FormReader(catalog, RecentCommits(github), judging.why, clock),
        rights.desk.outsider,
        slack,
        clock,
    )
    zone_of = Zones(slack).of
    locking = Locking(catalog, may, zone_of, books.locks, acts, letters, clock)
    resuming = Resuming(catalog, argocd, inner.around, store, items, may, acts, clock)
    standing_still = StandingStill(
        catalog,
        locking,
        Freezing(catalog, may, zone_of, books.freezes, acts, clock),
        holding,
        resuming,
        books,
        clock,
    )
    rollouts = RolloutDesk(
        catalog, argocd, may, books, approvals, MoveBook(database), acts, changes, clock
    )
    back, differing = _lookers(database, catalog, outside, zone_of, clock)
    parts = unasked(
        Ground(
            settings,
            config,
            clock,
            database,
            lease.executor,
            store,
            cards,
            pace,
            out,
            rights.people,
            rights.desk,
            rights.roster,
            acts,
            changes,
            links,
            rights.memberships,
            alerts,
            wake,
            books,
            metrics.edited,
        )
    )
    desk = Desk(
        catalog,
        intake,
        store,
        StatusReader(store, catalog, out.gitops, argocd),
        judging,
        standing_still,
        selves,
        Looks(rollouts, back, differing, parts.drifts, links),
        Picking(gatherer),
        may,
        partial(rights.desk.may, in_emergency=True),
        QuietRefusals(acts, clock),
        rights.desk.outsider,
        clock,
    )
    deciding = Deciding(
        store, catalog, gatherer, approvals, Approvers(rights.desk), acts, wake, clock
    )
    errands = Errands(
        _doers(desk, deciding, rollouts, BackStops(store, backs, may, acts, clock), parts),
        parts.hearing.inbox,
        speaker,
        slack,
        clock,
    )
    bolt = bolt_app(
        _bolt_client(settings),
        lambda: settings.slack_signing_secrets,
        desk,
        deciding,
        forms,
        selves,
        back,
        parts.drifts,
        errands,
        speaker,
        lambda: ourselves.identity,
        lambda: uuid.uuid4().hex[:8],
        out.names,
    )
    shipmate = Shipmate(
        settings=settings,
        config=config,
        clock=clock,
        database=database,
        lease=lease,
        store=store,
        engine=engine,
        intake=intake,
        speaker=speaker,
        errands=errands,
        forms=forms,
        slack=slack,
        bolt=bolt,
        ourselves=ourselves,
        rights=rights,
        streams=_streams(argocd, changes, clock),
        scheduler=BackgroundScheduler(timezone="UTC"),
        threads=out.threads,
        others=out.others,
        registry=out.registry,
        locking=locking,
        linking=linking,
        holding=holding,
        watch=HoldWatch(catalog, store, holds, out.gitops, out.values, clock),
        outbox=Outbox(database, slack, clock, pace, Duty(database, clock, LETTERS, lease.executor)),
        resuming=resuming,
        waking=Waking(approvals, wake),
        doorbell=Doorbell(database, store, intake.advance),
        making_way=_making_way(store, wake),
        back_watch=BackWatch(store, catalog, gatherer, backs, intake.advance, clock),
        rollouts=rollouts,
        metrics=metrics,
        pulse=pulse,
        pulse_letters=PulseLetters(
            pulse, database, alerts, config.channels.failures, clock, _proofs(out)
        ),
        unasked=parts,
    )
    show_gauges(shipmate, argocd)
    return shipmate


def _doers(
    desk: Desk, deciding: Deciding, rollouts: RolloutDesk, stops: BackStops, parts: Unasked
) -> Doers:
    """Return who does what people asked for once it was acked."""
    return {
        **desk_errands.doers(desk),
        **clicked_approvals.doers(deciding),
        **clicked_moves.doers(rollouts),
        **taking_back.doers(stops),
        **clicked_drift.doers(parts.drifts),
        **clicked_ci.doers(parts.ci.desk),
    }


def _own(database: Database) -> FileLease | SessionLease:
    """Take the lease and bring the schema forward.

    Raises:
        AlreadyRunningError: another process serves the same SQLite file.
        Rejected: a newer Shipmate has brought the schema too far.
        Unavailable: the database does not answer.
    """
    lease = lease_for(database)
    try:
        database.migrate()
    except BotError:
        lease.release()
        database.close()
        raise
    return lease


def _making_way(store: Store, wake: Callable[[str], None]) -> MakingWay:
    """Return what wakes those who have to make way, at once and now and then."""
    making_way = MakingWay(store, wake)
    store.follow(making_way.moved)
    return making_way


def _streams(argocd: Mapping[str, ArgoCD], changes: Changes, clock: Clock) -> Mapping[str, Stream]:
    """Return the watch of each Argo CD, which tells who waits for one of its applications."""
    return {
        name: Stream(client, partial(_notify, changes), clock=clock)
        for name, client in argocd.items()
    }


def _alerts(config: Config, store: Store, items: OpenItemBook) -> Alerts:
    """Return where it is put what others than Slack are told; they are told of ends from now on."""
    alerts = Alerts(config.notify)
    Ends(alerts, config.catalog).follow(store, items)
    return alerts


def _metrics(catalog: Catalog, store: Store) -> Metrics:
    """Return what counts, from the first operation on."""
    metrics = Metrics()
    metrics.foresee(catalog.targets)
    store.follow(metrics.moved)
    store.follow(FourKeys(store, metrics).moved)
    return metrics


def _steps(inner: Inner, offering: Offering, wake: Callable[[str], None], links: Links) -> Steps:
    """Return the steps of a deploy. *wake* makes a waiting workflow look up."""
    store, catalog, clock, out = inner.store, inner.catalog, inner.clock, inner.out
    gatherer, approvals = inner.gatherer, inner.approvals
    recent, approvers = Recent(clock), Approvers(inner.rights.desk)
    write = Write(store, catalog, out.gitops, recent, inner.holding, out.threads, clock, offering)
    sight, pulls = Sight(out.argocd, out.commits), Pulls(out.github)
    showing = Showing(links, sight.page, approvals, gatherer)
    return Steps(
        check=Check(
            store,
            catalog,
            gatherer,
            approvals,
            inner.rights.roster,
            recent,
            wake,
            offering,
            clock,
        ),
        approve=Approve(store, approvals, approvers, clock),
        recheck=Recheck(store, catalog, gatherer, approvals, approvers, recent, offering, clock),
        write=write,
        propose=Propose(store, catalog, out.gitops, pulls, write, showing, out.threads, clock),
        merge=Merge(store, pulls, write, out.threads, clock),
        follow=Follow(store, catalog, sight, inner.changes, clock),
        tell=Tell(store, catalog, out.slack, inner.cards, ended_badly, clock),
        around=AroundSteps(
            store, catalog, out.argocd, inner.around, inner.items, inner.holding, clock
        ),
    )


def _selves(
    config: Config,
    out: Reach,
    rights: Rights,
    database: Database,
    ourselves: Ourselves,
    clock: Clock,
) -> tuple[Linking, Selves]:
    """Return what people are told of themselves, and how they prove who they are."""
    people, flow = rights.people, out.device_flow
    linking = Linking(flow, config.people, people, database, ourselves.team, clock)
    whoami = Whoami(
        people,
        config.catalog,
        config.people,
        rights.identities,
        ourselves.team,
        may_link=flow is not None,
    )
    return linking, Selves(whoami, linking)


def _reached(
    settings: Settings, config: Config, clock: Clock, patience: Patience, metrics: Metrics
) -> tuple[Reach, Pulse]:
    """Return the adapters, and what notices how others take us."""
    pulse = Pulse(_variables(settings, config.catalog), clock)
    out = reach(settings, config, clock, patience, metrics, pulse.heard)
    logins: tuple[ArgoCD | GitHub, ...] = (*out.argocd.values(), out.github)
    pulse.know_ends(lambda: {one.system: one.token_ends for one in logins})
    return out, pulse


def _proofs(out: Reach) -> Mapping[str, Callable[[], object]]:
    """Return by system a call that costs little and tells whether our login is taken.

    An Argo CD is listed every other minute anyway, and a socket tried again by its client.
    """
    limits = partial(out.github.rest, "limits", "tell our limits", "GET", "/rate_limit")
    return {SLACK: out.slack.asked_who, out.github.system: limits}


def _variables(settings: Settings, catalog: Catalog) -> Mapping[str, str]:
    """Return by system where our login for it comes from."""
    by_token = settings.github_token is not None
    sockets = {SOCKET: "SLACK_APP_TOKEN"} if settings.uses_socket_mode else {}
    return {
        SLACK: "SLACK_BOT_TOKEN",
        **sockets,
        "GitHub": "GITHUB_TOKEN" if by_token else "GITHUB_APP_PRIVATE_KEY",
        **{f"Argo CD {name}": settings.argocd_variable(name) for name in catalog.instances},
    }


def _bolt_client(settings: Settings) -> WebClient:
    """Return the client that Bolt wants; listeners reach Slack through our own adapter."""
    return CountedClient(
        settings.slack_bot_token, base_url=settings.slack_api_url, timeout=10, retry_handlers=[]
    )


def _lookers(
    database: Database,
    catalog: Catalog,
    outside: Outside,
    zone_of: Callable[[str], ZoneInfo],
    clock: Clock,
) -> tuple[LookingBack, Differing]:
    """Return what reads for those who only look."""
    book = HistoryBook(database)
    back = LookingBack(catalog, book, outside.histories, outside.gitops, zone_of, clock)
    commits, comparisons = outside.commits, outside.comparisons
    return back, Differing(catalog, outside.argocd, outside.gitops, commits, comparisons)


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
        config.remember,
    )
    desk = RightsDesk(people, config.catalog)
    check = TeamCheck(teams, config.organization, config.catalog.permissions)
    roster = Roster(config.people, config.organization, ourselves.team, teams, identities, clock)
    return Rights(teams, memberships, identities, people, desk, check, roster)


def _notify(changes: Changes, instance: str, _namespace: str, name: str) -> None:
    changes.notify(application_change(instance, name))
