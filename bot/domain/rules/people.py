"""The rules about who asks."""

from typing import assert_never

from bot.domain.facts import Facts, Proposal, TargetFacts
from bot.domain.problems import Problem, Reason
from bot.domain.rights import (
    Action,
    Identified,
    Itself,
    Right,
    Standing,
    Unidentified,
    WhyNot,
    permitted,
)
from bot.domain.rules.rulings import Finding, joined
from bot.domain.unknown import Unknown

_UNIDENTIFIED = {
    WhyNot.NOT_LINKED: Reason.NOT_LINKED,
    WhyNot.NO_SUCH_ACCOUNT: Reason.NO_SUCH_ACCOUNT,
    WhyNot.ACCOUNT_CHANGED: Reason.ACCOUNT_CHANGED,
    WhyNot.GUEST: Reason.OUTSIDER,
    WhyNot.BOT: Reason.OUTSIDER,
    WhyNot.DEACTIVATED: Reason.OUTSIDER,
    WhyNot.STRANGER: Reason.OUTSIDER,
}


def identity_known(proposal: Proposal, facts: Facts) -> Finding:
    """Refuse a Slack user who stands for no GitHub account."""
    match facts.who:
        case Identified(user, source):
            return {"user": proposal.requester, "login": user.login, "source": source}
        case Unidentified():
            return unidentified(proposal.requester, facts.who)
        case Itself(operation):
            return by_itself(operation, proposal, facts)
        case Unknown():
            return facts.who
        case _:
            assert_never(facts.who)


def by_itself(operation: str, proposal: Proposal, facts: Facts) -> Finding:
    """Pass what the bot itself wants: to take *operation* back, where the configuration says so.

    That stands in place of a person and of a right; it is never more than a plain rollback.
    """
    configured = facts.policy is not None and facts.policy.auto_rollback is not None
    if configured and proposal.action is Action.ROLLBACK and proposal.override is None:
        return {"itself": operation}
    named = {"environment": proposal.environment, "action": proposal.action.value}
    return Problem(Reason.NOT_BY_ITSELF, {**named, "operation": operation})


def unidentified(user: str, who: Unidentified) -> Problem:
    """Return why the Slack *user* stands for no GitHub account."""
    reason = _UNIDENTIFIED[who.why]
    if reason is Reason.OUTSIDER:
        return Problem(reason, {"user": user, "outsider": who.why.value})
    named = {"login": who.login} if who.login else {}
    return Problem(reason, {"user": user, **named})


def right_held(proposal: Proposal, facts: Facts, target: TargetFacts) -> Finding:
    """Refuse a person none of whose teams may do this there."""
    if isinstance(facts.who, Itself):
        return by_itself(facts.who.operation, proposal, facts)
    right = _right(proposal.action, facts, target)
    where = (target.service, target.environment)
    return right_found(proposal.requester, proposal.action, *where, right)


def right_found(user: str, action: Action, service: str, environment: str, right: Right) -> Finding:
    """Return what *right* of the Slack *user* comes to; no *service* is the whole environment."""
    named = {"user": user, "action": action.value, "environment": environment}
    if service:
        named["service"] = service
    return _found(right, Problem(Reason.NOT_PERMITTED, {**named, "teams": joined(right.teams)}))


def override_held(proposal: Proposal, facts: Facts, target: TargetFacts) -> Finding:
    """Refuse a break-glass by somebody without that right, or without a reason."""
    if proposal.override is None:
        return {}
    if not proposal.override.strip():
        return Problem(Reason.OVERRIDE_UNEXPLAINED)
    right = _right(Action.OVERRIDE, facts, target)
    named = {
        "user": proposal.requester,
        "service": target.service,
        "environment": target.environment,
        "teams": joined(right.teams),
    }
    return _found(right, Problem(Reason.NO_OVERRIDE, named))


def _right(action: Action, facts: Facts, target: TargetFacts) -> Right:
    """Return whether the requester may; without an account nobody can tell."""
    teams = facts.permissions.teams(action, target.service, target.environment)
    if teams and not isinstance(facts.who, Identified):
        return Right(Standing.UNKNOWN, teams, why="it is not known who this is on GitHub")
    return permitted(teams, facts.memberships)


def _found(right: Right, refusal: Problem) -> Finding:
    match right.standing:
        case Standing.YES:
            return {"team": right.team, "action": refusal.facts.get("action", "")}
        case Standing.UNKNOWN:
            return Unknown(right.why, right.silence)
        case Standing.PENDING:
            facts = {"user": refusal.facts["user"], "team": right.team}
            return Problem(Reason.MEMBERSHIP_PENDING, facts)
        case Standing.NO:
            return refusal
