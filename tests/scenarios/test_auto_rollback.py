"""What fails because of its version goes back by itself, and all that keeps it from doing so.

One world for all: each story has a service of its own in production. In dev it takes so long that
people have all the time to stop it.
"""

import pytest

from bot.domain.operations import Kind, Phase
from bot.domain.problems import Reason
from bot.domain.rollback.auto_rollback import Announced, Leave, Requested, Stopped, WhyNot
from bot.messages.rollback.taking_back import STOP
from bot.operations.books.back_book import BackBook
from sandbox.world import unguarded
from tests.scenarios.approving import Approving, plain
from tests.scenarios.story import told_in

IMAGES = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
PROD, DEV = "{auto: true, after: 10s, grace: 30s}", "{auto: true, after: 1s, grace: 5h}"


def by_itself(text):
    """Return Pingvas's ``shipmate.yaml`` with environments in which bad versions go back."""
    text = unguarded(text)
    dev, prod = "{channel: C0DEV, deadline: 10m}", "    deadline: 20m\n"
    assert dev in text
    assert prod in text
    text = text.replace(dev, f"{{channel: C0DEV, deadline: 3m, rollback: {DEV}}}")
    return text.replace(prod, f"{prod}    rollback: {PROD}\n")


@pytest.fixture(scope="module")
def they(tmp_path_factory):
    folder = tmp_path_factory.mktemp("by-itself")
    with told_in(folder, "pingvas", speed=60.0, config=by_itself) as told:
        told.argocd.tempo.progress_deadline /= 4
        yield Backing(told)


class Backing(Approving):
    """What happens to bad versions in one world."""

    def good(self, service):
        """Bring a version live in production; return its SHA."""
        sha = self.version()
        self.told.goes_live(self.told.types(f"/deploy {service} {sha} prod"))
        return sha

    def breaks(self, service, tag):
        self.told.argocd.break_image(f"{IMAGES}/{service}", tag, "CrashLoopBackOff")

    def bad(self, service, meanwhile=lambda: None):
        """Deploy a version that does not come up; return the failed operation."""
        sha = self.version()
        self.breaks(service, f"{sha}-cuda" if service == "ai-worker" else sha)
        number = self.told.operation(self.told.types(f"/deploy {service} {sha} prod")).id
        assert self.world.until(lambda: self.store.operation(number).written is not None)
        meanwhile()
        return self.fails(number)

    def fails(self, number):
        ended = self.told.ends_with_id(number)
        assert (Phase.FAILED, Reason.DEGRADED) == (ended.phase, ended.problem.reason)
        return ended

    def comes_to(self, failed, kind):
        """Wait until the automatic rollback of *failed* has come to a *kind* of end; return it."""
        book = BackBook(self.told.inside.shipmate.database, lambda: None)
        assert self.world.until(lambda: isinstance(book.standing(failed.id), kind), 30), (
            book.standing(failed.id),
            self.store.timeline(failed.id),
        )
        return book.standing(failed.id)

    def stays(self, failed):
        """Return why *failed* stays as it is; nothing else was asked for."""
        left = self.comes_to(failed, Leave)
        assert failed.id == self.store.latest(failed.request.services, limit=1)[0].id
        self.shows(failed.id, "Automatic rollback: none;", "Way back: a rollback in Git")
        assert STOP not in self.told.buttons(failed.id)
        return left.why

    def replies(self, number):
        """Return what stands in the thread under the operation's card."""
        card = self.told.card(number)
        return [plain(one.words) for one in self.slack.messages(card.channel, thread=card.ts)]


def test_a_bad_version_goes_back_by_itself_and_everybody_is_told(they):
    good = they.good("user-service")
    failed = they.bad("user-service")
    bad = failed.plan.changes[0].new

    requested = they.comes_to(failed, Requested)

    back = they.told.ends_with_id(requested.operation)
    assert (Kind.ROLLBACK, Phase.LIVE) == (back.request.kind, back.phase), back.problem
    assert ("shipmate", failed.id) == (back.request.requester, back.request.takes_back.operation)
    (change,) = back.plan.changes
    assert (bad, good, failed.id) == (change.old, change.new, change.undoes)
    assert f"Shipmate-Undoes: {failed.id}" in they.told.commits()[0][1]
    assert [bad] == they.told.held("user-service/prod")
    they.shows(back.id, "Shipmate rolls back user-service in prod by itself", "CrashLoopBackOff")
    they.shows(failed.id, f"Automatic rollback: {back.id} takes it back.")
    announced = they.reads_in_person("U0ALICE", "goes back by itself")
    assert f"user-service to {good}, by itself" in announced
    assert "CrashLoopBackOff" in announced
    assert they.world.until(lambda: len(they.replies(failed.id)) > 1)
    first, second = they.replies(failed.id)
    assert announced == first
    assert f"{back.id} takes {failed.id} back now." in second


def test_never_twice_in_a_row(they):
    """What went back a moment ago was put there by Shipmate, not by a person."""
    assert WhyNot.IN_A_ROW is they.stays(they.bad("user-service"))


def test_what_nobody_verified_here_is_nothing_to_go_back_to(they):
    """What runs in the beginning came there before Shipmate did."""
    assert WhyNot.UNVERIFIED is they.stays(they.bad("payment-service"))


def test_somebodys_lock_stops_it(they):
    they.good("gallery-service")
    lock = "/ship lock gallery-service prod because I look at its database"
    failed = they.bad("gallery-service", lambda: they.says(lock, by="U0BOB"))
    assert WhyNot.RULES is they.stays(failed)
    they.shows(failed.id, "the rules do not let it", "I look at its database")


def test_a_rollback_is_never_taken_back(they):
    old = they.good("ai-worker")
    they.good("ai-worker")
    they.breaks("ai-worker", f"{old}-cuda")
    failed = they.fails(they.told.operation(they.told.types("/rollback ai-worker prod")).id)
    left = they.comes_to(failed, Leave)
    assert WhyNot.A_ROLLBACK is left.why


def announced_in_dev(they, service="user-service"):
    """Deploy a good and a bad version to dev; return the failed one once it is announced."""
    for broken in (False, True):
        sha = they.version("develop")
        if broken:
            they.breaks(service, f"develop-{sha[:7]}")
        number = they.told.operation(they.told.types(f"/deploy {service} {sha} dev")).id
        ended = they.told.ends_with_id(number)
        assert (Phase.FAILED if broken else Phase.LIVE) is ended.phase, ended.problem
    they.comes_to(ended, Announced)
    they.shows(ended.id, "Automatic rollback: user-service to develop-", "Evidence: not well since")
    return ended


def test_a_person_stops_it_and_it_stays(they):
    failed = announced_in_dev(they)
    assert "may not roll back" in they.clicks(STOP, failed.id, by="U0MALLORY")
    assert isinstance(they.comes_to(failed, Announced), Announced)

    said = they.clicks(STOP, failed.id, by="U0BOB")

    assert f"Stopped: {failed.id} does not go back by itself." in said
    assert "/rollback user-service dev" in said
    assert "U0BOB" == they.comes_to(failed, Stopped).by
    they.shows(failed.id, "Automatic rollback: stopped by")
    assert ("back_stopped", "U0BOB") in [
        (one.what, one.by) for one in they.store.timeline(failed.id)
    ]
    assert STOP not in they.told.buttons(failed.id)


def test_what_was_ill_before_is_no_way_back(they):
    """The bad version of the story before still stands there."""
    sha = they.version("develop")
    they.breaks("user-service", f"develop-{sha[:7]}")
    failed = they.told.ends(they.told.types(f"/deploy user-service {sha} dev"))
    assert Phase.FAILED is failed.phase
    assert they.stays(failed) is WhyNot.ILL_BEFORE
