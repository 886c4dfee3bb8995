"""What people do to rows of a drift report: sync, look at the difference, acknowledge, snooze.

A click carries an item's id and nothing that is believed: what it is about stands in our book, and
who may is asked live.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_drift import WholeView
from bot.adapters.gitops import GitOps
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.drift.difference import Differences, differences
from bot.domain.drift.items import Item
from bot.domain.drift.reporting import Replied, Reply, Row
from bot.domain.drift.syncing import Around, Bar, Barred, bar
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import BotError, Conflict
from bot.domain.problems import Problem
from bot.domain.rights import Action, Actor
from bot.domain.stops.freezes import frozen
from bot.domain.unknown import Unknown
from bot.operations.books.act_book import Act, ActBook, Deed
from bot.operations.books.open_items import OpenItemBook
from bot.operations.drift.drift_book import DriftBook, target_of
from bot.operations.gathering.facts import Books
from bot.operations.sql.database import DATABASE
from bot.operations.standstill.refusals import May, refusal
from bot.operations.store import Store

log = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=2)
"""How soon the same may be synced again while Argo CD has done nothing."""

LONGEST = timedelta(days=90)
"""For how long the longest acknowledgement holds."""

REASON = 500
MARK = 255


@dataclass(frozen=True, slots=True)
class Over:
    """There is no such item any more: what drifted is in order again."""


@dataclass(frozen=True, slots=True)
class Done:
    """It was done to *row*, which holds what was said to it."""

    row: Row


@dataclass(frozen=True, slots=True)
class Shown:
    """How the application of *row* differs."""

    row: Row
    found: Differences | Unknown


Answer = Done | Shown | Over | Barred | Problem


class DriftDesk:
    """Answers clicks. Every method is for any thread, and asks outside."""

    def __init__(
        self,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        gitops: GitOps,
        store: Store,
        books: Books,
        open_items: OpenItemBook,
        book: DriftBook,
        acts: ActBook,
        may: May,
        replied: Callable[[Row], None],
        clock: Clock,
    ) -> None:
        self._catalog, self._argocd, self._gitops = catalog, argocd, gitops
        self._store, self._books, self._open_items = store, books, open_items
        self._book, self._acts, self._may = book, acts, may
        self._replied, self._clock = replied, clock

    def find(self, number: int) -> Row | Over:
        """Return the item of this id, if it stands.

        Raises:
            Unavailable: our own database is away.
        """
        found = self._book.find(number)
        return found[0] if found is not None and found[1] else Over()

    def sync(self, number: int, user: str, asked: str) -> Answer:
        """Let Argo CD bring the item's application to what Git says, if *user* may and it can.

        Raises:
            Unavailable: our own database is away; nothing was asked for.
        """
        allowed = self._allowed("drift sync", number, user, asked, whole=True)
        if not isinstance(allowed, tuple):
            return allowed
        row, actor = allowed
        application = row.item.application
        if application is None:
            return Over()
        try:
            return self._sync(row, actor, application, asked)
        except Conflict as conflict:
            return Barred(Bar.REFUSED, {"app": application.name, "detail": conflict.detail})
        except BotError as error:
            if error.system == DATABASE:
                raise
            return Barred(Bar.UNREAD, {"app": application.name, "detail": str(error)})

    def _sync(self, row: Row, actor: Actor, application: Application, asked: str) -> Answer:
        """Ask for the sync unless something bars it; who was first is written down before.

        Raises:
            BotError: somebody did not answer; after the claim nobody knows whether it was taken.
        """
        argocd = self._argocd[application.instance]
        seen, windows = argocd.look(application), argocd.windows(application)
        now = self._clock.now()
        for environment in self._touched(row.item, whole=True):
            around = self._around(application, environment)
            targets = [one.name for one in self._targets(application, environment)]
            if barred := bar(application.name, targets, actor, seen, windows, around, now):
                return barred
        state = seen.operation_state
        last = state.started_at if state else None
        replied = Replied(Reply.SYNCED, actor.slack, now)
        same = f"drift-sync:{row.id}:{last.isoformat() if last else ''}:"
        act = _act(f"{same}{asked}"[:MARK], Deed.DRIFT_SYNC, row, actor.slack, now, {})
        # Of two clicks at one state of the application, one is the first.
        if not self._book.claim(row.id, replied, act, same, AGAIN):
            return Barred(Bar.ASKED, {"app": application.name})
        log.info("drift sync", item=row.id, app=application.name, by=actor.slack)
        argocd.sync(application, f"drift-{row.id}")
        return self._said(row, replied)

    def difference(self, number: int, user: str, asked: str) -> Answer:
        """Return how the item's application differs from Git, if *user* may deploy all of it.

        Raises:
            Unavailable: our own database is away.
        """
        allowed = self._allowed("drift diff", number, user, asked, whole=True)
        if not isinstance(allowed, tuple):
            return allowed
        row, _ = allowed
        application = row.item.application
        if application is None:
            return Over()
        try:
            objects = WholeView(self._argocd[application.instance]).compared(application)
        except BotError as error:
            return Shown(row, Unknown(str(error)))
        return Shown(row, differences(objects))

    def acknowledge(
        self, number: int, user: str, asked: str, reason: str, span: timedelta
    ) -> Answer:
        """Keep the item quiet for *span*, for a *reason* that everybody reads.

        Raises:
            Unavailable: our own database is away; nothing was written.
        """
        return self._quieten(number, user, asked, Reply.ACKNOWLEDGED, reason[:REASON], span)

    def snooze(self, number: int, user: str, asked: str, span: timedelta) -> Answer:
        """Keep the item quiet for *span*.

        Raises:
            Unavailable: our own database is away; nothing was written.
        """
        return self._quieten(number, user, asked, Reply.SNOOZED, "", span)

    def _quieten(
        self, number: int, user: str, asked: str, reply: Reply, reason: str, span: timedelta
    ) -> Answer:
        allowed = self._allowed(f"drift {reply.value}", number, user, asked)
        if not isinstance(allowed, tuple):
            return allowed
        row, _ = allowed
        now = self._clock.now()
        replied = Replied(reply, user, now, now + min(span, LONGEST), reason)
        self._book.reply(number, replied, _quiet_act(row, replied, asked))
        return self._said(row, replied)

    def _said(self, row: Row, replied: Replied) -> Done:
        answered = replace(row, replied=replied)
        self._replied(answered)
        return Done(answered)

    def _allowed(
        self, wish: str, number: int, user: str, asked: str, *, whole: bool = False
    ) -> tuple[Row, Actor] | Over | Problem:
        """Return the item, and who may; a refusal is written down."""
        row = self.find(number)
        if isinstance(row, Over):
            return row
        actor: Actor | None = None
        for environment, services in self._touched(row.item, whole=whole).items():
            who = self._may(user, Action.DEPLOY, services, environment)
            if isinstance(who, Problem):
                now, why = self._clock.now(), who.told()
                self._acts.note(refusal(wish, user, environment, services, asked, now, why))
                return who
            actor = who
        assert actor is not None, "an item is of some environment"
        return row, actor

    def _touched(self, item: Item, *, whole: bool) -> Mapping[str, tuple[str, ...]]:
        """Return the services that are concerned, by environment.

        *whole*: all that the item's application brings out. Argo CD syncs it as one.
        """
        found = {item.environment: set(item.services)}
        if whole and item.application is not None:
            for one in self._catalog.targets.values():
                if one.application == item.application:
                    found.setdefault(one.environment, set()).add(one.service)
        return {environment: tuple(sorted(names)) for environment, names in found.items()}

    # what a sync rests on

    def _around(self, application: Application, environment: str) -> Around:
        targets = self._targets(application, environment)
        now = self._clock.now()
        policy = self._catalog.policy(environment)
        calendar = policy.freezes if policy else ()
        frozen_by = self._books.freezes.standing(now, environment)
        opened = self._open_items.standing_on([application])
        return Around(
            locks=tuple(one.lock for one in self._books.locks.standing(now, environment)),
            frozen=frozen(environment, [*calendar, *frozen_by], now),
            holds=tuple(self._books.holds.standing(environment)),
            tags=self._tags(targets),
            operation=self._under_way(targets),
            left_off_by=opened[0].operation if opened else "",
        )

    def _targets(self, application: Application, environment: str) -> list[Target]:
        return [
            one
            for one in self._catalog.targets.values()
            if one.application == application and one.environment == environment
        ]

    def _under_way(self, targets: list[Target]) -> str:
        names = {one.name for one in targets}
        for operation in self._store.under_way():
            request = operation.request
            if names & {f"{one}/{request.environment}" for one in request.services}:
                return operation.id
        return ""

    def _tags(self, targets: list[Target]) -> dict[str, str | None]:
        """Return what a sync would bring: the tags in Git now.

        Raises:
            BotError: Git does not tell.
        """
        found: dict[str, str | None] = {}
        for target in targets:
            where = target.location
            snapshot = self._gitops.read(where.repo, where.branch, [where.file])
            file = snapshot.files.get(where.file)
            try:
                found[target.name] = (
                    read_tag(file.text, where.file, where.at) if file is not None else None
                )
            except EditError:
                found[target.name] = None
        return found


def _quiet_act(row: Row, replied: Replied, asked: str) -> Act:
    acknowledged = replied.reply is Reply.ACKNOWLEDGED
    deed = Deed.DRIFT_ACKNOWLEDGED if acknowledged else Deed.DRIFT_SNOOZED
    until = replied.until.isoformat() if replied.until else ""
    detail = {"until": until} | ({"reason": replied.reason} if replied.reason else {})
    mark = f"{deed.value}:{row.id}:{asked}"[:MARK]
    return _act(mark, deed, row, replied.by, replied.at, detail)


def _act(mark: str, deed: Deed, row: Row, user: str, at: datetime, detail: dict[str, str]) -> Act:
    item = row.item
    subject = target_of(item.services, item.subject, item.environment)
    return Act(mark, at, user, deed, subject, item.environment, {"kind": item.kind.value, **detail})
