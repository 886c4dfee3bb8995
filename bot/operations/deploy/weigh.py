"""What the policy's judgement and the state of the outside come to for one operation."""

from bot.domain.errors import BotError
from bot.domain.problems import Problem, Reason
from bot.domain.rules import Allowed, Judgement, NeedsApproval, Refused
from bot.domain.rules.rulings import Verdict
from bot.operations.gathering.gathered import Gathered

Weighed = Allowed | NeedsApproval | Problem | BotError
"""It may go on, it may not, or a system has to be asked again before anybody knows."""


def weigh(judgement: Judgement, gathered: Gathered) -> Weighed:
    """Return what to do: a definite no goes first, then what could not be had.

    What a system could not tell just now is asked again; what it will not tell refuses.
    """
    stopping = [one for one in judgement.rulings if one.stops]
    for one in stopping:
        if one.verdict is Verdict.REFUSE:
            return one.problem or Problem(Reason.INTERNAL)
    if gathered.trouble is not None:
        return gathered.trouble
    decision = judgement.decision
    if isinstance(decision, Allowed) and decision.skipped:
        return decision  # whoever is silent may have been asked for what the override goes past
    if gathered.away is not None:
        return gathered.away
    silent = next((one.silence for one in stopping if one.silence is not None), None)
    if silent is not None:
        return silent.error
    return decision.problem if isinstance(decision, Refused) else decision
