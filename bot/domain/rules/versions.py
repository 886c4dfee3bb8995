"""The rules about what would run: its tag, its commit, its checks, its image."""

from dataclasses import replace
from typing import assert_never

from bot.domain.checks import (
    ChecksVerdict,
    Green,
    Missing,
    NotAsked,
    NothingReported,
    Pending,
    Red,
)
from bot.domain.facts import (
    Facts,
    ImageAbsent,
    ImageFound,
    Proposal,
    RanBefore,
    Resolved,
    TargetFacts,
)
from bot.domain.moving_tags import denied_by, fits, moves
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action
from bot.domain.rules.rulings import Finding, RuleName, Ruling, joined, ruling
from bot.domain.unknown import Unknown

NO_PLACE = Unknown("there is no such environment")
UNREAD = Unknown("GitHub was not asked for its checks")


def judge_places(proposal: Proposal, facts: Facts) -> tuple[Ruling, ...]:
    """Judge each target's place. A service that nothing was read about is not allowed either."""
    read = {target.service for target in facts.targets}
    unread = Unknown("nothing was read about it")
    return (
        *(
            ruling(RuleName.PLACE, lives_there(proposal, facts, target), target)
            for target in facts.targets
        ),
        *(
            replace(ruling(RuleName.PLACE, unread), target=f"{service}/{proposal.environment}")
            for service in proposal.services
            if service not in read
        ),
    )


def lives_there(proposal: Proposal, facts: Facts, target: TargetFacts) -> Finding:
    """Refuse an environment that is not configured, and a service that does not live in it."""
    if facts.policy is None:
        known = {"environment": target.environment, "environments": ", ".join(facts.environments)}
        return Problem(Reason.UNKNOWN_ENVIRONMENT, known)
    asked = target.service in proposal.services and target.environment == proposal.environment
    if not asked or facts.policy.name != proposal.environment:
        return Unknown("the facts are those of another target")
    named = {"service": target.service, "environment": target.environment}
    if target.environment not in target.homes:
        homes = ", ".join(target.homes)
        return Problem(Reason.NOT_IN_ENVIRONMENT, {**named, "environments": homes})
    return named


def tag_allowed(_: Proposal, facts: Facts, target: TargetFacts) -> Finding:
    """Refuse tags that the environment denies, does not list, or that are pushed again."""
    if isinstance(target.tag, Problem | Unknown):
        return target.tag
    if facts.policy is None:
        return NO_PLACE
    tags = facts.policy.tags
    named = {"tag": target.tag, "service": target.service, "environment": target.environment}
    if pattern := denied_by(target.tag, tags.deny):
        return Problem(Reason.TAG_DENIED, {**named, "pattern": pattern})
    if not fits(target.tag, tags.require):
        return Problem(Reason.TAG_NOT_REQUIRED, {**named, "patterns": ", ".join(tags.require)})
    if moves(target.tag) and not tags.moving_ok:
        return Problem(Reason.TAG_MOVES, named)
    return {"tag": target.tag}


def version_resolves(proposal: Proposal, _: Facts, target: TargetFacts) -> Finding:
    """Refuse a version that does not name exactly one commit."""
    if isinstance(target.commit, Resolved):
        version = proposal.version or target.commit.sha
        return {"version": version, "sha": target.commit.sha, "repo": target.source}
    if proposal.action is Action.ROLLBACK and isinstance(target.tag, str):
        return {"exempt": proposal.action.value}  # what was here goes back by its tag
    return target.commit


def checks_are_green(proposal: Proposal, facts: Facts, target: TargetFacts) -> Finding:
    """Refuse a commit whose checks are not all green; none at all are not green.

    Where the configuration asks for no checks, what was reported decides nothing; nor does it for
    a way back to what was live here.
    """
    if facts.policy is not None and target.service in facts.policy.unchecked:
        return {"service": target.service, "unchecked": target.environment}
    if proposal.action is Action.ROLLBACK and target.ran_here is True:
        return {"exempt": proposal.action.value}
    if not isinstance(target.commit, Resolved):
        return Unknown("it is not known which commit the version names")
    return _judged(target.checks, {"sha": target.commit.sha, "repo": target.source})


def _judged(checks: ChecksVerdict, named: dict[str, str]) -> Finding:  # one each
    match checks:
        case Green(count):
            return {**named, "count": str(count)}
        case Red(names):
            return Problem(Reason.CHECKS_RED, {**named, "checks": joined(names)})
        case Pending(names):
            return Problem(Reason.CHECKS_PENDING, {**named, "checks": joined(names)})
        case Missing(names):
            return Problem(Reason.CHECKS_MISSING, {**named, "checks": joined(names)})
        case NothingReported():
            return Problem(Reason.NO_CHECKS, named)
        case NotAsked() | Unknown():  # The policy asks for them, or we would not be here.
            return checks if isinstance(checks, Unknown) else UNREAD
        case _:
            assert_never(checks)


def _built_for(target: TargetFacts) -> dict[str, str]:
    """Return which environment the same version was built for, where that has a tag of its own."""
    if target.origin is not None:
        return {} if target.tag == target.origin.tag else {"before": target.origin.environment}
    before = target.before
    if not isinstance(before, RanBefore) or not before.same or target.tag in before.tags:
        return {}
    return {"before": before.environment}


def image_exists(_: Proposal, __: Facts, target: TargetFacts) -> Finding:
    """Refuse a tag that the registry does not have."""
    if not isinstance(target.tag, str):
        return Unknown("it is not known which image tag the version has")
    named = {"image": target.image_repository, "tag": target.tag, "service": target.service}
    match target.image:
        case ImageFound(digest):
            if digest:
                return {**named, "digest": digest}
            return Unknown("the registry did not tell the image's digest")
        case ImageAbsent():
            return Problem(Reason.IMAGE_MISSING, {**named, **_built_for(target)})
        case Unknown():
            return target.image
        case _:
            assert_never(target.image)
