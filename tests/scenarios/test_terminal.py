"""The same words in a shell: deployed, approved, refused and looked at, with and without Slack."""

import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.messages.terminal import INTERRUPTED
from bot.operations.sql.moved_away import leave_note
from bot.terminal.ends import End
from bot.terminal.orders import Waiting
from sandbox.wire import Fault, answer
from tests.builders import NOON
from tests.scenarios.approving import Approving, with_more_rules
from tests.scenarios.story import told_in
from tests.terminal.desk import BOB, CAROL, MALLORY, Terminals

GO = Waiting(most=timedelta(seconds=60))
BRIEFLY = Waiting(wait=False)
ALICES = "github:58101"
DOWN = Fault(answer=lambda: answer({"ok": False, "error": "internal_error"}, 500))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terminal")
    with told_in(folder, "pingvas", speed=60.0, config=with_more_rules) as told:
        told.terminals = Terminals(told.world, f"sqlite:///{folder / 'shipmate.db'}")
        yield told


@pytest.fixture
def they(world):
    yield Approving(world)
    world.github.disarm()
    world.slack.disarm()


@pytest.fixture
def shell(world):
    return world.terminals


def asked(they, shell, service="user-service", **more):
    """Ask for production from a shell; return the operation's id once it waits for approval."""
    words = f"deploy {service} {they.version()} prod because of it"
    ordered = shell.types(words, waiting=BRIEFLY, as_json=True, **more)
    assert End.UNDER_WAY is ordered.end, ordered.text
    number = ordered.rows[0]["operation"]
    assert they.world.until(lambda: they.told.waits(number)), they.told.timeline(number)
    return number


def test_a_deploy_from_a_shell_goes_live_and_is_followed(they, shell, world):
    number = asked(they, shell)
    request = world.store.operation(number).request
    assert ALICES == request.requester

    said = shell.types(f"approve {number}", by=BOB)
    assert (End.DONE, f"Approved by you: {number}") == (said.end, said.text.partition(".")[0])
    followed = shell.types(f"follow {number}", by=BOB, waiting=GO)

    assert End.DONE is followed.end, followed.text
    assert "Live · after" in followed.text
    assert "commit " in followed.text
    (message,) = they.ours(number)
    assert f"Requested-by: {request.requester} (alice-kim)" in message
    assert "Approved-by: bob-lee" in message


def test_four_eyes_are_two_accounts_whatever_they_speak_through(they, shell):
    """Who asked in a shell may not approve in Slack, nor who asked in Slack in a shell."""
    in_shell = asked(they, shell)
    assert "may not be the one who approves it" in they.approves(in_shell, by="U0ALICE")
    mine = shell.types(f"approve {in_shell}", as_json=True)
    assert (End.REFUSED, "refused") == (mine.end, mine.rows[0]["event"])
    assert they.still_waits(in_shell)
    assert End.DONE is shell.types(f"cancel {in_shell}").end

    in_slack = they.asks("user-service")
    assert End.REFUSED is shell.types(f"approve {in_slack}").end
    assert they.still_waits(in_slack)

    rejected = shell.types(["reject", in_slack, "because", "not on a *Friday*"], by=BOB)
    assert (End.DONE, True) == (rejected.end, "Rejected by you" in rejected.text)
    assert Reason.REJECTED_BY is they.refusal(in_slack)
    they.shows(in_slack, "not on a *Friday*")


def test_a_yes_of_somebody_without_the_right_does_not_count(they, shell):
    number = asked(they, shell)
    said = shell.types(f"approve {number}", by=MALLORY, as_json=True)
    assert (End.REFUSED, "not_an_approver") == (said.end, said.rows[0]["problem"]["reason"])
    assert they.still_waits(number)

    assert End.REFUSED is shell.types(f"cancel {number}", by=MALLORY).end
    assert End.REFUSED is shell.types(f"cancel {number}", by=BOB).end  # he approves there, no more
    assert they.still_waits(number)
    assert End.DONE is shell.types(f"cancel {number}", by=CAROL).end
    again = shell.types(f"cancel {number}")
    assert (End.REFUSED, True) == (again.end, "can no longer be cancelled" in again.text)


def test_who_may_not_deploy_is_refused_by_the_bot_and_reads_why(they, shell):
    words = f"deploy user-service {they.version()} prod"
    told = shell.types(words, by=MALLORY, as_json=True, waiting=GO)
    assert End.REFUSED is told.end
    last = told.rows[-1]
    assert ("ended", "refused", "not_permitted") == (
        last["event"], last["phase"], last["problem"]["reason"]
    )  # fmt: skip
    assert "platform-admins or release" in last["problem"]["next"]
    assert "mallory may not deploy" in shell.types(words, by=MALLORY, waiting=GO).text


def test_the_same_wish_from_a_shell_and_from_slack_is_one(they, shell, world):
    version = they.version()
    number = they.asks("user-service", version=version)
    told = shell.types(f"deploy user-service {version} prod", waiting=BRIEFLY, as_json=True)
    assert ("under_way", number) == (told.rows[0]["event"], told.rows[0]["operation"])
    assert End.DONE is shell.types(f"cancel {number}").end  # she may deploy there herself


def test_slack_is_down_and_the_card_comes_when_it_is_back(they, shell, world):
    """On call at 3 a.m.: ordered, approved and live without Slack; its card is told of it later."""
    world.slack.arm("*", DOWN, times=None)
    words = f"deploy user-service {they.version()} prod because of the night"
    ordered = shell.types(words, waiting=BRIEFLY, as_json=True)
    number = ordered.rows[0]["operation"]
    awaiting = lambda: world.store.operation(number).phase is Phase.AWAITING  # noqa: E731
    assert world.world.until(awaiting)

    assert End.DONE is shell.types(f"approve {number}", by=BOB).end
    followed = shell.types(f"follow {number}", waiting=GO)
    assert End.DONE is followed.end, followed.text
    assert world.card(number) is None

    world.slack.disarm()
    assert world.world.until(lambda: world.card_is_up_to_date(number), 60)
    they.shows(number, "alice-kim (terminal)", "of the night", "Approved by bob-lee (terminal)")


def test_looks_read_what_slack_would_say(they, shell):
    status = shell.types("status user-service", as_json=True)
    assert End.DONE is status.end, status.text
    prod = next(row for row in status.rows if row.get("environment") == "prod")
    assert ("user-service", [prod["git"]]) == (prod["service"], prod["runs"])
    assert "user-service/prod" in shell.types("status user-service prod").text

    why = shell.types(f"why deploy user-service {they.version()} prod", as_json=True)
    (row,) = why.rows
    assert (End.DONE, "needs_approval") == (why.end, row["decision"])
    assert {"identity", "right", "checks", "image"} <= {one["rule"] for one in row["rulings"]}
    refused = shell.types(f"why deploy user-service {they.version()} prod", by=MALLORY)
    assert (End.REFUSED, True) == (refused.end, "mallory may not deploy" in refused.text)

    who = shell.types("whoami", as_json=True)
    assert (End.DONE, ALICES, "yes") == (
        who.end, who.rows[0]["requester"], who.rows[0]["teams"]["sre"]
    )  # fmt: skip
    (between,) = shell.types("diff user-service dev prod", as_json=True).rows
    assert ("user-service", {"prod", "dev"}) == (
        between["service"], {between[side]["environment"] for side in ("older", "newer")}
    )  # fmt: skip
    drift = shell.types("drift prod", as_json=True)
    assert (End.DONE, ["prod"], 0) == (
        drift.end, drift.rows[0]["environments"], drift.rows[0]["quiet"]
    )  # fmt: skip


def test_a_lock_and_a_freeze_of_a_shell_are_those_of_slack(they, shell, world):
    locked = shell.types("lock user-service prod for 2h because of the migration")
    assert (End.DONE, True) == (locked.end, "Locked user-service" in locked.text), locked.text
    held = shell.types("lock user-service prod because mine", by=BOB)
    assert End.REFUSED is held.end, held.text
    assert "the migration" in they.says("/ship status user-service prod", "U0BOB")
    assert End.DONE is shell.types("unlock user-service prod").end
    assert End.REFUSED is shell.types("lock user-service prod because mine", by=MALLORY).end

    frozen = shell.types("freeze prod for 1h because of the sale")
    assert End.DONE is frozen.end, frozen.text
    assert End.DONE is shell.types("unfreeze prod").end


def test_who_interrupts_a_shell_stops_nothing_but_the_shell(they, shell):
    """The very program in a process of its own, and Ctrl-C."""
    number = asked(they, shell)
    # What runs in the background of a shell may have been told to ignore it.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{heed}; from bot.cli import app; app()"
    environment = {**shell.environment, "SHIPMATE_AS": "ghp_own-alice-kim"}
    with subprocess.Popen(
        [sys.executable, "-c", program, "follow", number],
        env=environment, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert "Waiting for approval" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        *_, last = process.stdout.read().splitlines()
    assert (130, INTERRUPTED) == (process.returncode, last)
    assert they.still_waits(number)
    assert End.DONE is shell.types(f"cancel {number}").end


def test_who_does_not_answer_is_told_and_ends_with_3(they, shell, world):
    away = shell.types("follow D-1", DATABASE_URL="postgresql://x@127.0.0.1:1/x", as_json=True)
    assert (End.AWAY, ["away"]) == (away.end, [one["event"] for one in away.rows])

    world.github.arm("*", Fault(answer=lambda: answer({"message": "down"}, 503)), times=None)
    away = shell.types("deploy user-service v1 prod")
    assert (End.AWAY, True) == (away.end, "Nothing was started" in away.text)


def test_a_database_that_moved_away_is_not_written_any_more(shell, tmp_path):
    database = tmp_path / "shipmate.db"
    database.touch()
    leave_note(database, "postgresql://db.example/shipmate", NOON)
    told = shell.types("status", DATABASE_URL=f"sqlite:///{database}")
    assert (End.REFUSED, True) == (told.end, "moved to postgresql://db.example" in told.text)


WRONG = [
    ("deploy user-servic a1b2c3d prod", "shipmate deploy user-service a1b2c3d prod"),
    ("deploy user-service", "shipmate deploy user-service <version> prod"),
    ("rollback user-service", "shipmate rollback user-service prod"),
    ("deploy", "shipmate help deploy"),
    ("approve", "shipmate approve D-4821"),
    ("reject D-1", "because"),
    ("follow D-99999", "no operation"),
    ("cancel nonsense", "nonsense"),
    ("lock user-service prod", "because"),
    ("why", "why"),
]


@pytest.mark.parametrize(("words", "expected"), WRONG, ids=[words for words, _ in WRONG])
def test_misread_words_end_with_2_and_what_would_do(shell, words, expected):
    told = shell.types(words)
    assert End.USAGE is told.end, told.text
    assert expected in told.text, told.text
