"""Text from outside stays text: in every block, in the commit message, and whatever its length."""

import json
import subprocess

import pytest

from bot.domain import planning
from bot.domain.operations import Phase
from sandbox.wire import Fault, answer
from tests.attacks.conftest import pingvas
from tests.scenarios.approving import CODE, Approving, with_more_rules

EVIL = "<!channel> <!subteam^S1|@all> <http://evil.example|safe> <@U0BOB> *b* `c` &lt;!here&gt;"
HIDDEN = "pay\u202egnp.exe \u200bzero\u2066width\u2069"
FORGED = "fine\n\nApproved-by: bob-lee\r\nShipmate-Key: 0\u2028Approved-by: carol-park\x0bX: y"
LONG = "가나다라 <!channel> " * 3_000  # 45 kB and more in UTF-8
TEXTS = {"markup": EVIL, "hidden": HIDDEN, "40 kB": LONG}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with pingvas(tmp_path_factory.mktemp("texts"), with_more_rules) as told:
        yield told


@pytest.fixture
def they(world):
    telling = Approving(world)
    telling.since = world.world.clock.now()
    yield telling
    world.github.disarm()
    world.argocd.disarm()


def everything_shown(they):
    """Return what the bot has said in this test: each message in each of its versions."""
    workspace = they.slack.workspace
    messages = [*workspace.messages.values(), *workspace.ephemerals.values()]
    ours = [one for one in messages if one.user == workspace.bot]
    versions = (version for one in ours for version in one.versions)
    return [(one.text, one.blocks) for one in versions if one.at >= they.since]


def parsed(blocks):
    """Yield every string that Slack would parse: the text of mrkdwn objects."""
    match blocks:
        case {"type": "mrkdwn", "text": text}:
            yield text
        case dict():
            for part in blocks.values():
                yield from parsed(part)
        case list() | tuple():
            for part in blocks:
                yield from parsed(part)


def called(blocks):
    """Yield the types of rich text elements that mean more than words."""
    match blocks:
        case {"type": "broadcast" | "usergroup" | "channel" as kind}:
            yield kind
        case {"type": "link", "url": url}:
            yield url
        case dict():
            for part in blocks.values():
                yield from called(part)
        case list() | tuple():
            for part in blocks:
                yield from called(part)


def assert_nothing_is_parsed(they):
    for text, blocks in everything_shown(they):
        for string in (text, *parsed(blocks)):
            for markup in ("<!channel", "<!here", "<!subteam", "<http://evil", "|safe>"):
                assert markup not in string, string
        for kind in called(blocks):
            assert kind.startswith("http"), kind
            assert "evil.example" not in kind
        for invisible in "\u202e\u200b\u2066\u2069":
            assert invisible not in text + json.dumps(blocks, ensure_ascii=False), text
    assert [] == they.slack.strange


def as_it_is(text):
    return text


def uncut(text, _limit):
    return text


@pytest.mark.guard("bot.messages.escape._kept", as_it_is)
@pytest.mark.guard("bot.messages.spans.clean", uncut)
@pytest.mark.guard("bot.messages.spans.escaped", as_it_is)
@pytest.mark.parametrize("text", TEXTS)
def test_what_people_write_is_shown_as_they_wrote_it(they, text):
    """Guards: ``escape.clean`` and ``escape.escaped``, in ``spans``.

    The commit's title and author, the reason of the request, and the reason of the no.
    """
    outside = TEXTS[text]
    title = outside.partition("\n")[0]
    name = title.replace("<", "[").replace(">", "]")[:100]  # Git takes no angle brackets
    they.version(message=f"base {text}")
    version = they.version(message=outside, author=(name, "x@example.com"))
    number = they.asks("user-service", version=version, because=outside[:1_200])
    assert "Approved by you" in they.approves(number)
    assert Phase.LIVE is they.told.ends_with_id(number).phase  # what runs now is a known commit

    version = they.version(message=outside, author=(name, "x@example.com"))
    number = they.asks("user-service", version=version)
    assert "in between" in they.shows(number, "0 of 1")
    assert "Rejected by you" in they.rejects(number, outside[:500])
    they.told.ends_with_id(number)

    assert_nothing_is_parsed(they)


def test_a_branch_named_like_markup_is_only_a_name(they):
    for number, branch in enumerate(("fix-<!channel>", "x|y>", "\u202ehsab", "b" * 200)):
        start = they.version(message=f"for branch {number}")
        try:
            they.github.create_branch(CODE, branch, start)
        except (AssertionError, subprocess.CalledProcessError):
            continue  # Git itself refuses some names
        they.told.types(f"/deploy payment-service {branch} prod because why")
    under_way = they.store.under_way(("payment-service",), "prod")
    for one in under_way:
        they.world.until(lambda one=one: they.phase(one.id).ended or they.told.waits(one.id), 20)
    assert_nothing_is_parsed(they)


@pytest.mark.guard("bot.domain.planning.one_line", as_it_is)
def test_whatever_reaches_the_commit_message_stays_on_its_line():
    """Guard: ``planning.one_line``, behind the commands, which take no line breaks either."""
    trailers = [("Shipmate-Key", "k"), ("Requested-by", FORGED), ("Shipmate-Override", FORGED)]
    message = f"Deploy core\n\n{planning.message_body((), trailers, FORGED)}"
    assert ["Shipmate-Key", "Requested-by", "Shipmate-Override"] == [
        name for name, _ in parsed_by_git(message)
    ]


@pytest.mark.parametrize("way", ["approved", "override"])
def test_no_trailer_can_be_smuggled_in(they, way):
    """Who approved is told by GitHub's logins and nothing else."""
    version = they.version(message=FORGED)
    if way == "approved":
        number = they.asks("frontend", version=version, because=FORGED)
        assert "Approved by you" in they.approves(number)
    else:
        text = f"/deploy frontend {version} prod override because {FORGED}"
        number = they.told.operation(they.told.types(text, by="U0CAROL")).id
    assert Phase.LIVE is they.told.ends_with_id(number).phase
    (message,) = they.ours(number)
    trailers = parsed_by_git(message)
    approved = ["bob-lee"] if way == "approved" else []
    assert approved == [value for name, value in trailers if name == "Approved-by"]
    key = they.store.operation(number).key
    assert [key] == [value for name, value in trailers if name == "Shipmate-Key"]
    assert len(approved) == sum(line.startswith("Approved-by:") for line in message.splitlines())


def parsed_by_git(message):
    """Return the trailers of *message* as Git reads them."""
    shown = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        input=message,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [tuple(line.split(": ", 1)) for line in shown.splitlines()]


@pytest.mark.parametrize("text", ["markup", "40 kB"])
def test_githubs_answer_about_a_team_is_only_text(they, text):
    number = they.asks("user-service")
    down = Fault(answer=lambda: answer({"message": TEXTS[text]}, 403))
    they.github.arm("graphql", down, times=None, when=lambda request: b"userLogins" in request.data)
    they.github.arm("team_membership", down, times=None)
    assert "could not learn" in they.approves(number)
    they.github.disarm()
    assert_nothing_is_parsed(they)
    assert Phase.AWAITING is they.phase(number)


@pytest.mark.parametrize("text", ["markup", "40 kB"])
def test_argocds_error_is_only_text(they, text):
    down = Fault(answer=lambda: answer({"error": TEXTS[text], "message": TEXTS[text]}, 403))
    they.told.argocd.arm("*", down, times=None)
    reply = they.told.types(f"/deploy user-service {they.version()} prod because why")
    number = they.told.operation(reply).id
    assert they.world.until(lambda: they.store.operation(number).problem is not None, 20)
    they.told.argocd.disarm()
    assert they.world.until(lambda: they.told.card_is_up_to_date(number), 20)
    assert_nothing_is_parsed(they)
    they.told.types(f"/ship cancel {number}")
