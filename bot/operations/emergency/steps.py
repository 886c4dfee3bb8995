"""The steps of a rollback by Argo CD, each recorded by itself and fit to run twice.

What auto-sync was is written down before it is switched off. Until Argo CD has taken the rollback a
failure undoes that; from then on auto-sync stays off, and the open item says so until a person
resumes it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.adapters.argocd import ArgoCD, Refresh
from bot.adapters.argocd_emergency import Standing
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.emergency import (
    OWED,
    Asked,
    Ending,
    Entry,
    ItemState,
    OpenItem,
    Stand,
    is_under_way,
    stand_of,
    switched_off,
    switched_on,
    synced_by_itself,
)
from bot.domain.errors import BotError, Conflict, Garbled, Unavailable
from bot.domain.observation import Observation
from bot.domain.operations import Change, Operation, Phase, Progress, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor
from bot.messages import emergency as words
from bot.operations.books.open_items import OpenItemBook
from bot.operations.codec import load
from bot.operations.database import DATABASE
from bot.operations.emergency.around import Around
from bot.operations.gathering.troubles import problem_of
from bot.operations.outbox import Letter, ToChannel
from bot.operations.outcome import Next, Outcome
from bot.operations.standstill.holding import Holding
from bot.operations.store import Store

log = structlog.get_logger(__name__)

STAYS = 3
"""Looks after the switch at which auto-sync must be off."""

LOOK = timedelta(seconds=2)
"""The pause between looks at what changes within seconds."""

SLOWLY = timedelta(seconds=5)
STUCK = timedelta(minutes=2)
"""How long an operation that is in the way may take to end."""

CYCLES = 2
"""Times that Argo CD must have compared with Git, after the end, and left auto-sync off."""

AGAIN = timedelta(seconds=5)
"""The pause after a call that brought no answer."""

ENDED = {Reason.CANCELLED: Phase.CANCELLED}


class Steps:
    """Takes one operation back by Argo CD. Every method is for any thread.

    What a step has to remember beside the store stands in its outcome's ``carry``: the *entry* and
    its *revisions*, *since* when, *by* whom in Argo CD's words, and whether the rollback was
    *rolled*, which is to say taken. *requester* is who asked.
    """

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        around: Around,
        items: OpenItemBook,
        holding: Holding,
        clock: Clock,
    ) -> None:
        self._store, self._catalog, self._argocd = store, catalog, argocd
        self._around, self._items, self._holding = around, items, holding
        self._clock = clock

    # before anything is changed

    def prepare(  # noqa: PLR0911  # one an answer
        self, operation_id: str, _: Mapping[str, Any]
    ) -> Outcome:
        """Choose the entry to go back to, and write down what auto-sync is."""
        operation = self._operation(operation_id)
        if operation.phase.ended:
            return Outcome(Next.OVER)
        if by := self._store.cancel_wished(operation_id):
            return self._end(operation, Problem(Reason.CANCELLED, {"by": by}))
        begun = self._store.move(operation_id, Phase.COMMITTING, self._clock.now(), "preparing")
        if begun is None:
            return Outcome(Next.OVER)
        application = self._application(operation)
        emergency = self._around.emergency(application)
        try:
            standing, ours = emergency.read(application), emergency.ourselves()
            wanted = {change.service: change.new for change in _changes(operation)}
            barred = self._around.barred(application, standing)
            entry = barred or self._around.entry(application, standing.seen, wanted)
        except BotError as error:
            return self._later(operation, error)
        match entry:
            case Problem():
                return self._end(operation, entry)
            case BotError():
                return self._later(operation, entry)
            case Entry():
                return self._keep(operation, application, standing, entry, ours)

    def _keep(
        self,
        operation: Operation,
        application: Application,
        standing: Standing,
        entry: Entry,
        by: str,
    ) -> Outcome:
        """Write down what stands, then see whether somebody else is at work there."""
        seen = standing.seen
        if seen.auto_sync and standing.sync_policy is not None:
            now = self._clock.now()
            item = OpenItem(
                number=0,
                operation=operation.id,
                instance=application.instance,
                namespace=seen.namespace,
                app=seen.name,
                environment=operation.request.environment,
                services={change.service: change.new for change in _changes(operation)},
                saved=dict(standing.sync_policy),
                owner=operation.request.requester,
                since=now,
                deadline=now + OWED,
            )
            self._items.save(item)
        if busy := self._busy(operation, application):
            self._forget(operation)
            return self._end(operation, busy)
        log.info("rolls back", operation=operation.id, app=seen.name, entry=entry.id)
        since = self._clock.now().isoformat()
        carry = {"entry": entry.id, "revisions": list(entry.revisions), "by": by, "since": since}
        return Outcome(Next.GO, carry=carry)

    def _busy(self, operation: Operation, application: Application) -> Problem | None:
        """Return which change by Git of something else in *application* is on its way, or None.

        It would sync the whole application by itself once auto-sync is off.
        """
        place, mine = operation.request.environment, set(operation.request.services)
        at_work = {Phase.QUEUED, Phase.COMMITTING, Phase.MERGING, Phase.FOLLOWING}
        for target in self._around.living_in(application):
            if target.environment == place and target.service in mine:
                continue
            for one in self._store.under_way([target.service], target.environment):
                if one.phase in at_work and not mine & set(one.request.services):
                    facts = {"app": application.name, "operation": one.id}
                    return Problem(Reason.APP_BUSY, facts)
        return None

    # auto-sync off

    def switch_off(self, operation_id: str, _: Mapping[str, Any]) -> Outcome:
        """Switch auto-sync off, unless it is; what it was stands in the store."""
        operation = self._operation(operation_id)
        application = self._application(operation)
        if by := self._store.cancel_wished(operation_id):
            return self._give_up(Problem(Reason.CANCELLED, {"by": by}))
        emergency = self._around.emergency(application)
        try:
            standing = emergency.read(application)
            if standing.seen.auto_sync:
                item = self._items.of(operation_id)
                if item is None or not item.stands:  # it came on after we had looked
                    return self._give_up(_came_on(application))
                version = self._argocd[application.instance].version()
                self._items.switched(item, self._clock.now())
                emergency.write(application, switched_off(standing.spec, version))
        except BotError as error:
            return self._unsure(operation, error)
        self._show(operation, Stage.WAITING)
        return Outcome(Next.GO, carry={"looks": 0})

    def stays_off(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """Look once whether auto-sync is still off; go on after a few looks."""
        operation = self._operation(operation_id)
        application = self._application(operation)
        try:
            seen = self._argocd[application.instance].look(application)
        except BotError as error:
            return self._unsure(operation, error)
        if seen.auto_sync:
            return self._give_up(_came_on(application))
        looks = int(state.get("looks", 0)) + 1
        if looks >= STAYS:
            return Outcome(Next.GO, carry={"cleared": self._clock.now().isoformat()})
        return _rest(LOOK, {"looks": looks})

    # the rollback

    def roll(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """End what is in the way, then ask for the rollback; what was asked for is found again."""
        operation = self._operation(operation_id)
        application = self._application(operation)
        asked, argocd = _asked(state), self._argocd[application.instance]
        try:
            seen = argocd.look(application)
            if seen.auto_sync:
                return self._give_up(_came_on(application))
            stand = stand_of(seen, asked, {}, {})
            if stand is not Stand.NOT_BEGUN:
                return self._rolled(operation, state)
            if seen.in_flight:
                return self._make_way(application, seen, state)
            self._around.emergency(application).roll_back(application, int(state["entry"]))
        except Conflict as conflict:  # something else began, or auto-sync is on: look again
            return self._bounded(application, conflict.detail, state)
        except BotError as error:
            return self._unsure(operation, error)
        return self._rolled(operation, state)

    def _rolled(self, operation: Operation, state: Mapping[str, Any]) -> Outcome:
        """Hold back what is rolled back, before anything else may bring it again."""
        assert operation.plan is not None
        self._holding.quarantine(operation, operation.plan, load(Actor, state["requester"]))
        return Outcome(Next.GO, carry={"rolled": True})

    def _make_way(
        self, application: Application, seen: Observation, state: Mapping[str, Any]
    ) -> Outcome:
        try:
            self._argocd[application.instance].terminate(application)
        except Conflict as gap:  # not picked up yet, or just ended
            log.info("not ended yet", app=application.name, error=str(gap))
        message = seen.operation_state.message if seen.operation_state else ""
        return self._bounded(application, message, state)

    def _bounded(self, application: Application, detail: str, state: Mapping[str, Any]) -> Outcome:
        if self._clock.now() - datetime.fromisoformat(state["cleared"]) > STUCK:
            facts = {"app": application.name, "detail": detail}
            return self._give_up(Problem(Reason.STUCK_OPERATION, facts))
        return _rest(LOOK)

    # the end

    def follow(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """Look once how far the rollback is."""
        operation = self._operation(operation_id)
        application = self._application(operation)
        try:
            seen = self._argocd[application.instance].look(application)
            running = self._running(operation, application, seen)
        except BotError as error:
            return self._unsure(operation, error)
        new = {change.service: change.new for change in _changes(operation)}
        asked = _asked(state)
        stand = stand_of(seen, asked, running, new)
        log.debug("judged", operation=operation_id, stand=stand.value)
        if stand is Stand.DONE:
            self._show(operation, Stage.ROLLING, seen)
            watched = {"cycles": 0, "compared": _iso(seen.reconciled_at)}
            return Outcome(Next.GO, carry=watched)
        facts = {"app": application.name}
        if stand is Stand.FAILED:
            detail = seen.operation_state.message if seen.operation_state else ""
            return self._give_up(Problem(Reason.NOT_ROLLED_BACK, {**facts, "detail": detail}))
        if self._is_late(operation):
            late = {**facts, "state": seen.health.value, "deadline": _iso(self._due(operation))}
            return self._give_up(Problem(Reason.NOT_BACK_YET, late))
        stage = Stage.ROLLING if stand is Stand.ROLLING else Stage.SYNCING
        waits = Problem(Reason.WINDOW_CLOSED, facts) if stand is Stand.BLOCKED else None
        self._show(operation, stage, seen, waits)
        return _rest(LOOK if is_under_way(seen, asked) else SLOWLY)

    def watch(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """Let Argo CD compare with Git once more, and see that auto-sync stays off."""
        operation = self._operation(operation_id)
        application = self._application(operation)
        argocd = self._argocd[application.instance]
        try:
            seen = argocd.look(application, refresh=Refresh.NORMAL)
        except BotError as error:
            return self._unsure(operation, error)
        since = datetime.fromisoformat(state["since"])
        if seen.auto_sync or synced_by_itself(seen, since):
            return self._give_up(_came_on(application))
        compared, cycles = _iso(seen.reconciled_at), int(state.get("cycles", 0))
        if compared > state.get("compared", ""):
            cycles += 1
        if cycles >= CYCLES or self._is_late(operation):
            return Outcome(Next.GO)
        return _rest(LOOK, {"cycles": cycles, "compared": compared})

    def settle(self, operation_id: str) -> Outcome:
        """End well, and say loudly that auto-sync is off."""
        operation = self._operation(operation_id)
        now = self._clock.now()
        progress = tuple(replace(one, stage=Stage.LIVE) for one in operation.progress)
        changes = {"progress": progress, "problem": None}
        self._announce(operation)
        detail = {change.service: change.new for change in _changes(operation)}
        self._store.move(
            operation_id, Phase.LIVE, now, Phase.LIVE.value, changes=changes, detail=detail
        )
        return Outcome(Next.OVER)

    def _announce(self, operation: Operation) -> None:
        item = self._items.of(operation.id)
        if item is None or not item.stands:
            return
        channel = self._catalog.environments[operation.request.environment].channel
        message = words.switched_off(item)
        letter = Letter(f"{operation.key}.auto-sync-off", ToChannel(channel), message)
        self._items.announce([letter], self._clock.now())

    # when it goes wrong

    def undo(self, operation_id: str, problem: Problem, state: Mapping[str, Any]) -> Outcome:
        """End badly. Before the rollback was taken auto-sync becomes what it was.

        Afterwards it stays off: what runs then is for a person to judge.
        """
        operation = self._operation(operation_id)
        application = self._application(operation)
        item = self._items.of(operation_id)
        if item is not None and item.stands:
            try:
                self._restore(application, item, state)
            except BotError as error:
                if not self._is_late(operation, STUCK):
                    return self._come_again(error)
                log.error("auto-sync stays off", operation=operation_id, error=str(error))  # noqa: TRY400
        self._announce(operation)
        return self._end(operation, problem)

    def _restore(self, application: Application, item: OpenItem, state: Mapping[str, Any]) -> None:
        """Switch auto-sync on as it was, and end the item; one that is on needs no switch.

        Where the rollback was taken, heard of or not, it stays off.
        """
        now, emergency = self._clock.now(), self._around.emergency(application)
        if item.state is ItemState.SAVED:
            self._items.end(item, Ending.NOT_NEEDED, "shipmate", now)
            return
        standing = emergency.read(application)
        if standing.seen.auto_sync:
            self._items.end(item, Ending.FOUND_ON, "shipmate", now)
        elif not self._is_taken(standing.seen, state):
            emergency.write(application, switched_on(standing.spec, item.saved))
            self._items.end(item, Ending.UNDONE, "shipmate", now)

    def _is_taken(self, seen: Observation, state: Mapping[str, Any]) -> bool:
        known = "rolled" in state or "since" not in state
        return (
            bool(state.get("rolled"))
            if known
            else (stand_of(seen, _asked(state), {}, {}) is not Stand.NOT_BEGUN)
        )

    def _forget(self, operation: Operation) -> None:
        item = self._items.of(operation.id)
        if item is not None and item.stands and item.state is ItemState.SAVED:
            self._items.end(item, Ending.NOT_NEEDED, "shipmate", self._clock.now())

    def _later(self, operation: Operation, error: BotError) -> Outcome:
        """Ask again for a while; nothing was changed yet."""
        if isinstance(error, Unavailable | Garbled) and not self._is_late(operation):
            return self._come_again(error)
        return self._end(operation, problem_of(error))

    def _unsure(self, operation: Operation, error: BotError) -> Outcome:
        """Ask again for a while; then give up what can be undone."""
        if isinstance(error, Unavailable | Garbled) and not self._is_late(operation):
            self._show(operation, Stage.WAITING, None, problem_of(error))
            return self._come_again(error)
        return self._give_up(problem_of(error))

    def _come_again(self, error: BotError) -> Outcome:
        if error.system == DATABASE:
            raise error
        log.warning("asked again", error=str(error))
        asked = error.retry_after if isinstance(error, Unavailable) else None
        return _rest(asked or AGAIN)

    def _give_up(self, problem: Problem) -> Outcome:
        """Say that it goes no further: the next step is to undo."""
        facts = dict(problem.facts)
        return Outcome(Next.OVER, carry={"problem": [problem.reason.value, facts]})

    def _end(self, operation: Operation, problem: Problem) -> Outcome:
        """End without success: refused where nothing was changed in Argo CD."""
        item = self._items.of(operation.id)
        untouched = operation.phase is Phase.COMMITTING and (
            item is None or item.state is ItemState.SAVED or item.ending is Ending.UNDONE
        )
        phase = Phase.REFUSED if untouched or operation.phase is Phase.QUEUED else Phase.FAILED
        if phase is Phase.REFUSED:
            phase = ENDED.get(problem.reason, phase)
        self._store.end(
            operation.id,
            phase,
            self._clock.now(),
            phase.value,
            problem,
            progress=_stopped(operation, problem),
        )
        return Outcome(Next.OVER)

    # what is known

    def _operation(self, operation_id: str) -> Operation:
        operation = self._store.operation(operation_id)
        assert operation is not None
        return operation

    def _targets(self, operation: Operation) -> tuple[Target, ...]:
        place = operation.request.environment
        found = (self._catalog.target(one.service, place) for one in _changes(operation))
        return tuple(one for one in found if one is not None)

    def _application(self, operation: Operation) -> Application:
        return self._targets(operation)[0].application

    def _running(
        self, operation: Operation, application: Application, seen: Observation
    ) -> dict[str, tuple[str, ...]]:
        """Return the tags that run, by service: of pods, else of what makes them."""
        found = {one.service: self._around.running(one, seen) for one in self._targets(operation)}
        if all(found.values()):
            return found
        makers = self._argocd[application.instance].workloads(application, seen)
        images = tuple(image for one in makers for image in one.images)
        templates = replace(seen, images=images)
        return {
            one.service: found[one.service] or self._around.running(one, templates)
            for one in self._targets(operation)
        }

    def _due(self, operation: Operation) -> datetime:
        begun = operation.entered.get(Phase.COMMITTING.value, operation.requested_at)
        return begun + self._catalog.environments[operation.request.environment].deadline

    def _is_late(self, operation: Operation, besides: timedelta = timedelta()) -> bool:
        return self._clock.now() > self._due(operation) + besides

    def _show(
        self,
        operation: Operation,
        stage: Stage,
        seen: Observation | None = None,
        problem: Problem | None = None,
    ) -> None:
        """Let the card say how far it is."""
        progress = tuple(
            Progress(
                target.service,
                target.application.name,
                self._argocd[target.application.instance].page(target.application),
                stage,
                seen.sync.value if seen else "",
                seen.health.value if seen else "",
            )
            for target in self._targets(operation)
        )
        news = problem is not None or [one.stage for one in operation.progress] != [
            one.stage for one in progress
        ]
        self._store.move(
            operation.id,
            Phase.FOLLOWING,
            self._clock.now(),
            f"argocd-{stage.value}",
            changes={"progress": progress, "problem": problem},
            detail={"stage": stage.value} if news else None,
        )


def _changes(operation: Operation) -> tuple[Change, ...]:
    assert operation.plan is not None
    return operation.plan.changes


def _asked(state: Mapping[str, Any]) -> Asked:
    since = datetime.fromisoformat(state["since"])
    return Asked(tuple(state["revisions"]), since, str(state["by"]))


def _rest(span: timedelta, carry: Mapping[str, Any] | None = None) -> Outcome:
    return Outcome(Next.AGAIN, carry={**(carry or {}), "rest": span.total_seconds()})


def _iso(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _came_on(application: Application) -> Problem:
    return Problem(Reason.AUTO_SYNC_CAME_ON, {"app": application.name})


def _stopped(operation: Operation, problem: Problem) -> tuple[Progress, ...]:
    return tuple(replace(one, stage=Stage.FAILED, problem=problem) for one in operation.progress)
