"""Applications are looked at when they changed; what happened is told once, by whoever looks."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from bot.domain.alerts import Happening, NotifyRule, Severity
from bot.domain.applications.events import WELL_FOR, What
from bot.domain.applications.story import AGAIN_WITHIN, Crowd, Story
from bot.domain.applications.tellings import Tellings, Wish
from bot.domain.catalog import Application
from bot.domain.errors import Unavailable
from bot.domain.observation import OperationPhase, Sync
from bot.domain.operations import Phase, Written
from bot.operations.applications.application_book import tellable
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.deliveries.inbox import Delivery
from bot.operations.notes import NoteBook, NoteKind
from bot.operations.saying.alerts import Alerts
from bot.operations.sql.tables import alerts as alert_rows
from bot.operations.sql.tables import notes as note_rows
from tests import databases
from tests.builders import SHA, catalog, environment, request, target
from tests.operations.applications.ground import (
    OLD,
    QUIET,
    SECOND,
    ArgoCD,
    Replica,
    Time,
    degraded,
    everything,
    failed,
    several,
    shown,
)

APP = "s0-stage"
HOUR = timedelta(hours=1)


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def database(tmp_path):
    """SQLite alone: two replicas on PostgreSQL are in the storm."""
    opened = databases.opened(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def argocd(clock):
    return ArgoCD(clock)


@pytest.fixture
def make(database, argocd, clock):
    """Make replicas that end with the test."""
    made = []

    def begin(**more):
        made.append(Replica(database, argocd, clock, **more))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def told(database):
    """Return what all notes tell, oldest first."""
    with database.read() as connection:
        rows = connection.execute(sa.select(note_rows).order_by(note_rows.c.id)).all()
    return [tellable(row.state) for row in rows]


def known_and_well(replica, *names):
    for name in names:
        replica.argocd.is_so(name)
    replica.lists()
    replica.looks()


def test_trouble_is_told_once_it_lasts_and_its_note_turns_when_it_is_over(make, database, clock):
    replica = make(tellings=Tellings("C0CI"))
    known_and_well(replica, APP)
    replica.argocd.is_so(APP, **degraded(revisions=(SHA,)))
    replica.hears(APP)
    replica.looks()
    assert [] == told(database)

    clock.passes(QUIET)
    replica.looks()  # Nothing was heard: it is due.
    (story,) = told(database)
    assert (What.DEGRADED, "Deployment/web") == (story.what, story.resource)
    assert "CrashLoopBackOff" in story.message
    assert ("Kim", "Fix the login") == (story.revision.author, story.revision.title)
    assert f"https://github.com/xiilab/astrago-deployment/commit/{SHA}" == story.revision.url

    replica.argocd.is_so(APP, revisions=(OLD,))
    replica.hears(APP)
    replica.looks()
    clock.passes(WELL_FOR)
    replica.looks()
    (story,) = told(database)
    assert (What.RECOVERED, What.DEGRADED, OLD) == (story.what, story.was, story.revision.sha)
    (note,) = NoteBook(database).read(one_key(database))
    assert note.ended
    assert "C0CI" == note.to.channel
    assert [] == list(NoteBook(database).standing(NoteKind.APPLICATION))


def one_key(database):
    with database.read() as connection:
        return connection.execute(sa.select(note_rows.c.key)).scalar_one()


def test_what_comes_again_soon_is_the_same_note_and_later_another(make, database, clock):
    replica = make()
    known_and_well(replica, APP)
    for pause in (SECOND, AGAIN_WITHIN / 2, 2 * AGAIN_WITHIN):
        clock.passes(pause)
        replica.argocd.is_so(APP, **failed(clock, revision=SHA))
        replica.hears(APP)
        replica.looks()
        replica.argocd.is_so(APP, revisions=(OLD,))
        replica.hears(APP)
        replica.looks()
        clock.passes(WELL_FOR)
        replica.looks()
    first, second = told(database)
    assert (2, What.RECOVERED) == (first.times, first.what)
    assert (1, What.RECOVERED) == (second.times, second.what)


def test_two_replicas_the_stream_the_list_and_a_notification_tell_once(make, database, clock):
    one, other = make(), make()
    known_and_well(one, APP)
    other.lists()
    other.looks()
    one.argocd.is_so(APP, **failed(clock))
    for replica in (one, other, one, other):
        replica.hears(APP)
        replica.lists()
        for _ in range(20):
            replica.watching.delivered(notification(clock))
    one.looks()
    other.watching.round("main")
    one.looks()
    other.looks()
    assert 1 == len(told(database))
    assert 1 == len(
        [act for act in ActBook(database).latest() if act.what is Deed.FOREIGN_SYNC_FAILED]
    )


@pytest.mark.parametrize("events", [*permutations(["sync-failed", "degraded", "deployed"])])
def test_notifications_in_any_order_tell_what_is_so(make, database, argocd, clock, events):
    """What they say is not believed: that of a failure that is over is no new failure."""
    replica = make()
    known_and_well(replica, APP)
    argocd.is_so(APP, **failed(clock))
    replica.watching.delivered(notification(clock))
    replica.looks()
    argocd.is_so(APP, revisions=(OLD,))
    for event in events:
        replica.watching.delivered(replace(notification(clock), event=event))
        replica.looks()
    clock.passes(WELL_FOR)
    replica.looks()
    (story,) = told(database)
    assert (What.RECOVERED, 1) == (story.what, story.times)


def notification(clock, **changes):
    body = {"instance": "main", "ns": "argocd", "name": APP} | changes
    return Delivery("argocd", "x", "degraded", body, clock.now())


def test_what_says_nothing_new_costs_no_look(make, argocd):
    replica = make()
    known_and_well(replica, APP)
    before = argocd.asked["look"]
    for _ in range(1000):
        argocd.is_so(APP)  # Argo CD compared it again: another version, and nothing else.
        replica.hears(APP)
        replica.lists()
    replica.looks()
    assert before == argocd.asked["look"]


def test_a_thousand_hints_are_few_looks(make, argocd):
    replica = make()
    known_and_well(replica, APP)
    before = argocd.asked["look"]
    for number in range(1000):
        argocd.is_so(APP, images=(f"ghcr.io/xiilab/astrago-backend:{number}",))
        replica.hears(APP)
    replica.looks()
    replica.looks()
    assert before + 1 == argocd.asked["look"]


def test_a_start_asks_only_for_what_changed_meanwhile(make, argocd, clock):
    names = [f"s{number}-stage" for number in range(30)]
    config = several(30)
    known_and_well(make(config=config), *names)
    argocd.is_so(names[3], **failed(clock))
    before = argocd.asked["look"]
    again = make(config=config)
    again.lists()
    again.looks()
    assert before + 1 == argocd.asked["look"]


def test_missed_events_and_a_list_that_comes_later_still_tell_the_end(
    make, database, argocd, clock
):
    replica = make()
    known_and_well(replica, APP)
    argocd.is_so(APP, **failed(clock))
    replica.lists()
    replica.looks()
    (story,) = told(database)
    assert What.SYNC_FAILED is story.what


def test_an_argocd_that_is_away_is_asked_again(make, database, argocd, clock):
    replica = make()
    known_and_well(replica, APP)
    argocd.is_so(APP, **failed(clock))
    argocd.away = Unavailable("Argo CD main", "answer")
    replica.hears(APP)
    replica.looks()
    assert [] == told(database)
    argocd.away = None
    clock.passes(timedelta(minutes=1))
    replica.looks()
    assert 1 == len(told(database))


def test_an_application_that_goes_away_ends_its_note(make, database, argocd, clock):
    replica = make()
    known_and_well(replica, APP)
    argocd.is_so(APP, **failed(clock))
    replica.hears(APP)
    replica.looks()
    del argocd.applications["argocd", APP]
    replica.hears(APP)
    replica.looks()
    (story,) = told(database)
    assert story.gone
    assert not story.stands


def test_one_that_is_not_configured_any_more_ends_its_note(make, database, argocd, clock):
    replica = make(config=several(2))
    known_and_well(replica, APP, "s1-stage")
    argocd.is_so("s1-stage", **failed(clock))
    replica.hears("s1-stage")
    replica.looks()
    replica.close()
    smaller = make(config=several(1))
    clock.passes(HOUR)
    smaller.looks()
    (story,) = told(database)
    assert story.gone


def test_what_is_heard_during_a_look_is_looked_at_again(make, argocd):
    replica = make()
    known_and_well(replica, APP)
    before, well = argocd.asked["look"], argocd.applications["argocd", APP]
    argocd.is_so(APP, sync=Sync.OUT_OF_SYNC)
    argocd.meanwhile = lambda: replica.watching.heard("main", shown(well))
    replica.hears(APP)
    replica.looks()
    argocd.meanwhile = None
    replica.looks()
    assert before + 2 == argocd.asked["look"]


def test_one_made_anew_is_seen_for_the_first_time(make, database, argocd, clock):
    replica = make()
    known_and_well(replica, APP)
    argocd.is_so(APP, **failed(clock))
    replica.hears(APP)
    replica.looks()
    argocd.is_so(APP, uid="another", **degraded())
    replica.hears(APP)
    replica.looks()
    clock.passes(HOUR)
    replica.looks()
    (story,) = told(database)
    assert story.gone


def test_equal_names_in_other_namespaces_are_others(make, database, argocd, clock):
    here = target("s0", application=Application("main", APP))
    there = target("s1", application=Application("main", APP, "team-a"))
    replica = make(config=catalog([here, there]))
    for namespace in ("argocd", "team-a", "team-b"):
        argocd.is_so(APP, namespace)
    replica.lists()
    replica.looks()
    argocd.is_so(APP, "team-a", **failed(clock))
    replica.hears(APP, namespace="team-a")
    argocd.is_so(APP, "team-b", **failed(clock))
    replica.hears(APP, namespace="team-b")
    replica.looks()
    (story,) = told(database)
    assert (("s1",), "team-a") == (story.subject.services, story.subject.namespace)


def test_of_several_services_in_one_application_those_whose_image_moved_are_named(
    make, database, argocd, clock
):
    app = Application("main", "astrago")
    other = "ghcr.io/xiilab/astrago-frontend"
    config = catalog([target("core", application=app), target("web", application=app, image=other)])
    replica = make(config=config)
    argocd.is_so("astrago", images=("ghcr.io/xiilab/astrago-backend:1", f"{other}:1"))
    replica.lists()
    replica.looks()
    changed = {"images": ("ghcr.io/xiilab/astrago-backend:1", f"{other}:1", f"{other}:2")}
    argocd.is_so("astrago", **failed(clock), **changed)
    replica.hears("astrago")
    replica.looks()
    (story,) = told(database)
    assert ("web",) == story.subject.services


# ours


def ours(replica, clock, phase=Phase.FOLLOWING):
    """Let an operation of ours be on the application, with SHA as its commit."""
    store = replica.store
    made, _ = store.receive(request(services=("s0",)), "asked", clock.now())
    for each in (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, phase):
        changes = {"written": written(clock)} if each is Phase.FOLLOWING else {}
        assert store.move(made.id, each, clock.now(), each.value, changes=changes)
    return made.id


def written(clock):
    return Written(SHA, "https://github.com/x", clock.now())


def test_what_an_operation_of_ours_causes_is_told_on_its_card_alone(make, database, argocd, clock):
    replica = make(tellings=everything())
    known_and_well(replica, APP)
    operation = ours(replica, clock)
    clock.passes(5 * SECOND)
    argocd.is_so(APP, **degraded(**failed(clock)))
    replica.hears(APP)
    for _ in range(5):
        clock.passes(QUIET)
        replica.looks()
    replica.store.move(operation, Phase.FAILED, clock.now(), "failed")
    for _ in range(5):
        clock.passes(QUIET)
        replica.looks()
    assert [] == told(database)
    assert () == ActBook(database).latest()


def test_nothing_is_judged_while_a_commit_of_ours_is_being_written(make, database, argocd, clock):
    replica = make()
    known_and_well(replica, APP)
    ours(replica, clock, Phase.COMMITTING)
    argocd.is_so(APP, **failed(clock))
    replica.hears(APP)
    replica.looks()
    replica.looks()
    assert [] == told(database)


def test_what_turns_bad_after_our_deploy_went_live_names_it(make, database, argocd, clock):
    replica = make()
    known_and_well(replica, APP)
    operation = ours(replica, clock)
    replica.store.move(operation, Phase.LIVE, clock.now(), "live")
    clock.passes(HOUR)
    argocd.is_so(APP, **degraded(revisions=(SHA,)))
    replica.hears(APP)
    replica.looks()
    clock.passes(QUIET)
    replica.looks()
    (story,) = told(database)
    assert (What.DEGRADED, operation) == (story.what, story.operation)


# which, where


def test_what_is_switched_off_is_not_told_and_stands_in_the_history(make, database, argocd, clock):
    tellings = Tellings("C0CI", apps=[("s0-*", Wish(events={What.SYNC_FAILED: False}))])
    replica = make(tellings=tellings)
    known_and_well(replica, APP)
    argocd.is_so(APP, **failed(clock))
    replica.hears(APP)
    replica.looks()
    assert [] == told(database)
    (act,) = ActBook(database).latest()
    assert (Deed.FOREIGN_SYNC_FAILED, "s0/stage") == (act.what, act.subject)


def test_a_persons_sync_is_told_in_production(make, database, argocd, clock):
    for production in (False, True):
        replica = make(config=several(1, production=production))
        known_and_well(replica, APP)
        clock.passes(SECOND)
        by = {"phase": OperationPhase.SUCCEEDED, "automated": False, "username": "kim"}
        argocd.is_so(APP, operation_state=failed(clock, **by)["operation_state"])
        replica.hears(APP)
        replica.looks()
        assert production is bool(told(database))


def test_other_channels_are_told_and_told_of_the_end(make, database, argocd, clock):
    rules = [NotifyRule("PAGER", frozenset({Happening.SYNC_FAILED}))]
    replica = make(alerts=Alerts(rules), config=several(1, production=True))
    known_and_well(replica, APP)
    argocd.is_so(APP, **failed(clock))
    replica.hears(APP)
    replica.looks()
    argocd.is_so(APP, revisions=(OLD,))
    replica.hears(APP)
    replica.looks()
    clock.passes(WELL_FOR)
    replica.looks()
    with database.read() as connection:
        rows = connection.execute(sa.select(alert_rows).order_by(alert_rows.c.id)).all()
    assert [False, True] == [row.resolves for row in rows]
    assert 1 == len({row.dedup for row in rows})
    assert Severity.CRITICAL == rows[0].alert["severity"]
    assert "Sync failed: s0 in stage" in rows[0].alert["title"]


# many


def test_many_at_once_are_a_few_notes_and_one_for_the_rest(make, database, argocd, clock):
    names = [f"s{number}-stage" for number in range(40)]
    replica = make(config=several(40))
    known_and_well(replica, *names)
    for name in names:
        argocd.is_so(name, **failed(clock))
    replica.hears(*names)
    replica.looks()
    notes = told(database)
    (crowd,) = [one for one in notes if isinstance(one, Crowd)]
    assert 4 == len([one for one in notes if isinstance(one, Story)])
    assert (36, 36, 20) == (crowd.standing, crowd.total, len(crowd.members))

    for name in names[:-1]:
        argocd.is_so(name, revisions=(OLD,))
    replica.hears(*names)
    replica.looks()
    clock.passes(WELL_FOR)
    replica.looks()
    (crowd,) = [one for one in told(database) if isinstance(one, Crowd)]
    assert (1, 36) == (crowd.standing, crowd.total)
    assert crowd.members[0].stands, "what stands is named first"


def test_a_list_shows_what_a_look_shows(argocd):
    argocd.is_so(APP, **degraded())
    assert shown(argocd.applications["argocd", APP]) in argocd.listing()


def test_environments_of_others_have_their_own_channel(make, database, argocd, clock):
    targets = [
        target("s0", "stage", application=Application("main", APP)),
        target("s0", "prod", application=Application("main", "s0-prod")),
    ]
    config = catalog(targets, [environment("stage"), environment("prod", production=True)])
    tellings = Tellings("C0CI", environments={"prod": Wish(channel="C0PROD")})
    replica = make(config=config, tellings=tellings)
    known_and_well(replica, APP, "s0-prod")
    for name in (APP, "s0-prod"):
        argocd.is_so(name, **failed(clock))
    replica.hears(APP, "s0-prod")
    replica.looks()
    with database.read() as connection:
        found = connection.execute(sa.select(note_rows.c.receiver).order_by(note_rows.c.receiver))
        assert ["C0CI", "C0PROD"] == list(found.scalars())
