"""Break-glass: who may goes past some rules, loudly; nobody goes past the others."""

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.operations.identity.roster import MEMBERS_FOR
from sandbox.ci import Verdict
from sandbox.wire import Fault, answer
from tests.scenarios.story import told_in

CODE = "pingvas/pingvas-studio"
BECAUSE = "override because nobody can log in, ask @here <!channel>"
MEMBERS = "team_members"


def overridable_dev(text):
    """Return the ``shipmate.yaml`` with the same right in dev."""
    return text.replace("override: {", "override: {dev: [platform-admins], ")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("override")
    with told_in(folder, "pingvas", speed=60.0, config=overridable_dev) as told:
        yield told


@pytest.fixture
def told(world):
    yield world
    world.github.disarm()


def new_version(told, verdict=Verdict.GREEN, branch="main"):
    number = len(told.github.log(CODE, branch))
    sha = told.github.push(CODE, branch, {"change.txt": f"{number}\n"}, message="fix the login")
    told.world.ci.says(CODE, sha, verdict)
    return sha


def overrides(told, service, sha, by="U0CAROL"):
    """Override with *service*; return the operation as it ended, its card shown."""
    return told.ends(told.types(f"/deploy {service} {sha} prod {BECAUSE}", by=by))


def is_refused(told, service, sha, by="U0CAROL"):
    """Override with *service* and be refused; return why."""
    number = told.operation(told.types(f"/deploy {service} {sha} prod {BECAUSE}", by=by)).id
    assert told.world.until(lambda: told.store.operation(number).phase.ended, 30)
    ended = told.store.operation(number)
    assert Phase.REFUSED is ended.phase, told.timeline(number)
    assert told.world.until(lambda: any(number in one.words for one in told.slack.dm(by)), 20)
    assert [] == announced(told, ended)
    return ended.problem.reason


def announced(told, operation, channel="C0DEPLOY"):
    """Return the announcements of the operation's override that stand in *channel*."""
    key = f"{operation.key}.override"
    return [m for m in told.slack.cards(channel) if m.metadata["event_payload"]["key"] == key]


def one_announcement(told, operation, channel="C0DEPLOY"):
    assert told.world.until(lambda: announced(told, operation, channel) != [], 20)
    (only,) = announced(told, operation, channel)
    return only


def says(told, text, by):
    """Type *text*, and wait for the answer behind the first one."""
    seen = len(told.slack.ephemerals(by))
    told.types(text, by=by)
    assert told.world.until(lambda: len(told.slack.ephemerals(by)) > seen + 1, 20)


def test_it_goes_past_freeze_red_checks_and_approval_and_everybody_reads_so(told):
    sha = new_version(told, Verdict.RED)
    says(told, "/ship freeze prod because the fair", "U0BOB")

    ended = overrides(told, "user-service", sha)
    says(told, "/ship unfreeze prod", "U0BOB")

    assert Phase.LIVE is ended.phase, told.timeline(ended.id)
    message = one_announcement(told, ended)
    said = " ".join(message.words.split())
    for part in ("Override in prod", "carol-park", "user-service", ended.id, "nobody can log in"):
        assert part in said, (part, said)
    for skipped in ("Approval skipped", "Checks skipped", "Freeze skipped"):
        assert skipped in said, (skipped, said)
    for passed in ("Order", "Soak", "Image"):
        assert passed not in said, (passed, said)
    assert "Override by" in told.card(ended.id).words
    assert "nobody can log in" in told.card(ended.id).words
    assert "Shipmate-Override: nobody can log in" in told.commits()[0][1]
    assert "Approved-by" not in told.commits()[0][1]
    assert "checks, freeze" == dict(told.timeline(ended.id))["queued"]["skipped"]


def test_those_who_would_have_been_asked_are_called_and_nobody_else(told):
    ended = overrides(told, "payment-service", new_version(told))
    message = one_announcement(told, ended)
    called = mentions(message)
    assert {"U0ALICE", "U0BOB", "U0CAROL"} == called, "sre, and carol who did it"
    assert "For " in message.words
    assert "<!" not in message.text
    assert not any(part in str(message.blocks) for part in ("broadcast", "usergroup"))


def mentions(message):
    """Return the Slack ids of everybody whom *message* calls."""

    def users(part):
        match part:
            case {"type": "user", "user_id": user}:
                yield user
            case dict():
                for value in part.values():
                    yield from users(value)
            case list() | tuple():
                for one in part:
                    yield from users(one)

    return set(users(message.blocks))


def test_it_is_announced_without_names_while_github_does_not_tell_them(told):
    told.github.arm(MEMBERS, Fault(answer=lambda: answer({"message": "down"}, 503)), times=None)
    # At this speed the five minutes for which members are remembered are five seconds.
    forgotten = told.world.clock.now() + MEMBERS_FOR
    assert told.world.until(lambda: told.world.clock.now() > forgotten, 20)
    ended = overrides(told, "gallery-service", new_version(told))
    assert Phase.LIVE is ended.phase, told.timeline(ended.id)
    assert {"U0CAROL"} == mentions(one_announcement(told, ended))


def test_it_is_no_yes_to_what_others_ask_for(told):
    sha = new_version(told)
    asked = told.operation(told.types(f"/deploy generation-service {sha} prod"))
    assert told.world.until(lambda: told.waits(asked.id)), told.timeline(asked.id)

    assert Phase.LIVE is overrides(told, "payment-service", sha).phase

    assert Phase.AWAITING is told.store.operation(asked.id).phase
    card = told.card(asked.id)
    assert "0 of 1" in card.words
    assert {"U0ALICE", "U0BOB"} == mentions(card), "who asked, and who can decide"
    told.types(f"/ship cancel {asked.id}")
    told.ends_with_id(asked.id)


def test_the_same_wish_that_waits_for_approval_gives_way_to_it(told):
    sha = new_version(told)
    asked = told.operation(told.types(f"/deploy user-service {sha} prod", by="U0CAROL"))
    assert told.world.until(lambda: told.waits(asked.id)), told.timeline(asked.id)

    ended = overrides(told, "user-service", sha)

    assert (asked.id, Phase.LIVE) != (ended.id, ended.phase), "it is another operation"
    assert Phase.LIVE is ended.phase
    assert Reason.SUPERSEDED is told.ends_with_id(asked.id).problem.reason


def test_without_the_right_it_is_refused_in_person_only(told):
    before = len(told.slack.messages("C0DEPLOY"))
    reason = is_refused(told, "user-service", new_version(told), by="U0ALICE")
    assert Reason.NO_OVERRIDE is reason
    assert before == len(told.slack.messages("C0DEPLOY"))


def test_without_a_reason_nothing_is_even_received(told):
    before = told.store.latest()
    reply = told.types(f"/deploy user-service {new_version(told)} prod override", by="U0CAROL")
    assert "because" in reply.words
    assert not reply.public
    assert before == told.store.latest()


def test_a_lock_is_not_skipped(told):
    says(told, "/ship lock gallery-service prod because I look at it", "U0BOB")
    reason = is_refused(told, "gallery-service", new_version(told))
    says(told, "/ship unlock gallery-service prod", "U0BOB")
    assert Reason.LOCKED is reason


def test_a_missing_image_is_not_skipped(told):
    sha = new_version(told)
    image = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/gallery-service"
    told.world.images.remove(f"{image}:{sha}")
    assert Reason.IMAGE_MISSING is is_refused(told, "gallery-service", sha)


def test_where_nothing_had_to_be_skipped_it_is_marked_all_the_same(told):
    """In dev nobody is asked."""
    sha = new_version(told, branch="develop")
    ended = told.ends(told.types(f"/deploy user-service {sha} dev {BECAUSE}", by="U0CAROL"))
    assert Phase.LIVE is ended.phase, told.timeline(ended.id)
    said = one_announcement(told, ended, "C0DEV").words
    assert "Override in dev" in said
    assert "Nothing had to be skipped" in said
    assert "Override by" in told.card(ended.id).words
    assert "Shipmate-Override: nobody can log in" in told.commits()[0][1]
