"""What approvers are shown of a plan, from the facts it was made of."""

from collections.abc import Iterable

from bot.adapters.github.comparison import Comparison
from bot.domain.approving.approval_case import Commits, Evidence, InBetween, ServiceCase, unified
from bot.domain.facts import ImageAbsent, ImageFound, NothingRuns, RunsNow, TargetFacts
from bot.domain.operations import Change, Plan
from bot.domain.planning import Edits
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor
from bot.domain.stops.locks import Lock, covers
from bot.domain.unknown import Unknown
from bot.operations.gathering.gathered import Gathered

MOST_KEPT = 50
"""Commits of one repository that are kept with the evidence; all of them are counted."""

MOST_LINES = 400
"""Lines of the diff that are kept."""


def evidence_of(
    requester: Actor, plan: Plan, edits: Edits, gathered: Gathered, whom: tuple[str, ...]
) -> Evidence:
    """Return what is known of *plan* now; *whom* are the Slack ids of those who can decide."""
    facts = {one.service: one for one in gathered.facts.targets}
    return Evidence(
        requester,
        tuple(_case(change, facts[change.service], gathered) for change in plan.changes),
        tuple(_diff(edits, gathered))[:MOST_LINES],
        whom,
    )


def authors_of(gathered: Gathered) -> frozenset[int]:
    """Return the GitHub ids of those who wrote what would be deployed and does not run yet.

    Where nothing runs, that is at least who wrote the commit itself.
    """
    compared = (one for one in gathered.between.values() if isinstance(one, Comparison))
    commits = (aim.commit for aim in gathered.aims.values() if aim.commit is not None)
    heads = (one.author_id for one in commits if one.author_id is not None)
    return frozenset([*(number for one in compared for number in one.author_ids), *heads])


def authors_known(gathered: Gathered) -> Problem | None:
    """Refuse where nobody can tell who wrote the commits, and authors may not approve them."""
    for target in gathered.facts.targets:
        between = gathered.between.get(target.source)
        if isinstance(target.ancestry, NothingRuns):
            continue  # there is nothing in between
        if isinstance(between, Comparison) and not between.truncated:
            continue
        why = between.why if isinstance(between, Unknown) else "there are too many commits to list"
        facts = {"question": "authors", "detail": why, "service": target.service}
        return Problem(Reason.NOT_ANSWERED, facts)
    return None


def _case(change: Change, facts: TargetFacts, gathered: Gathered) -> ServiceCase:
    return ServiceCase(
        change=change,
        source=facts.source,
        commits=commits_of(gathered.between.get(facts.source)),
        checks=facts.checks,
        digest=_digest(facts.image),
        runs=facts.runs,
        before=facts.before,
        locks=_locks(facts),
        drift=_drift(facts),
        holds=facts.holds,
    )


def commits_of(between: Comparison | Unknown | None) -> Commits | Unknown:
    """Return what lies *between*, the newest first, as people are shown it."""
    if between is None:
        return Unknown("what runs could not be compared")
    if isinstance(between, Unknown):
        return between
    newest = [
        InBetween(one.sha, one.title, one.authors[0].name if one.authors else "", one.pull)
        for one in reversed(between.commits)
    ]
    return Commits(tuple(newest[:MOST_KEPT]), between.ahead_by, between.behind_by)


def _digest(image: ImageFound | ImageAbsent | Unknown) -> str | Unknown:
    match image:
        case ImageFound(digest):
            return digest
        case Unknown():
            return image
        case _:
            return Unknown("the registry has no such image")


def _locks(facts: TargetFacts) -> tuple[Lock, ...] | Unknown:
    """Return the locks on the target itself, of those that stand around it."""
    if isinstance(facts.locks, Unknown):
        return facts.locks
    return tuple(lock for lock in facts.locks if covers(lock, facts.name))


def _drift(facts: TargetFacts) -> str:
    """Return how what runs and what Git says disagree, or nothing."""
    runs, said = facts.runs, facts.in_git
    if not isinstance(runs, RunsNow) or isinstance(said, Unknown) or runs.tags == (said,):
        return ""
    return f"Git says {said or 'no tag'}, and {' and '.join(runs.tags) or 'nothing'} runs"


def _diff(edits: Edits, gathered: Gathered) -> Iterable[str]:
    if gathered.snapshot is None:  # by Argo CD no file changes
        return
    for path, after in sorted(edits.files.items()):
        file = gathered.snapshot.files[path]
        before = file.text if file else b""
        yield from unified(path, _text(before), _text(after))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
