"""What a target had before is asked of our own operations first, then of Git, then of Argo CD."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from bot.adapters.github.file_history import COMMITS, FileHistory
from bot.domain.errors import Unavailable
from bot.domain.facts import Hold
from bot.domain.locations import Key, Location
from bot.domain.observation import Deployed
from bot.domain.operations import Change, Kind, Phase, Written
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.going_back import Told
from bot.operations.books.hold_book import HoldBook
from bot.operations.gathering.histories import Back, Histories
from bot.operations.store import Store
from bot.operations.threads import Threads
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World
from tests.builders import plan, request, target
from tests.operations.people import ALICE, NOON

MINUTE = timedelta(minutes=1)
FILE = "prod.yaml"
WAY = (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING)


class Ours:
    """What operations of ours did to core in prod, a minute apart."""

    def __init__(self, store):
        self.store, self.at, self.count = store, NOON, 0

    def brought(self, old, new, *, kind=Kind.DEPLOY, end=Phase.LIVE, **changes):
        """Let an operation bring *new* in place of *old*; return its id."""
        self.at, self.count = self.at + MINUTE, self.count + 1
        asked = request(
            kind=kind, version=f"{new}{self.count}", environment="prod", **changes.pop("asked", {})
        )
        made, _ = self.store.receive(asked, f"c:{self.count}", self.at)
        change = Change("core", FILE, old, new, "b" * 40, commit=changes.pop("commit", ""))
        written = Written(f"{self.count:040}", "https://github.example", self.at)
        done = {"plan": plan(changes=(change,), **changes), "written": written}
        for phase in (*WAY, end):
            self.store.move(made.id, phase, self.at, phase.value, changes=done)
        return made.id


@pytest.fixture
def ours(database):
    return Ours(Store(database))


def lived(ours, **where):
    where = {"service": "core", "environment": "prod"} | where
    return [(one.tag, one.operation, one.left) for one in ours.store.past.lived(**where)]


def test_what_we_brought_newest_first(ours):
    first = ours.brought("v0", "v1", commit="c" * 40)
    second = ours.brought("v1", "v2")
    assert [("v2", second, False), ("v1", first, False)] == lived(ours)
    newest, oldest = ours.store.past.lived("core", "prod")
    assert (ours.at, "U0ALICE") == (newest.at, newest.by)
    assert ("c" * 40, plan().commit) == (oldest.commit, newest.commit)
    assert [("v2", second, False)] == lived(ours, limit=1)
    assert [] == lived(ours, environment="stage") == lived(ours, service="batch")


def test_what_changed_nothing_or_did_not_go_live_is_no_past(ours):
    ours.brought("v1", "v1")
    ours.brought("v1", "v2", end=Phase.FAILED)
    assert [] == lived(ours)


@pytest.mark.parametrize("end", [Phase.LIVE, Phase.FAILED], ids=["went well", "failed later"])
def test_what_a_rollback_took_away_is_told_so(ours, end):
    ours.brought("v0", "v1")
    bad = ours.brought("v1", "v2")
    ours.brought("v2", "v1", kind=Kind.ROLLBACK, end=end)
    assert (bad, True) in [(operation, left) for _, operation, left in lived(ours)]
    again = ours.brought("v1", "v2")
    assert ("v2", again, False) == lived(ours)[0], "somebody brought it anew"


# the three sources


class Ground:
    """Our own book, a file in Git, and what Argo CD deployed of it."""

    def __init__(self, folder, world, database):
        self.world, self.repo = world, f"acme/gitops{folder.name}"
        world.fake.create_repository(self.repo, {"README": b"x"})
        where = Location(self.repo, "main", FILE, Key("core.tag"))
        self.target = replace(target("core", "prod"), location=where)
        self.ours, self.holds = Ours(Store(database)), HoldBook(database)
        self.deployed, self.looks = [], 0
        self.threads = Threads("github", 2)
        argocd = {"main": self}
        files = FileHistory(world.door())
        self.histories = Histories(self.ours.store, self.holds, files, argocd, self.threads)

    def look(self, application):
        """Answer for Argo CD: what it deployed, ids from 0."""
        self.looks += 1
        entries = [Deployed(n, (sha,), NOON - n * MINUTE) for n, sha in enumerate(self.deployed)]
        return SimpleNamespace(history=tuple(entries))

    def push(self, tag, comment=""):
        self.world.clock.move(MINUTE)
        text = f"core: {{tag: {tag}}} # {comment}\n"
        return self.world.fake.push(self.repo, "main", {FILE: text})

    def back(self, what="", current="v3"):
        """Return what *what* means, and how many requests to GitHub and Argo CD that took."""
        self.world.fake.calls.clear()
        self.looks = 0
        found = asyncio.run(self.histories.back(self.target, what, current))
        return found, len(self.world.fake.calls), self.looks


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        yield world


@pytest.fixture
def ground(tmp_path, world, database):
    made = Ground(tmp_path, world, database)
    yield made
    world.fake.disarm()
    made.threads.close()


def test_what_we_know_ourselves_asks_nobody(ground):
    good = ground.ours.brought("v1", "v2")
    bad = ground.ours.brought("v2", "v3")
    found, requests, looks = ground.back()
    assert ("v2", good, Told.OURS, True) == (
        found.to.tag,
        found.to.operation,
        found.to.source,
        found.to.verified,
    )
    assert (bad, 0, 0) == (found.undoes, requests, looks)


def test_what_was_rolled_back_is_not_gone_back_to(ground):
    ground.ours.brought("v0", "v1")
    ground.ours.brought("v1", "v2")
    ground.ours.brought("v2", "v3")
    ground.ours.brought("v3", "v2", kind=Kind.ROLLBACK)
    found, _, _ = ground.back(current="v2")
    assert "v1" == found.to.tag


def test_what_is_held_is_not_gone_back_to(ground):
    for old, new in (("v0", "v1"), ("v1", "v2"), ("v2", "v3")):
        ground.ours.brought(old, new)
    ground.holds.hold({"core/prod": Hold("v2", ALICE, "leaks", NOON)}, "c:1")
    assert "v1" == ground.back()[0].to.tag


def test_what_came_back_by_itself_is_taken_back_again(ground):
    for tag in ("v1", "v2", "v3", "v2", "v3"):
        ground.push(tag)
    ground.holds.hold({"core/prod": Hold("v3", ALICE, "leaks", NOON)}, "c:1")
    assert "v2" == ground.back()[0].to.tag


def test_git_is_asked_where_we_know_nothing(ground):
    for tag in ("v1", "v2", "v3"):
        ground.push(tag)
    found, requests, looks = ground.back()
    assert ("v2", Told.GIT, None) == (found.to.tag, found.to.source, found.undoes)
    assert (1, 0) == (requests, looks)


def test_a_version_that_we_never_brought_is_looked_for_in_git(ground):
    ground.ours.brought("v1", "v2")
    ground.push("v0")
    ground.push("v3")
    assert ("v0", 1) == (ground.back("v0")[0].to.tag, ground.back("v0")[1])
    never = ground.back("v7")[0]
    assert (Reason.NEVER_HERE, "v7") == (never.reason, never.facts["tag"])


def test_an_entry_is_counted_in_the_whole_list_as_people_see_it(ground):
    ground.ours.brought("v1", "v2")
    for tag in ("v0", "v1", "v3"):
        ground.push(tag)
    shown = ground.histories.of(ground.target, "v3", whole=True).past
    tags = [one.tag for one in shown]
    assert {"v0", "v1", "v2"} == set(tags)
    assert tags == [ground.back(f"#{n}")[0].to.tag for n in (1, 2, 3)]
    assert Reason.NO_SUCH_ENTRY is ground.back("#4")[0].reason


def test_argocd_is_asked_last_and_only_where_gits_page_ended(ground):
    old = ground.push("v1")
    for number in range(COMMITS + 1):
        newest = ground.push("v3", comment=str(number))
    ground.deployed = [old, newest]
    found, requests, looks = ground.back()
    assert ("v1", Told.ARGOCD, 2, 1) == (found.to.tag, found.to.source, requests, looks)


def test_nothing_to_go_back_to(ground):
    ground.push("v3")
    found, requests, looks = ground.back()
    assert isinstance(found, Problem)
    assert Reason.NOTHING_TO_GO_BACK_TO is found.reason
    assert (1, 0) == (requests, looks)


@pytest.mark.parametrize("what", ["", "#1", "v1"])
def test_who_does_not_answer_is_no_nothing(ground, what):
    down = Fault(answer=lambda: answer({"message": "oops"}, 502))
    ground.world.fake.arm("graphql", down, times=None)
    assert isinstance(ground.back(what)[0], Unavailable)


def test_while_git_is_away_our_own_word_is_enough(ground):
    ground.world.fake.arm("graphql", Fault(drop="before"), times=None)
    ground.ours.brought("v1", "v2")
    assert isinstance(ground.back()[0], Back)
    listing = ground.histories.of(ground.target, "v3", whole=True)
    assert ["v2"] == [one.tag for one in listing.past]
    assert isinstance(listing.away, Unavailable)


def test_an_operation_is_asked_for_by_its_id(ground):
    mine = ground.ours.brought("v1", "v2")
    assert "v2" == ground.back(mine)[0].to.tag
    other = ground.ours.brought("v1", "v2", asked={"services": ("batch",)})
    assert Reason.NOT_OF_HERE is ground.back(other)[0].reason
    assert Reason.NO_SUCH_ENTRY is ground.back("D-999")[0].reason


def test_what_we_committed_and_never_saw_live_is_not_meant_by_going_back(ground):
    """Git alone tells of both: the one that failed under us is no way back from the next one."""
    for tag in ("v1", "v2", "v3"):
        ground.push(tag)
    ground.ours.brought("v1", "v2", end=Phase.FAILED)
    found, _, _ = ground.back()
    assert "v1" == found.to.tag
    named, _, _ = ground.back("v2")
    assert "v2" == named.to.tag, "who names it means it"


# a value that we did not put there


def foreign(ground, current="v9"):
    return asyncio.run(ground.histories.foreign(ground.target, current, "v1"))


def test_a_value_that_is_none_of_ours_is_told_with_who_brought_it(ground):
    ground.ours.brought("v0", "v1")
    ground.push("v1")
    pushed = ground.push("v9")
    found = foreign(ground)
    assert Reason.FOREIGN_VALUE is found.reason
    told = {"service": "core", "environment": "prod", "found": "v9", "known": "v1", "back": "v1"}
    assert {**told, "sha": pushed, "login": found.facts["login"]} == found.facts
    assert found.facts["login"]


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(Phase.LIVE, id="live"),
        pytest.param(Phase.FAILED, id="failed, and its commit may stand"),
        pytest.param(Phase.FOLLOWING, id="on its way"),
    ],
)
def test_what_we_brought_or_are_bringing_is_not_foreign(ground, end):
    ground.ours.brought("v0", "v1")
    ground.ours.brought("v1", "v9", end=end)
    assert foreign(ground) is None
    assert foreign(ground, "v1") is None


def test_by_argocd_nothing_came_into_git(ground):
    ground.ours.brought("v0", "v1")
    ground.ours.brought("v1", "v9", kind=Kind.ROLLBACK, asked={"by_argocd": True})
    assert Reason.FOREIGN_VALUE is foreign(ground).reason


def test_where_we_never_wrote_or_it_is_held_nothing_is_foreign(ground):
    assert foreign(ground) is None
    ground.ours.brought("v0", "v1")
    ground.holds.hold({"core/prod": Hold("v9", ALICE, "leaks", NOON)}, "c:1")
    assert foreign(ground) is None, "it is known to be bad, whoever brought it"


def test_who_brought_it_may_stay_unknown(ground):
    ground.ours.brought("v0", "v1")
    ground.world.fake.arm("graphql", Fault(drop="before"), times=None)
    assert "login" not in foreign(ground).facts
