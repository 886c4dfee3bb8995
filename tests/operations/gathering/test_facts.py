"""What a decision needs is read at once; what could not be read is said, and never allows."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.adapters.github.comparison import Comparison
from bot.domain.checks import Green, NotAsked, NothingReported, Red
from bot.domain.errors import Garbled, Unavailable
from bot.domain.facts import (
    Ancestry,
    Facts,
    Hold,
    ImageAbsent,
    ImageFound,
    Incomparable,
    NoEarlierHome,
    NothingRuns,
    RanBefore,
    Relation,
    Resolved,
    RunsNow,
    TargetFacts,
)
from bot.domain.operations import Change, Kind, Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Membership, Standing, Unidentified, Who, WhyNot
from bot.domain.rules import NeedsApproval, Refused, judge
from bot.domain.stops.freezes import AdHocFreeze
from bot.domain.stops.locks import Lock
from bot.domain.tags import TagTemplate
from bot.domain.unknown import Unknown
from bot.operations.gathering.facts import proposal_of
from sandbox.wire import Fault, answer
from tests.adapters.github_world import NOON
from tests.builders import plan
from tests.operations.facts_ground import (
    CODE,
    CUT,
    DOWN,
    GITOPS,
    NONSENSE,
    OTHER,
    REFUSED,
    RULE,
    STRANGER,
    Ground,
)
from tests.operations.people import BOB

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    made = Ground(tmp_path_factory.mktemp("ground"))
    yield made
    made.calm()
    made.close()


@pytest.fixture
def at(ground, tmp_path):
    """The ground, on which a deploy of core to prod is a good one."""
    ground.fresh(tmp_path)
    yield ground
    ground.calm()
    ground.database.close()


def verdict(at, gathered, **changes):
    return judge(proposal_of(at.request(**changes)), gathered.facts).decision


def lived(at, tag, ended, environment="stage", service="core"):
    """Let an operation of ours have brought *tag* live."""
    request = at.request(environment=environment, services=(service,), version=tag)
    made, _ = at.store.receive(request, f"s:{service}:{tag}:{ended}", ended)
    commit = at.new if at.new[:8] in tag else at.running
    changes = {"plan": plan(changes=(Change(service, "f", "x", tag, "b" * 40, commit),))}
    for phase in (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING, Phase.LIVE):
        at.store.move(made.id, phase, ended, phase.value, changes=changes)


def test_a_good_deploy_is_known_through_and_through(at):
    digest = at.registry.push("acme/core", f"prod-{at.new[:8]}")
    found = at.gather()

    core = TargetFacts(
        service="core",
        environment="prod",
        homes=("dev", "stage", "prod"),
        image_repository=at.image("core"),
        source=CODE,
        commit=Resolved(at.new, "Fix (#7)"),
        tag=f"prod-{at.new[:8]}",
        checks=Green(1),
        image=ImageFound(digest),
        in_git="prod-00000000",
        runs=RunsNow((f"prod-{at.running[:8]}",), "Healthy", "Synced"),
        before=RanBefore("stage", True, (f"stage-{at.new[:8]}",), "Healthy", NOON - HOUR),
        ancestry=Ancestry(Relation.AHEAD, 1),
        ran_here=False,
        locks=(),
        holds=(),
    )
    assert (core,) == found.facts.targets
    assert (NOON, "release") == (found.facts.at, *found.facts.memberships)
    assert {"core": at.new} == {service: aim.commit.sha for service, aim in found.aims.items()}
    assert ["core/prod/kustomization.yaml"] == list(found.snapshot.files)
    assert ["core-prod"] == [one.name for one in found.observations.values()]
    assert [7] == [one.pull for one in found.between[CODE].commits]
    assert (None, None) == (found.trouble, found.away)
    assert NeedsApproval(RULE) == verdict(at, found)


LOOKS = ["argocd application.get"] * 2
BY_DIGITS = [*LOOKS, "github compare", *["github graphql"] * 2, "registry manifest"]
BY_NAME = [*LOOKS, *["github commit"] * 2, *BY_DIGITS[2:]]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param(8, BY_DIGITS, id="digits: six"),
        pytest.param("feature", BY_NAME, id="a name: eight"),
    ],
)
def test_what_a_good_deploy_costs_once_the_registry_has_given_a_token(at, version, expected):
    """A name may be a tag's and a branch's, and its checks are those of what it names."""
    request = at.request(version=version if isinstance(version, str) else at.new[:version])
    gatherer = at.gatherer()
    asyncio.run(gatherer.gather(request))
    at.forget()

    found = asyncio.run(gatherer.gather(request))

    assert expected == at.calls()
    assert (at.new, Green(1)) == (found.aims["core"].commit.sha, found.facts.targets[0].checks)


# who asks


def test_the_requester_is_read_live_for_production_with_every_team_that_could_decide(at):
    at.gather()
    at.gather(services=("core", "batch"), override=True, reason="fire")
    at.gather(environment="stage")

    assert [
        ("U0ALICE", {"release"}, True),
        ("U0ALICE", {"release", "batchers", "admins"}, True),
        ("U0ALICE", set(), False),
    ] == at.people.asked


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(Who(Unknown("Slack gave no answer")), id="nobody could tell who it is"),
        pytest.param(Who(Unidentified(WhyNot.NOT_LINKED)), id="nobody"),
        pytest.param(None, id="a team that could not be read"),
    ],
)
def test_somebody_unknown_may_do_nothing(at, who):
    unread = {"release": Membership(Standing.UNKNOWN, "GitHub gave no answer")}
    at.people.who_is = who or Who(at.people.who_is.identity, unread)

    assert isinstance(verdict(at, at.gather()), Refused)


# what version


def test_an_image_tag_of_ours_is_its_commit(at):
    assert at.new == at.core(version=f"prod-{at.new[:8]}").commit.sha


def test_a_branch_that_looks_like_an_image_tag_is_the_branch(at):
    at.github.create_branch(CODE, "prod-20261121", at.running)
    assert at.running == at.core(version="prod-20261121").commit.sha


def test_a_version_of_another_repository_is_said_to_be_there(at):
    sha = at.push("There", OTHER)
    found = at.core(at.target("front", "prod", source=OTHER), version=sha[:8])

    facts = {"version": sha[:8], "repo": CODE, "elsewhere": OTHER}
    assert Problem(Reason.UNKNOWN_VERSION, facts) == found.commit


def test_a_tag_and_a_branch_of_one_name_are_ambiguous(at):
    at.github.create_branch(CODE, "twice", at.running)
    at.github.tag(CODE, "twice", at.new)
    found = at.gather(version="twice")

    assert Reason.AMBIGUOUS_VERSION is found.facts.targets[0].commit.reason
    assert Reason.AMBIGUOUS_VERSION is verdict(at, found, version="twice").problem.reason


def test_a_version_that_is_nowhere_asks_no_registry_and_compares_nothing(at):
    found = at.gather(version="nowhere")

    assert Reason.UNKNOWN_VERSION is found.facts.targets[0].commit.reason
    assert not [one for one in at.calls() if "registry" in one or "compare" in one]
    assert {} == found.aims


def test_a_version_that_no_template_fits_is_a_refusal_of_the_tag(at):
    only = at.target("core", "prod", tags=(TagTemplate.parse("{version}"),))
    found = at.core(only)

    assert Reason.VERSION_UNFIT is found.tag.reason
    assert isinstance(found.image, Unknown)


# its checks and its image


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        pytest.param((), Green, id="the whole rollup"),
        pytest.param(("build",), Green, id="by name"),
        pytest.param(None, NotAsked, id="not asked for"),
    ],
)
def test_checks_are_judged_by_what_the_target_requires(at, required, expected):
    assert isinstance(at.core(at.target("core", "prod", required_checks=required)).checks, expected)


def test_checks_that_nobody_asks_for_are_not_read(at):
    at.gather(at.target("core", "prod", required_checks=None))
    assert 1 == at.calls().count("github graphql")


def test_red_checks_and_none_are_told_apart(at):
    red = at.push("Red")
    at.github.report_check(CODE, red, "build", conclusion="failure")
    none = at.push("None")

    assert Red(("build",)) == at.core(version=red).checks
    assert NothingReported() == at.core(version=none).checks


def test_an_image_that_is_not_there_is_absent(at):
    at.registry.untag("acme/core", f"prod-{at.new[:8]}")
    assert ImageAbsent() == at.core().image


# what stands in Git


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"branch": "gone"}, Reason.BRANCH_MISSING, id="no branch"),
        pytest.param({"repo": "acme/gone"}, Reason.REPOSITORY_MISSING, id="no repository"),
        pytest.param({"file": "gone.yaml"}, Reason.FILE_MISSING, id="no file"),
        pytest.param({"file": "core/prod/deployment.yaml"}, Reason.UNEDITABLE, id="another file"),
    ],
)
def test_a_place_that_is_not_there_is_trouble(at, change, reason):
    where = replace(at.target("core", "prod").location, **change)
    found = at.gather(at.target("core", "prod", location=where))

    assert reason is found.trouble.reason
    assert isinstance(found.facts.targets[0].in_git, Unknown)
    assert isinstance(verdict(at, found), Refused)


def test_tags_in_two_repositories_are_trouble_and_not_read(at):
    where = replace(at.target("batch", "prod").location, repo=OTHER)
    found = at.gather(at.target("batch", "prod", location=where), services=("core", "batch"))

    assert Reason.SEVERAL_REPOSITORIES is found.trouble.reason
    assert found.snapshot is None


def test_a_service_that_does_not_live_there_is_asked_about_by_nobody(at):
    found = at.gather(services=("front",), environment="stage")

    assert [] == at.calls()
    refused = verdict(at, found, services=("front",), environment="stage")
    assert isinstance(refused, Refused)
    assert [("front", ("prod",))] == [(one.service, one.homes) for one in found.facts.targets]


def test_an_environment_that_does_not_exist_refuses(at):
    found = at.gather(environment="nowhere")

    assert isinstance(verdict(at, found, environment="nowhere"), Refused)
    assert [] == at.calls()


# what runs


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param(["prod-aaaaaaaa"], ("prod-aaaaaaaa",), id="one"),
        pytest.param(
            ["prod-bbbbbbbb", "prod-aaaaaaaa"],
            ("prod-aaaaaaaa", "prod-bbbbbbbb"),
            id="old ones end",
        ),
        pytest.param(["prod-aaaaaaaa", "ghcr.io/acme/sidecar:1"], ("prod-aaaaaaaa",), id="beside"),
    ],
)
def test_what_runs_is_the_tags_of_our_image(at, tags, expected):
    at.says("core-prod", tags)
    assert expected == at.core().runs.tags


def test_without_pods_the_templates_of_workloads_say_what_runs(at):
    """A CronJob between two runs, or what was scaled to nothing."""
    at.says("core-prod", [])
    inside = at.target("core", "prod", image="registry/acme/core")

    assert ("prod-00000000",) == at.core(inside).runs.tags


def test_an_application_without_workloads_runs_nothing(at):
    at.says("core-prod", ["ghcr.io/acme/sidecar:1"])
    found = at.gather()

    assert RunsNow((), "Healthy", "Synced") == found.facts.targets[0].runs
    assert NothingRuns() == found.facts.targets[0].ancestry
    assert {} == found.between


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(
            Fault(
                answer=lambda: answer(
                    {"code": 5, "message": 'applications.argoproj.io "x" not found'}, 404
                )
            ),
            Reason.APP_MISSING,
            id="missing",
        ),
        pytest.param(
            Fault(answer=lambda: answer({"code": 7, "message": "permission denied"}, 403)),
            Reason.APP_FORBIDDEN,
            id="forbidden",
        ),
    ],
)
def test_an_application_that_we_may_not_see_is_trouble(at, fault, reason):
    at.hears("core-prod", fault)
    found = at.gather()

    assert reason is found.trouble.reason
    assert {} == found.observations


# what ran before


def test_the_nearest_earlier_home_counts(at):
    assert "stage" == at.core().before.environment
    assert "dev" == at.core(services=("batch",)).before.environment
    assert NoEarlierHome() == at.core(services=("front",)).before


@pytest.mark.parametrize(
    ("tags", "same"),
    [
        pytest.param(["stage-{new}"], True, id="the same commit"),
        pytest.param(["stage-{running}"], False, id="another"),
        pytest.param(["stage-{new}", "stage-{running}"], False, id="both, for now"),
        pytest.param([], False, id="nothing"),
        pytest.param(["prod-{new}"], False, id="a tag for somewhere else"),
    ],
)
def test_before_is_the_same_when_its_own_template_gives_the_tag_that_runs(at, tags, same):
    names = {"new": at.new[:8], "running": at.running[:8]}
    at.says("core-stage", [tag.format(**names) for tag in tags])

    assert same is at.core().before.same


def test_a_release_may_run_before_by_the_name_of_its_commit(at):
    at.says("core-stage", [f"stage-{at.running[:8]}"])
    assert at.core(version="v1.2.3").before.same

    at.says("core-stage", ["v1.2.3"])
    assert at.core(version="v1.2.3").before.same


def test_what_is_built_elsewhere_says_nothing_of_this_commit(at):
    assert isinstance(at.core(at.target("core", "stage", source=OTHER)).before, Unknown)


@pytest.mark.parametrize(
    ("said", "ours", "since"),
    [
        pytest.param({}, None, NOON - HOUR, id="healthy later than deployed"),
        pytest.param(
            {"deployed": NOON - HOUR / 2}, None, NOON - HOUR / 2, id="deployed later than healthy"
        ),
        pytest.param({"health": "Progressing"}, None, None, id="not healthy"),
        pytest.param({"since": None}, None, None, id="an older Argo CD"),
        pytest.param({"deployed": None}, None, None, id="its history was wiped"),
        pytest.param({"sync": "OutOfSync"}, None, None, id="a sync may have failed half way"),
        pytest.param(
            {"sync": "OutOfSync"}, NOON - HOUR / 4, NOON - HOUR / 4, id="but it was our operation"
        ),
        pytest.param({"deployed": NOON}, NOON - 2 * HOUR, NOON - HOUR, id="ours goes first"),
    ],
)
def test_since_when_it_is_healthy_before(at, said, ours, since):
    at.says("core-stage", [f"stage-{at.new[:8]}"], **said)
    if ours is not None:
        lived(at, f"stage-{at.new[:8]}", ours)

    assert since == at.core().before.healthy_since


def test_an_operation_that_brought_another_tag_since_says_nothing(at):
    lived(at, f"stage-{at.new[:8]}", NOON - 5 * HOUR)
    lived(at, f"stage-{at.running[:8]}", NOON - 4 * HOUR)
    at.says("core-stage", [f"stage-{at.new[:8]}"], since=NOON - 3 * HOUR, deployed=NOON - HOUR)

    assert NOON - HOUR == at.core().before.healthy_since


# how old it is


@pytest.mark.parametrize(
    ("runs", "version", "relation"),
    [
        pytest.param("prod-{running}", "{new}", (Relation.AHEAD, 1, 0), id="newer"),
        pytest.param("prod-{new}", "{old}", (Relation.BEHIND, 0, 2), id="older"),
        pytest.param("v1.2.3", "{new}", (Relation.AHEAD, 1, 0), id="a release runs"),
        pytest.param("stage-{running}", "{new}", (Relation.AHEAD, 1, 0), id="by another's name"),
    ],
)
def test_what_would_run_is_compared_with_what_runs(at, runs, version, relation):
    names = {"old": at.old[:8], "running": at.running[:8], "new": at.new[:8]}
    at.says("core-prod", [runs.format(**names)])

    assert Ancestry(*relation) == at.core(version=version.format(**names)).ancestry


def test_the_same_commit_is_compared_by_nobody(at):
    at.says("core-prod", [f"prod-{at.new[:8]}"])

    assert Ancestry(Relation.IDENTICAL) == at.core().ancestry
    assert "github compare" not in at.calls()


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param("latest", id="latest"),
        pytest.param("main", id="a branch"),
        pytest.param("prod-dddddddd", id="a commit that is not there"),
        pytest.param("v9.9.9", id="a release that is not there"),
    ],
)
def test_what_names_no_commit_cannot_be_compared(at, runs):
    at.says("core-prod", [runs])
    found = at.gather()

    assert isinstance(found.facts.targets[0].ancestry, Incomparable)
    assert runs.removeprefix("prod-") in found.facts.targets[0].ancestry.why
    assert isinstance(found.between[CODE], Unknown)


def test_which_of_two_runs_is_unknown_when_git_names_neither(at):
    at.says("core-prod", ["prod-aaaaaaaa", "prod-bbbbbbbb"])
    found = at.gather()

    assert isinstance(found.facts.targets[0].ancestry, Unknown)
    assert isinstance(verdict(at, found), Refused)


def test_a_branch_called_like_the_commit_that_runs_hides_nothing(at):
    """Somebody who may push could let an old version look like a newer one."""
    at.says("core-prod", [f"prod-{at.new[:8]}"])
    at.github.create_branch(CODE, at.new[:8], at.old)
    found = at.gather(version=at.running)
    at.github.delete_branch(CODE, at.new[:8])

    assert isinstance(found.facts.targets[0].ancestry, Unknown)
    assert isinstance(verdict(at, found, version=at.running), Refused)


def test_of_two_that_run_the_one_in_git_is_compared(at):
    at.says("core-prod", ["prod-00000000", f"prod-{at.running[:8]}"])
    assert "00000000" in at.core().ancestry.why


def test_one_comparison_serves_all_that_run_the_same(at):
    found = at.gather(services=("core", "batch"))

    assert 1 == at.calls().count("github compare")
    assert [1, 1] == [one.ancestry.ahead for one in found.facts.targets]


def test_approvers_see_the_longest_way(at):
    at.says("batch-prod", [f"prod-{at.old[:8]}"])
    found = at.gather(services=("core", "batch"))

    assert isinstance(found.between[CODE], Comparison)
    assert 2 == found.between[CODE].ahead_by


# what we remember ourselves


def test_what_was_live_here_is_remembered(at):
    assert not at.core().ran_here
    lived(at, f"prod-{at.new[:8]}", NOON, "prod", "batch")
    assert not at.core().ran_here
    lived(at, f"prod-{at.new[:8]}", NOON, "prod")
    assert at.core().ran_here


def test_locks_freezes_and_holds_stand_in_the_facts(at):
    lock = Lock(BOB, frozenset({"*/prod"}), "audit", NOON - HOUR)
    freeze = AdHocFreeze("prod", BOB, "fire", NOON - HOUR, None)
    hold = Hold("prod-bad", BOB, "leaks", NOON - HOUR, "D-7")
    at.books.locks.take(lock, "c:1")
    at.books.freezes.freeze(freeze, "c:2")
    at.books.holds.hold({"core/prod": hold}, "c:3")
    elsewhere = replace(hold, tag="*")
    at.books.holds.hold({"batch/prod": elsewhere, "core/stage": elsewhere}, "c:4")
    found = at.gather().facts

    assert ((lock,), (freeze,)) == (found.targets[0].locks, found.freezes)
    assert (hold,) == found.targets[0].holds


def test_what_is_held_is_refused(at):
    hold = Hold(f"prod-{at.new[:8]}", BOB, "leaks", NOON - HOUR, "D-7")
    at.books.holds.hold({"core/prod": hold}, "c:1")
    decision = verdict(at, at.gather())
    assert isinstance(decision, Refused)
    assert Reason.HELD is decision.problem.reason


@pytest.mark.parametrize("ask", ["gather", "refresh"])
def test_without_our_own_database_nothing_is_gathered(at, ask):
    gatherer = at.gatherer()
    earlier = asyncio.run(gatherer.gather(at.request()))
    with at.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE locks RENAME TO away")
    words = (at.request(),) if ask == "gather" else (at.request(), earlier)
    how = {} if ask == "gather" else {"rights": True}

    with pytest.raises(Unavailable, match="database"):
        asyncio.run(getattr(gatherer, ask)(*words, **how))


# the outside fails


ROUTES = [
    pytest.param("github", "commit", id="the commit"),
    pytest.param("github", "graphql", id="files and checks"),
    pytest.param("github", "compare", id="the comparison"),
    pytest.param("argocd", "application.get", id="applications"),
    pytest.param("registry", "manifest", id="the image"),
]


@pytest.mark.parametrize(("system", "route"), ROUTES)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(DOWN, id="down"),
        pytest.param(CUT, id="cut"),
        pytest.param(REFUSED, id="refused"),
        pytest.param(STRANGER, id="our token is none"),
        pytest.param(NONSENSE, id="garbled"),
    ],
)
def test_whatever_fails_never_allows_and_never_raises(at, system, route, fault):
    wire = getattr(at, system)
    if route == "application.get":
        wire.disarm()
    wire.arm(route, fault, times=None)
    found = at.gather(version="feature")

    assert isinstance(found.facts, Facts)
    stopped = judge(proposal_of(at.request()), found.facts).decision
    assert isinstance(stopped, Refused)
    if system != "registry" and fault in {DOWN, CUT}:
        assert isinstance(found.away, Unavailable)
    if system != "registry" and fault is NONSENSE:
        assert isinstance(found.away, Garbled)


@pytest.mark.parametrize(
    ("route", "when"),
    [
        pytest.param("graphql", b"statusCheckRollup", id="checks"),
        pytest.param("compare", b"", id="comparison"),
    ],
)
def test_what_an_override_goes_past_is_no_trouble(at, route, when):
    at.github.arm(route, REFUSED, times=None, when=partial(_holds, when))
    found = at.gather()

    assert (at.new, None) == (found.aims["core"].commit.sha, found.trouble)


def test_an_argocd_of_an_earlier_environment_that_is_away_is_unknown_and_told(at):
    at.hears("core-stage", DOWN)
    found = at.gather()

    assert isinstance(found.facts.targets[0].before, Unknown)
    assert isinstance(found.away, Unavailable)
    assert found.trouble is None


def test_a_refused_token_is_said_in_its_own_words(at):
    at.github.arm("commit", STRANGER, times=None)
    assert Reason.TOKEN_REFUSED is at.gather(version="feature").trouble.reason


# at once


def _holds(words, asked):
    return words in asked.get_data()


def test_all_that_needs_no_other_answer_is_asked_at_the_same_time(at):
    """Each first answer waits for all the others to have been asked for."""
    line = threading.Barrier(4)

    def wait(response):
        line.wait(10)
        return response

    for name in ("core-prod", "core-stage"):
        at.hears(name, Fault(mangle=wait))
    for query in (b"ref(", b"$digits"):
        at.github.arm("graphql", Fault(mangle=wait), when=partial(_holds, query))
    found = at.gather()

    assert found.away is None
    assert not line.broken


def test_what_needs_the_commit_is_asked_at_the_same_time_too(at):
    line = threading.Barrier(3)

    def wait(response):
        line.wait(10)
        return response

    at.github.arm("compare", Fault(mangle=wait))
    at.registry.arm("manifest", Fault(mangle=wait))
    rollup = partial(_holds, b"statusCheckRollup")
    at.github.arm("graphql", Fault(mangle=wait), when=rollup)

    found = at.gather(version="feature")

    assert isinstance(found.facts.targets[0].checks, Green)
    assert not line.broken


# before the commit, and at a click


def test_freshness_reads_the_commit_and_the_files_and_nothing_else(at):
    found = asyncio.run(at.gatherer().freshness(at.request()))

    assert ["github commit", "github graphql"] == at.calls()
    assert at.new == found.aims["core"].commit.sha
    assert at.github.head(GITOPS) == found.snapshot.head
    assert (None, None) == (found.trouble, found.away)


@pytest.mark.parametrize(
    ("fault", "version", "reason"),
    [
        pytest.param(None, "nowhere", Reason.UNKNOWN_VERSION, id="the version is gone"),
        pytest.param(STRANGER, None, Reason.TOKEN_REFUSED, id="our token is none"),
    ],
)
def test_freshness_tells_what_is_definitely_wrong(at, fault, version, reason):
    if fault:
        at.github.arm("commit", fault, times=None)
    request = at.request(**({"version": version} if version else {}))

    assert reason is asyncio.run(at.gatherer().freshness(request)).trouble.reason


def test_a_refresh_reads_rights_locks_freezes_and_holds_and_nothing_else(at):
    gatherer = at.gatherer()
    earlier = asyncio.run(gatherer.gather(at.request()))
    hold = Hold("prod-bad", BOB, "leaks", NOON - HOUR)
    at.books.holds.hold({"core/prod": hold}, "c:2")
    lock = Lock(BOB, frozenset({"core/prod"}), "audit", NOON - HOUR)
    at.books.locks.take(lock, "c:1")
    at.people.who_is = Who(Unidentified(WhyNot.DEACTIVATED))
    at.forget()

    found = asyncio.run(gatherer.refresh(at.request(), earlier, rights=True))

    assert [] == at.calls()
    assert (lock,) == found.facts.targets[0].locks
    assert (hold,) == found.facts.targets[0].holds
    assert Unidentified(WhyNot.DEACTIVATED) == found.facts.who
    assert earlier.facts.targets[0].image == found.facts.targets[0].image
    assert earlier.snapshot is found.snapshot


def test_rights_that_were_read_just_now_are_not_read_again(at):
    gatherer = at.gatherer()
    earlier = asyncio.run(gatherer.gather(at.request()))
    at.people.who_is = Who(Unidentified(WhyNot.DEACTIVATED))

    found = asyncio.run(gatherer.refresh(at.request(), earlier, rights=False))

    assert earlier.facts.who == found.facts.who


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        pytest.param(Kind.DEPLOY, True, id="deploy"),
        pytest.param(Kind.ROLLBACK, False, id="rollback"),
    ],
)
def test_a_way_back_waits_for_nobody_who_only_knows_how_far_it_is(at, kind, waits):
    lived(at, f"prod-{at.new[:8]}", NOON - HOUR, "prod")
    at.github.arm("compare", Fault(answer=lambda: answer({}, 503)), times=None)
    version = {} if kind is Kind.DEPLOY else {"version": f"prod-{at.new[:8]}"}
    found = asyncio.run(at.gatherer().gather(at.request(kind=kind, **version)))
    assert "core" in found.aims, found.facts.targets[0].tag
    assert waits is (found.away is not None), found.away
