"""What approvers are shown of a plan: what is so of each of its targets, and of no other."""

from bot.adapters.gitops import Snapshot
from bot.domain.planning import Edits
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.operations.deploy.evidence import evidence_of
from bot.operations.gathering.gathered import Gathered
from tests.builders import plan
from tests.domain.policies import ALICE, BOB, NOON, facts, target_facts


def shown(locks):
    """Return the locks that the approvers of core are shown."""
    gathered = Gathered(
        facts=facts(target_facts(locks=locks)),
        aims={},
        snapshot=Snapshot("acme/gitops", "main", "a" * 40, "b" * 40, {}, ()),
        observations={},
        between={},
        trouble=None,
        away=None,
        read_at=NOON,
    )
    (core,) = evidence_of(ALICE, plan(), Edits((), {}), gathered, ()).services
    return core.locks


def lock(target):
    return Lock(BOB, frozenset({target}), "hooks move", NOON)


def test_a_lock_on_another_service_is_not_told_as_one_of_this():
    own, everybodys, others = lock("core/prod"), lock("*/prod"), lock("batch/prod")

    assert (own, everybodys) == shown((own, others, everybodys))


def test_locks_that_could_not_be_read_stay_unknown():
    assert Unknown("the database is away") == shown(Unknown("the database is away"))
