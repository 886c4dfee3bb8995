"""An override is written down together with its loud announcement."""

from dataclasses import replace

from bot.clock import Clock
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.approvals import Override
from bot.domain.catalog import Catalog
from bot.domain.facts import Facts
from bot.domain.operations import Operation
from bot.domain.rights import Action, Actor
from bot.domain.rules import Judgement, approvals_asked
from bot.messages.break_glass import override_announced
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.gathering.facts import proposal_of
from bot.operations.identity.roster import Roster
from bot.operations.saying.outbox import Letter, ToChannel


class BreakGlass:
    """Records overrides. For any thread."""

    def __init__(
        self, approvals: ApprovalBook, catalog: Catalog, roster: Roster, clock: Clock
    ) -> None:
        self._approvals, self._catalog = approvals, catalog
        self._roster, self._clock = roster, clock

    def record(self, operation: Operation, who: Actor, judgement: Judgement, facts: Facts) -> None:
        """Write down that *who* overrides, and that the environment's channel is told; once.

        Raises:
            Unavailable: the database is away; neither was written.
        """
        unasked = _unasked(operation, facts)
        whom = self._roster.of(self._approvers(operation, unasked), without={who.github.id})
        message = override_announced(operation, who, judgement, unasked, whom)
        channel = self._catalog.environments[operation.request.environment].channel
        letter = Letter(f"{operation.key}.override", ToChannel(channel), message)
        override = Override(who, self._clock.now(), operation.request.reason or "")
        self._approvals.record(operation.id, override, [letter])

    def _approvers(self, operation: Operation, unasked: ApprovalRule | None) -> frozenset[str]:
        """Return the teams that would have been asked, else those that may approve there."""
        if unasked is not None and unasked.teams:
            return unasked.teams
        wish = operation.request
        permissions = self._catalog.permissions
        asked = (permissions.teams(Action.APPROVE, one, wish.environment) for one in wish.services)
        return frozenset().union(*asked)


def _unasked(operation: Operation, facts: Facts) -> ApprovalRule | None:
    """Return the approval that *operation* would need without its override, or None."""
    plain = replace(proposal_of(operation.request), override=None)
    return approvals_asked(plain, facts.policy)
