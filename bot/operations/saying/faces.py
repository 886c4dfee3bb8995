"""How an operation looks: the approvers' card while people decide, else the card of its way."""

from datetime import datetime

from bot.domain.approving.approval_case import ApprovalCase, end_of
from bot.domain.approving.approvals import Approval
from bot.domain.message import Message
from bot.domain.operations import Operation, Phase
from bot.domain.rollback.undoing import undoing, within
from bot.messages.approval_card import approval_card
from bot.messages.cards import Links, card
from bot.operations.books.approval_book import ApprovalBook, Request
from bot.operations.books.back_book import BackBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.gathering.facts import proposal_of
from bot.operations.looking.behind import Behind


class Faces:
    """Renders operations, with what was said of them. For any thread."""

    def __init__(
        self,
        approvals: ApprovalBook,
        items: OpenItemBook,
        backs: BackBook,
        behind: Behind,
        links: Links,
    ) -> None:
        self._approvals, self._items, self._backs = approvals, items, backs
        self._behind, self._links = behind, links

    def show(self, operation: Operation, now: datetime) -> Message:
        """Return the message that *operation* is at *now*.

        Raises:
            Unavailable: the database is away.
        """
        request = self._approvals.asked(operation.id) if operation.plan is not None else None
        spoke = request is not None or operation.request.override
        decisions = self._approvals.decisions(operation.id) if spoke else ()
        if request is not None and Phase.QUEUED.value not in operation.entered:
            end = end_of(operation, decisions)
            if end is not None or operation.phase is Phase.AWAITING:
                yes = tuple(one.by for one in decisions if isinstance(one, Approval))
                case = self._case(operation, request)
                return approval_card(case.ended_as(end, yes), self._links)
        item = self._items.of(operation.id) if operation.request.by_argocd else None
        back = self._backs.standing(operation.id) if operation.phase is Phase.FAILED else None
        undo = undoing(operation)
        if undo is not None:
            undo = within(undo, self._behind.services(undo))
        return card(operation, self._links, now, decisions, item, back, undo)

    def _case(self, operation: Operation, request: Request) -> ApprovalCase:
        wish, evidence = operation.request, request.evidence
        return ApprovalCase(
            operation=operation.id,
            action=proposal_of(wish).action,
            environment=wish.environment,
            version=wish.version,
            requester=evidence.requester,
            reason=wish.reason,
            services=evidence.services,
            diff=evidence.diff,
            rule=request.rule,
            approved=(),
            asked_at=request.asked.at,
            until=request.asked.at + request.rule.expires,
            trouble=operation.problem if operation.phase is Phase.AWAITING else None,
            whom=evidence.whom,
            instead_of=evidence.instead_of,
            by_argocd=wish.by_argocd,
            without_hooks=wish.without_hooks,
            retreats=operation.plan.retreats if operation.plan is not None else (),
        )
