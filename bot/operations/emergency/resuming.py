"""Auto-sync on again: for a person who asks, and reminding until somebody does.

Switched on, auto-sync brings out at once whatever Git says; so it is refused while that is not what
runs.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import structlog

from bot.adapters.argocd import ArgoCD, Refresh
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog
from bot.domain.errors import BotError
from bot.domain.message import Message
from bot.domain.observation import Observation, Sync
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action
from bot.domain.rollback.emergency import Ending, ItemState, OpenItem, still_differs, switched_on
from bot.messages.rollback import emergency as words
from bot.operations.books.act_book import ActBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.emergency.around import Around
from bot.operations.gathering.troubles import problem_of
from bot.operations.saying.outbox import Letter, ToChannel, ToPerson
from bot.operations.sql.database import DATABASE
from bot.operations.standstill.refusals import May, refusal
from bot.operations.store import Store

log = structlog.get_logger(__name__)

REMIND = timedelta(hours=2)
"""How often the owner of an open item is reminded."""


class Resuming:
    """Switches auto-sync on again. Every method is for any thread, and asks outside."""

    def __init__(
        self,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        around: Around,
        store: Store,
        items: OpenItemBook,
        may: May,
        acts: ActBook,
        clock: Clock,
    ) -> None:
        self._catalog, self._argocd, self._around = catalog, argocd, around
        self._store, self._items, self._may = store, items, may
        self._acts, self._clock = acts, clock

    def standing(
        self, service: str | None = None, environment: str | None = None
    ) -> tuple[OpenItem, ...]:
        """Return what is off, of one service and environment or of all.

        Raises:
            Unavailable: our own database is away.
        """
        every = self._items.standing(environment)
        return tuple(one for one in every if service is None or self._concerns(one, service))

    def resume(self, service: str, environment: str, user: str, asked: str) -> OpenItem | Problem:
        """Switch auto-sync of the service's application on for the Slack *user*, or say why not.

        Raises:
            Unavailable: our own database is away.
        """
        found = self.standing(service, environment)
        if not found:
            facts = {"service": service, "environment": environment}
            return Problem(Reason.NOTHING_OFF, facts)
        return self._resume(found[0], user, asked)

    def resume_after(self, operation_id: str, user: str, asked: str) -> OpenItem | Problem:
        """Switch on what the rollback *operation_id* switched off, as ``resume`` does."""
        item = self._items.of(operation_id)
        if item is None:
            return Problem(Reason.NOTHING_OFF, {})
        if not item.stands:
            service = min(item.services, default="")
            facts = {"service": service, "environment": item.environment}
            return Problem(Reason.NOTHING_OFF, facts)
        return self._resume(item, user, asked)

    def _concerns(self, item: OpenItem, service: str) -> bool:
        living = self._around.living_in(self._application(item))
        return service in item.services or service in {one.service for one in living}

    def _resume(self, item: OpenItem, user: str, asked: str) -> OpenItem | Problem:
        services = tuple(sorted(item.services))
        actor = self._may(user, Action.ROLLBACK, services, item.environment)
        if isinstance(actor, Problem):
            now, why = self._clock.now(), actor.told()
            self._acts.note(refusal("resume", user, item.environment, services, asked, now, why))
            return actor
        operation = self._store.operation(item.operation)
        if operation is not None and not operation.phase.ended:
            return Problem(Reason.APP_BUSY, {"app": item.app, "operation": operation.id})
        try:
            return self._switch_on(item, user)
        except BotError as error:
            if error.system == DATABASE:
                raise
            return problem_of(error)

    def _switch_on(self, item: OpenItem, user: str) -> OpenItem | Problem:
        application = self._application(item)
        argocd, emergency = self._argocd[item.instance], self._around.emergency(application)
        seen = argocd.look(application, refresh=Refresh.NORMAL)
        if seen.auto_sync:
            self._end(item, Ending.FOUND_ON, "shipmate")
            return item
        if stops := self._would_deploy(item, application, seen):
            return stops
        standing = emergency.read(application)  # right before the write: the last writer wins
        emergency.write(application, switched_on(standing.spec, item.saved))
        if not argocd.look(application).auto_sync:
            facts = {"system": argocd.system, "doing": f"keep auto-sync of {item.app} on"}
            return Problem(Reason.REJECTED, facts)
        self._end(item, Ending.RESUMED, user)
        return item

    def _would_deploy(
        self, item: OpenItem, application: Application, seen: Observation
    ) -> Problem | None:
        """Return what auto-sync would bring out at once, or that nobody knows; None: nothing."""
        if seen.sync is Sync.SYNCED and not seen.refresh_pending and not seen.in_flight:
            return None
        living = self._around.living_in(application)
        running = {one.service: self._around.running(one, seen) for one in living}
        differs = still_differs(self._around.in_git(application, seen), running)
        if differs is not None:
            service, in_git, runs = differs
            named = {"service": service, "environment": item.environment}
            return Problem(Reason.WOULD_DEPLOY, {**named, "in_git": in_git, "runs": runs})
        out = ", ".join(one.label for one in seen.resources if one.sync is not Sync.SYNCED)
        state = "not compared yet" if seen.refresh_pending else seen.sync.value
        return Problem(Reason.NOT_SYNCED, {"app": item.app, "state": state, "objects": out})

    def _application(self, item: OpenItem) -> Application:
        for service in item.services:
            target = self._catalog.target(service, item.environment)
            if target is not None and target.application.name == item.app:
                return target.application
        return Application(item.instance, item.app, item.namespace or None)

    def _end(self, item: OpenItem, ending: Ending, by: str) -> None:
        now = self._clock.now()
        message = words.back_on(item, ending, by)
        letters = self._letters(item, f"auto-sync-on:{item.number}", message, everybody=True)
        self._items.end(item, ending, by, now, letters)

    # by the clock

    def look(self) -> None:
        """See whether what is off was switched on by others, and remind of what is not.

        Raises:
            Unavailable: our own database is away.
        """
        for item in self._items.standing():
            try:
                self._compare(item)
            except BotError as error:
                if error.system == DATABASE:
                    raise
                log.warning("an open item was not looked at", app=item.app, error=str(error))
        self._items.remind(self._clock.now(), REMIND, self._reminders)

    def _compare(self, item: OpenItem) -> None:
        operation = self._store.operation(item.operation)
        if operation is None or not operation.phase.ended or item.instance not in self._argocd:
            return
        if item.state is ItemState.SAVED:
            self._items.end(item, Ending.NOT_NEEDED, "shipmate", self._clock.now())
        elif self._argocd[item.instance].look(self._application(item)).auto_sync:
            self._end(item, Ending.FOUND_ON, "shipmate")
        else:  # said once; this is for a rollback that died of a fault before it could say so
            key, message = f"{operation.key}.auto-sync-off", words.switched_off(item)
            place = self._catalog.environments.get(item.environment)
            to = ToChannel(place.channel) if place else ToPerson(item.owner)
            self._items.announce([Letter(key, to, message)], self._clock.now())

    def _reminders(self, item: OpenItem) -> Iterator[Letter]:
        now = self._clock.now()
        key = f"auto-sync-off:{item.number}:{int(now.timestamp())}"
        overdue = now > item.deadline
        return self._letters(item, key, words.reminder(item, now), everybody=overdue)

    def _letters(
        self, item: OpenItem, key: str, message: Message, *, everybody: bool
    ) -> Iterator[Letter]:
        yield Letter(f"{key}:owner", ToPerson(item.owner), message)
        place = self._catalog.environments.get(item.environment)
        if everybody and place is not None:
            yield Letter(key, ToChannel(place.channel), message)
