"""What goes back by itself goes the way that its environment prescribes: approved, or merged."""

import pytest

from bot.domain.operations import Kind, Phase
from bot.domain.rollback.auto_rollback import Requested
from bot.messages.approval_card import APPROVE
from sandbox.world import unguarded
from tests.scenarios.story import told_in
from tests.scenarios.test_auto_rollback import Backing, by_itself

ASKS = "    approvals: {count: 1, from: [sre]}\n"
DEV = "channel: C0DEV, "


def as_prescribed(text):
    """Return Pingvas's ``shipmate.yaml``: people approve in production, and merge in dev."""
    text = by_itself(unguarded(text))
    prod, dev = "    deadline: 20m\n", "after: 1s, grace: 5h}"
    assert prod in text
    assert dev in text
    text = text.replace(prod, prod + ASKS).replace(dev, "after: 1s, grace: 5s}")
    return text.replace(DEV, f"{DEV}change: pull_request, ")


@pytest.fixture(scope="module")
def they(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    with told_in(folder, "pingvas", speed=60.0, config=as_prescribed) as told:
        told.argocd.tempo.progress_deadline /= 4
        yield Asked(told)


class Asked(Backing):
    """Deploys and rollbacks for which somebody else has to do something."""

    def approved(self, number):
        """Approve what waits for it, and return what it ended with."""
        self.waits_for_approval(number)
        self.approves(number)
        return self.told.ends_with_id(number)

    def waits_for_approval(self, number):
        assert self.world.until(lambda: self.told.waits(number), 30), self.told.timeline(number)
        assert APPROVE in self.told.buttons(number)

    def merged(self, number):
        """Merge its pull request, and return what it ended with."""
        self.waits_for_a_merge(number)
        pull = self.store.operation(number).pull.number
        self.github.merge_pull(self.told.system.gitops, pull, by="bob-lee")
        return self.told.ends_with_id(number)

    def waits_for_a_merge(self, number):
        def open_():
            assert not self.store.operation(number).phase.ended, self.told.timeline(number)
            return self.phase(number) is Phase.MERGING and self.told.card_is_up_to_date(number)

        assert self.world.until(open_, 30), self.told.timeline(number)

    def asks_for(self, service, sha, environment):
        return self.told.operation(self.told.types(f"/deploy {service} {sha} {environment}")).id

    def goes_back(self, failed):
        """Return the rollback that Shipmate asked for, of what *failed*."""
        assert Phase.FAILED is failed.phase, failed.problem
        number = self.comes_to(failed, Requested).operation
        back = self.store.operation(number)
        assert (Kind.ROLLBACK, "shipmate") == (back.request.kind, back.request.requester)
        return number


def test_where_people_approve_it_waits_for_one_of_them(they):
    good, bad = they.version(), they.version()
    assert Phase.LIVE is they.approved(they.asks_for("user-service", good, "prod")).phase
    they.breaks("user-service", bad)

    failed = they.approved(they.asks_for("user-service", bad, "prod"))
    number = they.goes_back(failed)

    before = they.told.commits()
    they.waits_for_approval(number)
    assert before == they.told.commits()
    assert bad == they.tag("user-service")
    they.shows(number, "Waits for approval", "Shipmate asks by itself to roll back", good)
    they.shows(number, f"Because: {failed.id} failed", "CrashLoopBackOff")
    assert "may not" in they.approves(number, by="U0MALLORY")
    assert Phase.AWAITING is they.phase(number)

    ended = they.approved(number)

    assert Phase.LIVE is ended.phase, they.told.timeline(number)
    assert good == they.tag("user-service")
    assert [bad] == they.told.held("user-service/prod")
    message = they.told.commits()[0][1]
    assert "Approved-by: bob-lee" in message


def test_what_people_reject_stays_as_it_is_and_is_not_asked_for_again(they):
    good, bad = they.version(), they.version()
    assert Phase.LIVE is they.approved(they.asks_for("gallery-service", good, "prod")).phase
    they.breaks("gallery-service", bad)
    number = they.goes_back(they.approved(they.asks_for("gallery-service", bad, "prod")))
    they.waits_for_approval(number)

    they.rejects(number, "we mend it forward")

    ended = they.told.ends_with_id(number)
    assert Phase.REFUSED is ended.phase
    assert bad == they.tag("gallery-service")
    assert [] == they.told.held("gallery-service/prod")
    newest, *_ = they.store.latest(["gallery-service"], "prod")
    assert number == newest.id


def test_where_changes_are_pull_requests_it_is_one(they):
    good, bad = they.version("develop"), they.version("develop")
    assert Phase.LIVE is they.merged(they.asks_for("user-service", good, "dev")).phase
    they.breaks("user-service", f"develop-{bad[:7]}")

    number = they.goes_back(they.merged(they.asks_for("user-service", bad, "dev")))

    before = they.told.commits()
    they.waits_for_a_merge(number)
    assert before == they.told.commits(), "nothing is on the branch before people merge"
    pull = they.github.pull(they.told.system.gitops, they.store.operation(number).pull.number)
    assert f"develop-{good[:7]}" in pull.body
    assert Phase.LIVE is they.merged(number).phase, they.told.timeline(number)
    assert [f"develop-{bad[:7]}"] == they.told.held("user-service/dev")
