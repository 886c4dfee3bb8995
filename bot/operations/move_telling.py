"""Tells what was done to Rollouts, once each, also where whoever did it died before telling.

Before a move it is claimed, and the claim knows all that is to be told. What was claimed and never
told is looked at a little later: the Rollout itself says whether Argo CD took it.
"""

from collections.abc import Mapping

import structlog

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_rollouts import Rollouts
from bot.clock import Clock
from bot.domain.catalog import Catalog, Target
from bot.domain.errors import BotError
from bot.domain.operations import Phase
from bot.domain.rollout import Rollout
from bot.messages.rollout import announced
from bot.operations.books.move_book import EFFECT, Claim, MoveBook
from bot.operations.saying.outbox import NEWS, Letter, ToChannel
from bot.operations.store import Store
from bot.operations.waking.changes import Changes, operation_change

log = structlog.get_logger(__name__)

LATE = 2 * EFFECT
"""After so long whoever claimed it is not about to tell it any more."""

GONE = "it is not in Argo CD any more"
OTHER = "another version came before anybody could see what became of it"
NOT_ASKED = "Shipmate stopped before it had asked Argo CD"


class MoveTelling:
    """Tells of moves. One for the process; ``look`` is for its tick."""

    def __init__(
        self,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        store: Store,
        moves: MoveBook,
        changes: Changes,
        clock: Clock,
    ) -> None:
        self._catalog, self._argocd, self._store, self._moves = catalog, argocd, store, moves
        self._changes, self._clock = changes, clock

    def tell(self, claim: Claim) -> None:
        """Write it into the operation's timeline; where none followed, tell the channel. Once.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        if not claim.operation:
            channel = self._catalog.environments[claim.environment].channel
            service, place = claim.service, claim.environment
            words = announced(claim.move, claim.versions, service, place, claim.by)
            self._moves.told(Letter(claim.mark, ToChannel(channel), words), now)
            return
        detail = {
            "service": claim.service,
            "rollout": claim.rollout,
            "move": claim.move.value,
            "step": claim.step,
        }
        following, mark = Phase.FOLLOWING, claim.mark
        if not self._store.move(
            claim.operation, following, now, mark, by=claim.by, detail=detail, out_of=following
        ):  # it has ended meanwhile
            self._store.note(claim.operation, mark, following.value, now, detail, by=claim.by)
        self._changes.notify(operation_change(claim.operation))

    def look(self) -> None:
        """Tell what was done and never told; what was never asked for is nobody's move.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        for claim in self._moves.untold(now - NEWS, now - LATE):
            target = self._catalog.target(claim.service, claim.environment)
            if target is None:
                continue
            try:
                rollout = self._now(target, claim.rollout)
            except BotError as error:
                log.warning("a move waits to be told", claim=claim.mark, error=str(error))
                continue
            if why := _not_done(claim, rollout):
                self._moves.release(claim, now, why)
            else:
                self.tell(claim)
            log.info("a lost move", claim=claim.mark, move=claim.move, not_done=why or "")

    def _now(self, target: Target, name: str) -> Rollout | None:
        client, application = self._argocd[target.application.instance], target.application
        every = Rollouts(client).read(application, client.look(application))
        return next((one for one in every if one.name == name), None)


def _not_done(claim: Claim, now: Rollout | None) -> str | None:
    """Return why the move did not happen as far as the Rollout shows, or None: it did.

    What went on by itself meanwhile counts as done: somebody asked for it, and it is so.
    """
    if now is None:
        return GONE
    if now.new.hash != claim.revision:
        return OTHER
    return None if claim.shows_in(now) else NOT_ASKED
