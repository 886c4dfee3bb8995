"""What the policy would say of a request now: looked up and judged, and nothing else done."""

import asyncio
from dataclasses import replace
from typing import assert_never

from bot.domain.errors import BotError
from bot.domain.facts import Proposal
from bot.domain.operations import Request
from bot.domain.problems import Problem
from bot.domain.rules import Allowed, Decision, Judgement, NeedsApproval, Refused, judge
from bot.operations.deploy.evidence import authors_known
from bot.operations.deploy.weigh import weigh
from bot.operations.gathering.facts import Gatherer, problem_of, proposal_of
from bot.operations.gathering.gathered import Gathered


class Judging:
    """Judges requests that nobody has made yet. For any thread that no event loop runs in."""

    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer

    def why(self, request: Request) -> tuple[Proposal, Judgement]:
        """Return what would be judged and the whole judgement; takes as long as the outside does.

        It decides as the deploy itself would: what no rule words, such as a file that is not
        there, refuses here too.

        Raises:
            Unavailable: our own database is away.
        """
        proposal = proposal_of(request)
        gathered = asyncio.run(self._gatherer.gather(request))
        judgement = judge(proposal, gathered.facts)
        return proposal, replace(judgement, decision=decision_of(judgement, gathered))


def decision_of(judgement: Judgement, gathered: Gathered) -> Decision:
    """Return what it comes to; a system that is silent is not asked again, so it refuses."""
    weighed = weigh(judgement, gathered)
    match weighed:
        case Problem():
            return Refused(weighed)
        case BotError():
            unknown = isinstance(judgement.decision, Refused)
            return judgement.decision if unknown else Refused(problem_of(weighed))
        case NeedsApproval(rule):
            unread = None if rule.authors_ok else authors_known(gathered)
            return weighed if unread is None else Refused(unread)
        case Allowed():
            return weighed
        case _:
            assert_never(weighed)
