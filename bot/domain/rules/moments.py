"""The rules about now: what ran before, for how long, and who has stopped the line."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.facts import (
    Ancestry,
    Facts,
    Hold,
    Incomparable,
    NoEarlierHome,
    NothingRuns,
    Proposal,
    RanBefore,
    Relation,
    Resolved,
    TargetFacts,
)
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, GitHubUser, Identified
from bot.domain.rollback.going_back import names
from bot.domain.rules.rulings import Finding, joined
from bot.domain.rules.versions import NO_PLACE
from bot.domain.stops.freezes import AdHocFreeze, CalendarFreeze, Frozen, frozen
from bot.domain.stops.holds import WHOLE
from bot.domain.stops.locks import Lock, concerns, holds_against
from bot.domain.unknown import Unknown

_HEALTHY = "Healthy"


def ran_before(proposal: Proposal, facts: Facts, target: TargetFacts) -> Finding:
    """Refuse a version that does not run, healthy, in the environment before.

    A rollback is asked instead whether the version was live right here.
    """
    if proposal.action is Action.ROLLBACK:
        return _ran_here(target)
    if facts.policy is None:
        return NO_PLACE
    return _ran_before(target.before, target) if facts.policy.after else {}


def soaked(proposal: Proposal, facts: Facts, target: TargetFacts) -> Finding:
    """Refuse a version that has not been healthy in the environment before for long enough."""
    if facts.policy is None:
        return NO_PLACE
    wanted = facts.policy.soak
    if proposal.action is Action.ROLLBACK or facts.policy.after is None or wanted <= timedelta():
        return {}
    before = target.before
    if isinstance(before, Unknown):
        return before
    if isinstance(before, NoEarlierHome):
        return {"service": target.service}
    return _soaked(facts.at, wanted, before, target)


def not_frozen(proposal: Proposal, facts: Facts) -> Finding:
    """Refuse while the environment stands still; a rollback goes on unless that is configured."""
    if facts.policy is None:
        return NO_PLACE
    people = facts.freezes
    known = () if isinstance(people, Unknown) else people
    found = frozen(facts.policy.name, [*facts.policy.freezes, *known], facts.at)
    if proposal.action is Action.ROLLBACK and not facts.policy.freeze_stops_rollback:
        # Whether there is a freeze decides nothing here, so nobody needs to know.
        return {"environment": facts.policy.name, "exempt": "rollback"} if found else {}
    if found is not None:
        return Problem(Reason.FROZEN, _freeze_facts(facts.policy.name, found))
    return people if isinstance(people, Unknown) else {}


def not_locked(_: Proposal, facts: Facts, target: TargetFacts) -> Finding:
    """Refuse a target on which another person holds a lock."""
    if isinstance(target.locks, Unknown):
        return target.locks
    who = facts.who.user if isinstance(facts.who, Identified) else None
    for lock in target.locks:
        if holds_against(lock, target.name, who, facts.at):
            return Problem(Reason.LOCKED, _lock_facts(lock, target))
    return _warned(target, target.locks, who, facts.at)


def not_held(proposal: Proposal, _: Facts, target: TargetFacts) -> Finding:
    """Refuse a version that is held here, and everything where the whole target is.

    A rollback goes past a hold of the whole target, and says so.
    """
    if isinstance(target.holds, Unknown):
        return target.holds
    whole = next((one for one in target.holds if one.tag == WHOLE), None)
    if whole is not None and proposal.action is not Action.ROLLBACK:
        return Problem(Reason.HELD, _hold_facts(whole, target))
    if not isinstance(target.tag, str):
        return Unknown("it is not known which image tag the version has")
    commit = target.commit.sha if isinstance(target.commit, Resolved) else ""
    tag = target.tag
    held = next((one for one in target.holds if names(one.tag, tag, commit)), None)
    if held is not None:
        return Problem(Reason.HELD, {"tag": held.tag, **_hold_facts(held, target)})
    return {} if whole is None else {**_hold_facts(whole, target), "exempt": "rollback"}


def something_changes(_: Proposal, facts: Facts) -> Finding:
    """Refuse when every target has the new tag in Git already, and runs it."""
    found = [_change(target) for target in facts.targets]
    for one in found:
        if isinstance(one, Unknown):
            return one
    for one in found:
        if one is not None:
            return one
    tags = {target.tag for target in facts.targets if isinstance(target.tag, str)}
    return Problem(Reason.ALREADY_THERE, {"tag": joined(tags)})


def _change(target: TargetFacts) -> Finding | None:
    """Return what changes, None where nothing does, or that it is unknown."""
    if not isinstance(target.tag, str):
        return Unknown("it is not known which image tag the version has")
    if isinstance(target.in_git, Unknown):
        return target.in_git
    if isinstance(target.runs, Unknown):
        return target.runs
    if target.in_git == target.tag and target.runs.tags == (target.tag,):
        return None
    return {"service": target.service, "tag": target.tag, "runs": joined(target.runs.tags)}


def not_older(  # noqa: PLR0911  # one for each relation
    proposal: Proposal, facts: Facts, target: TargetFacts
) -> Finding:
    """Refuse a version that lacks commits of what runs, unless that is what a rollback is for.

    Where branches take turns (``diverged_ok``) only a version that is wholly older is refused.
    """
    ancestry = target.ancestry
    if isinstance(ancestry, NothingRuns):
        return {}
    if isinstance(ancestry, Incomparable):  # it says so, and who approves decides with that
        return {"incomparable": ancestry.why}
    if proposal.action is Action.ROLLBACK:  # how far it goes back is said, and decides nothing
        behind = 0 if isinstance(ancestry, Unknown) else ancestry.behind
        return {"exempt": "rollback", **({"behind": str(behind)} if behind else {})}
    if isinstance(ancestry, Unknown):
        return ancestry
    named = {
        "service": target.service,
        "environment": target.environment,
        "runs": "" if isinstance(target.runs, Unknown) else joined(target.runs.tags),
    }
    if facts.policy is None:
        return NO_PLACE
    if facts.policy.diverged_ok and ancestry.relation is Relation.DIVERGED:
        return {"lacks": str(ancestry.behind), "ahead": str(ancestry.ahead)}
    return _age(ancestry, named)


def _age(ancestry: Ancestry, named: dict[str, str]) -> Finding:
    behind, ahead = str(ancestry.behind), str(ancestry.ahead)
    match ancestry.relation:
        case Relation.BEHIND:
            return Problem(Reason.OLDER, {**named, "behind": behind})
        case Relation.DIVERGED:
            return Problem(Reason.DIVERGED, {**named, "behind": behind, "ahead": ahead})
        case Relation.IDENTICAL:
            return {}
        case Relation.AHEAD:
            return {"ahead": ahead}


def _ran_before(before: RanBefore | NoEarlierHome | Unknown, target: TargetFacts) -> Finding:
    if isinstance(before, Unknown):
        return before
    if isinstance(before, NoEarlierHome):
        return {"service": target.service}
    named = {"service": target.service, "tag": _tag(target), "before": before.environment}
    if not before.same:
        return Problem(Reason.NOT_BEFORE, {**named, "runs": joined(before.tags)})
    if before.health != _HEALTHY:
        return Problem(Reason.UNHEALTHY_BEFORE, {**named, "state": before.health})
    return named


def _ran_here(target: TargetFacts) -> Finding:
    if isinstance(target.ran_here, Unknown):
        return target.ran_here
    named = {
        "service": target.service,
        "tag": _tag(target),
        "environment": target.environment,
    }
    return {**named, "here": "yes"} if target.ran_here else Problem(Reason.NEVER_HERE, named)


def _soaked(at: datetime, wanted: timedelta, before: RanBefore, target: TargetFacts) -> Finding:
    if not before.same or before.health != _HEALTHY:
        return Unknown(f"it does not run healthy in {before.environment}")
    since = before.healthy_since
    if since is None:
        return Unknown(f"nobody knows since when it is healthy in {before.environment}")
    named = {
        "service": target.service,
        "tag": _tag(target),
        "before": before.environment,
        "since": since.isoformat(timespec="seconds"),
    }
    if at - since >= wanted:
        return named
    ready = (since + wanted).isoformat(timespec="seconds")
    return Problem(Reason.SOAKING, {**named, "ready": ready})


def _freeze_facts(environment: str, found: Frozen) -> dict[str, str]:
    """Return what freezes: a person's word before the calendar's, as somebody can lift it."""
    people = [one for one in found.by if isinstance(one, AdHocFreeze)]
    rules = [one for one in found.by if isinstance(one, CalendarFreeze)]
    facts = {"environment": environment}
    if found.until is not None:
        until = found.until.astimezone(ZoneInfo(rules[0].zone)) if rules else found.until
        facts["until"] = until.isoformat(timespec="seconds")
    if people:
        return {**facts, "by": people[0].by.slack, "detail": people[0].reason}
    return {**facts, "rule": rules[0].text}


def _lock_facts(lock: Lock, target: TargetFacts) -> dict[str, str]:
    facts = {
        "service": target.service,
        "environment": target.environment,
        "by": lock.owner.slack,
        "detail": lock.reason,
    }
    if lock.until is not None:
        facts["until"] = lock.until.isoformat(timespec="seconds")
    return facts


def _hold_facts(hold: Hold, target: TargetFacts) -> dict[str, str]:
    facts = {"service": target.service, "environment": target.environment}
    if hold.operation is not None:
        facts["operation"] = hold.operation
    return {**facts, "by": hold.by.slack, "detail": hold.reason}


def _warned(
    target: TargetFacts, locks: tuple[Lock, ...], who: GitHubUser | None, at: datetime
) -> Finding:
    """Pass, and say whose lock only warns."""
    for lock in locks:
        if concerns(lock, target.name, who, at):
            return _lock_facts(lock, target)
    return {}


def _tag(target: TargetFacts) -> str:
    return target.tag if isinstance(target.tag, str) else ""
