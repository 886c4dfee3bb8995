"""What every listener does with people's words, however they came: read, judge, write, answer.

Nothing outside is asked here. What must ask the outside (``/ship status``) is handed back as work
for later, and its answer follows on its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import assert_never

import structlog

from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.commands import (
    Cancel,
    Command,
    Deploy,
    Diff,
    Drift,
    Form,
    Freeze,
    Help,
    History,
    Hold,
    Link,
    Lock,
    Misread,
    Promote,
    Release,
    Resume,
    Rollback,
    Rollout,
    Status,
    Unfreeze,
    Unlink,
    Unlock,
    WhoAmI,
    Why,
    parse,
)
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.operations import Kind, Operation, Request
from bot.domain.policy import refusal
from bot.domain.previews import Preview
from bot.domain.problems import Problem, Reason
from bot.domain.promoting import movable
from bot.domain.rights import Action
from bot.domain.rollback.insisting import Insistence, insisted
from bot.domain.rules.rulings import Ruling
from bot.domain.words import escaped
from bot.messages import deploy_form, misread, promoting, replies, why
from bot.messages.helping import help as helping
from bot.messages.rollback import insisting, ways_back
from bot.messages.status import status
from bot.operations.gathering.judging import Judging
from bot.operations.gathering.picking import Picking
from bot.operations.intake import Intake, Received
from bot.operations.looking.status import StatusReader
from bot.operations.standstill.quiet import QuietRefusals
from bot.operations.standstill.refusals import May
from bot.operations.store import CancelOutcome, Receipt, Store
from handlers.links import Selves
from handlers.looks import Looks
from handlers.standing_still import StandingStill, Stopping

log = structlog.get_logger(__name__)

Later = Callable[[], Message]
"""Slow work whose message is sent when it is done."""


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, where, and by which delivery. *user* and *channel* are Slack ids.

    *asked* identifies the delivery, so that its repeats find the first one's operation. *asked_at*
    is when it came, where it was left since; None: just now.
    """

    user: str
    channel: str
    asked: str
    thread: str | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person reads at once, what starts after that, and what is said later.

    With *form* the deploy form is to open; the message is for where none can. What is *lasting* is
    done later even if this process is not there any more: it is an errand.
    """

    message: Message
    then: Callable[[], None] = _nothing
    later: Later | None = None
    form: bool = False
    lasting: bool = False


class Desk:
    """Answers people. One for the process; every method is for any thread."""

    def __init__(
        self,
        catalog: Catalog,
        intake: Intake,
        store: Store,
        reader: StatusReader,
        judging: Judging,
        standing_still: StandingStill,
        selves: Selves,
        looks: Looks,
        picking: Picking,
        may: May,
        may_around: May,
        quiet: QuietRefusals,
        outsider: Callable[[str], Problem | None],
        clock: Clock,
    ) -> None:
        self._catalog, self._intake, self._store = catalog, intake, store
        self._reader, self._judging, self._clock = reader, judging, clock
        self._standing_still, self._selves, self._may = standing_still, selves, may
        self._looks, self._picking, self._may_around = looks, picking, may_around
        self._quiet, self._outsider = quiet, outsider

    def hear(self, name: str, text: str, asker: Asker) -> Answer:
        """Answer the words *text* of the command *name* (a slash command's, or ``mention``)."""
        command = parse(name, text, self._catalog)
        if isinstance(command, Misread):
            log.info("misread", by=asker.user, reason=command.reason)
            return Answer(misread.misread(command))
        try:
            return self._obey(command, asker)
        except Unavailable as away:
            log.warning("not written down", by=asker.user, error=str(away))
            return Answer(replies.try_again())

    def _obey(self, command: Command, asker: Asker) -> Answer:  # noqa: C901, PLR0911  # one a command
        match command:
            case Deploy():
                return self.deploy(command, asker)
            case Cancel():
                return self.cancel(command.operation, asker.user)
            case Status():
                return Answer(
                    replies.looking(command.service, command.environment),
                    later=self.for_members(asker.user, lambda: self._status(command)),
                )
            case Help():
                return Answer(self._help(command))
            case Why():
                return self._why(command.command, asker)
            case Form():
                return Answer(deploy_form.only_by_command(), form=True)
            case WhoAmI() | Link() | Unlink():
                first, later = self._selves.hear(command, asker.user)
                return Answer(first, later=later)
            case Lock() | Unlock() | Freeze() | Unfreeze() | Hold() | Release() | Resume():
                return Answer(
                    replies.checking_rights(),
                    later=lambda: self._stand_still(command, asker),
                    lasting=True,
                )
            case Promote() | Rollback():
                return self._change(command, asker)
            case Rollout() | History() | Diff() | Drift():
                first, later = self._looks.hear(command, asker.user)
                return Answer(first, later=self.for_members(asker.user, later))
            case _:
                assert_never(command)

    def for_members(self, user: str, later: Later) -> Later:
        """Return *later* for full members of the workspace, and a refusal for anybody else.

        What runs, what happened and what lies between is not for guests and other companies.
        """

        def shown() -> Message:
            why = self._outsider(user)
            return later() if why is None else replies.refused(why)

        return shown

    def _change(self, command: Promote | Rollback, asker: Asker) -> Answer:
        if isinstance(command, Rollback) and command.environment is None:
            first = ways_back.looking(command.services)
            shown = self.for_members(asker.user, lambda: self._ways_back(command, asker))
            return Answer(first, later=shown)
        if isinstance(command, Promote) and not command.services:
            first = promoting.looking(command.origin, command.environment)
            return Answer(first, later=lambda: self._moves(command, asker))
        return self.order(self._request(command, asker), asker.asked)

    def _ways_back(self, command: Rollback, asker: Asker) -> Message:
        """Show what *command* would come to in each environment, and a button for each."""
        homes = [set(self._catalog.environments_of(one)) for one in command.services]
        places = [one for one in self._catalog.environments if all(one in each for each in homes)]
        commands = [rollback_text(replace(command, environment=one)) for one in places]
        request = request_of(replace(command, environment=places[0]), asker)
        try:
            ways = self._picking.ways(request, places)
        except Unavailable as away:
            log.warning("no ways back", error=str(away))
            return replies.try_again()
        return ways_back.ways_back(command.services, ways, commands)

    def _moves(self, command: Promote, asker: Asker) -> Message:
        """Show which services *command* would move, and a button that orders exactly these."""
        try:
            previews = self._picking.moves(self._request(command, asker))
        except Unavailable as away:
            log.warning("no preview", error=str(away))
            return replies.try_again()
        return promoting.previewed(previews, [promote_text(command, one) for one in previews])

    def deploy(self, command: Deploy, asker: Asker) -> Answer:
        """Order what was typed, or sent by the form: both come this way.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        return self.order(request_of(command, asker), asker.asked)

    def again(self, operation_id: str, asker: Asker) -> Answer:
        """Order anew what the operation asked for, in the asker's name; nothing else is taken over.

        A broken glass is not asked for anew: who wants that says so again, with the reason.
        """
        try:
            operation = self._store.operation(operation_id)
            if operation is None:
                return Answer(replies.unknown_operation(operation_id))
            return self.order(in_the_name_of(asker, operation.request), asker.asked)
        except Unavailable as away:
            log.warning("not written down", by=asker.user, error=str(away))
            return Answer(replies.try_again())

    def insist(self, operation_id: str, how: Insistence, asker: Asker) -> Message:
        """Order in the asker's name what the operation offers to whoever insists on it.

        Their right is read first: whose right nobody can tell shall not stand in others' way.
        """
        try:
            operation = self._store.operation(operation_id)
        except Unavailable as away:
            log.warning("not written down", by=asker.user, error=str(away))
            return replies.try_again()
        if operation is None:
            return replies.unknown_operation(operation_id)
        request = insisted(operation, how)
        if request is None:
            return insisting.no_longer_offered(operation)
        return self._insist(in_the_name_of(asker, request), asker)

    def _insist(self, request: Request, asker: Asker) -> Message:
        ask = self._may_around if request.by_argocd else self._may
        may = ask(asker.user, Action.ROLLBACK, request.services, request.environment)
        if isinstance(may, Problem):
            log.info("refused", by=asker.user, reason=may.reason)
            self._quiet.order(request, asker.asked, may)
            return replies.refused(may)
        try:
            answer = self.order(request, asker.asked)
        except Unavailable as away:
            log.warning("not written down", by=asker.user, error=str(away))
            return replies.try_again()
        answer.then()
        return answer.message

    def order(self, request: Request, asked: str) -> Answer:
        """Write *request* down unless the configuration alone refuses it.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        if problem := refusal(request, self._catalog):
            log.info("refused", by=request.requester, reason=problem.reason)
            note = partial(self._quiet.order, request, asked, problem)
            return Answer(replies.refused(problem), then=note)
        received = self._intake.receive(request, asked)
        if received.receipt is Receipt.UNDER_WAY:
            return Answer(replies.under_way(received.operation))
        return Answer(replies.received(received.operation), then=self._begin(received))

    def _begin(self, received: Received) -> Callable[[], None]:
        return lambda: self._intake.advance(received.operation)

    def _request(self, command: Deploy | Promote | Rollback, asker: Asker) -> Request:
        """Return what *asker* asks for; a promote of all names each service that can move."""
        if isinstance(command, Promote) and not command.services:
            there = movable(command.origin, command.environment, self._catalog)
            command = replace(command, services=there)
        return request_of(command, asker)

    def _why(self, command: Deploy | Promote | Rollback, asker: Asker) -> Answer:
        """Answer what the rules say of *command*; anybody may ask, and nothing is written."""
        request = self._request(command, asker)
        first = why.looking(request.services, request.environment, request.version)
        return Answer(first, later=lambda: self._judged(request))

    def _judged(self, request: Request) -> Message:
        try:
            proposal, judgement = self._judging.why(request)
            outsider = next((one for one in judgement.rulings if is_outsiders(one)), None)
            if outsider is not None and outsider.problem is not None:
                return replies.refused(outsider.problem)  # the rest is not for guests to read
            return why.why(proposal, judgement)
        except Unavailable as away:
            log.warning("not judged", error=str(away))
            return replies.try_again()

    def cancel(self, operation_id: str, user: str) -> Answer:
        """Answer *user*'s wish to cancel the operation, typed or by button.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        operation = self._store.operation(operation_id)
        if operation is None:
            latest = [one.id for one in self._store.latest(limit=3)]
            return Answer(replies.unknown_operation(operation_id, latest))
        if user == operation.request.requester:
            return Answer(self._cancelled(operation, user))
        return Answer(
            replies.checking_rights(),
            later=lambda: self._cancelled_by_another(operation, user),
            lasting=True,
        )

    def _cancelled(self, operation: Operation, user: str) -> Message:
        after, outcome = self._intake.cancel(operation.id, user)
        return _cancel_words(after or operation, outcome)

    def _cancelled_by_another(self, operation: Operation, user: str) -> Message:
        """Cancel for whoever may do the same there themselves."""
        request = operation.request
        may = self._may(user, Action(request.kind.value), request.services, request.environment)
        if isinstance(may, Problem):
            self._quiet.cancel(operation, user, may)
            return replies.may_not_cancel(operation, user, may)
        try:
            return self._cancelled(operation, user)
        except Unavailable as away:
            log.warning("cancel not written down", error=str(away))
            return replies.try_again()

    def resume_after(self, operation_id: str, asker: Asker) -> Message:
        """Answer a click that wants auto-sync on again after the rollback *operation_id*."""
        try:
            return self._standing_still.resume_after(operation_id, asker.user, asker.asked)
        except Unavailable as away:
            log.warning("not resumed", error=str(away))
            return replies.try_again()

    def _stand_still(self, command: Stopping, asker: Asker) -> Message:
        try:
            return self._standing_still.obey(command, asker.user, asker.asked, asker.asked_at)
        except Unavailable as away:
            log.warning("not written down", by=asker.user, error=str(away))
            return replies.try_again()

    def _status(self, command: Status) -> Message:
        try:
            rows, left_off = self._reader.read(command.service, command.environment)
            still = self._standing_still.now(command.service, command.environment)
            off = self._standing_still.off(command.service, command.environment)
        except Unavailable as away:
            log.warning("no status", error=str(away))
            return replies.try_again()
        return status(rows, self._clock.now(), left_off, still, off)

    def _help(self, command: Help) -> Message:
        if command.topic:
            return helping.topic(command.topic, self._catalog)
        return helping.overview(self._catalog)


def in_the_name_of(asker: Asker, request: Request) -> Request:
    """Return what was asked for before as *asker*'s own wish, and nobody else's."""
    return replace(
        request,
        requester=asker.user,
        channel=asker.channel,
        thread=asker.thread,
        override=False,
        takes_back=None,
        login="",
    )


def request_of(command: Deploy | Promote | Rollback, asker: Asker) -> Request:
    """Return what *asker* asks for by *command*, typed or sent by the form.

    A promote names its services, and a rollback its environment.
    """
    assert command.environment is not None
    request = Request(
        kind=Kind.DEPLOY,
        services=command.services,
        environment=command.environment,
        version="",
        requester=asker.user,
        channel=asker.channel,
        thread=asker.thread,
        reason=command.reason,
        override=command.override,
    )
    match command:
        case Deploy():
            return replace(request, version=command.version)
        case Promote():
            return replace(request, kind=Kind.PROMOTE, origin=command.origin)
        case Rollback():
            return replace(
                request,
                kind=Kind.ROLLBACK,
                version=command.what,
                by_argocd=command.by_argocd,
                without_hooks=command.without_hooks,
            )
        case _:
            assert_never(command)


def is_outsiders(ruling: Ruling) -> bool:
    """Tell whether *ruling* refuses somebody who is none of us."""
    return ruling.reason is Reason.OUTSIDER


def rollback_text(command: Rollback) -> str:
    """Return *command* as it is typed behind ``/rollback``, escaped as Slack would send it."""
    assert command.environment is not None
    words = [",".join(command.services), command.environment, command.what]
    words += ["by argocd"] if command.by_argocd else []
    words += ["without hooks"] if command.without_hooks else []
    words += ["override"] if command.override else []
    words += [f"because {command.reason}"] if command.reason else []
    return escaped(" ".join(filter(None, words)))


def promote_text(command: Promote, preview: Preview | Problem) -> str:
    """Return *command* for what *preview* can move, as it is typed behind ``/promote``."""
    names = () if isinstance(preview, Problem) else (one.service for one in preview.moves)
    words = [",".join(names), command.origin or "", command.environment]
    words += ["override"] if command.override else []
    words += [f"because {command.reason}"] if command.reason else []
    return escaped(" ".join(filter(None, words)))


def _cancel_words(operation: Operation, outcome: CancelOutcome) -> Message:
    match outcome:
        case CancelOutcome.CANCELLED:
            return replies.cancelled(operation)
        case CancelOutcome.ASKED:
            return replies.cancelling(operation)
        case CancelOutcome.TOO_LATE | CancelOutcome.ENDED:
            return replies.too_late(operation)
        case CancelOutcome.UNKNOWN:
            return replies.unknown_operation(operation.id)
        case _:
            assert_never(outcome)
