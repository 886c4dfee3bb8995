import pytest

from bot.domain.commands import Misread, MisreadReason, parse
from bot.messages.misread import WORDS, misread
from bot.messages.spans import mrkdwn
from bot.messages.templates import fill
from tests.domain.catalogs import catalog
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

HOSTILE = ("<!channel>", "<https://evil.example|safe>", "`<@U1>`", "x" * 40_000, "&<>" * 5_000)
FACTS = (
    "verb length limit extra near known service environment environments version operation "
    "what end span longest"
)


def test_every_way_to_be_misread_has_words():
    assert set(MisreadReason) == set(WORDS)


@pytest.mark.parametrize("reason", list(MisreadReason))
def test_both_sentences_are_whole_without_any_fact(reason):
    for template in (WORDS[reason].what, WORDS[reason].next):
        assert mrkdwn(fill(template, {}), 4_000).endswith((".", "?"))


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("reason", list(MisreadReason))
def test_nothing_typed_is_read_as_markup(reason, hostile):
    text = Misread(reason, dict.fromkeys(FACTS.split(), hostile), (hostile,) * 5)
    assert_slack_takes(misread(text))


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        pytest.param(
            "deploy",
            "coer a1b2c3d4 stage",
            "There is no service *coer*.\n"
            "Did you mean `core`?\n"
            "To copy:\n"
            "    /deploy core a1b2c3d4 stage",
            id="a typo in the service",
        ),
        pytest.param(
            "deploy",
            "core a1b2c3d4 stagee",
            "There is no environment *stagee*.\n"
            "Did you mean `stage`?\n"
            "To copy:\n"
            "    /deploy core a1b2c3d4 stage",
            id="a typo in the environment",
        ),
        pytest.param(
            "deploy",
            "batch a1b2c3d4 prod",
            "*batch* does not live in *prod*; it lives in `dev` and `stage`.\n"
            "Name an environment it lives in.\n"
            "To copy:\n"
            "    /deploy batch a1b2c3d4 dev\n"
            "    /deploy batch a1b2c3d4 stage",
            id="a service that does not live there",
        ),
        pytest.param(
            "ship",
            "cancel",
            "No operation was named.\n"
            "Ids look like `D-4821` and stand on each card; "
            "`/ship status` shows what is under way.",
            id="cancel what?",
        ),
        pytest.param(
            "deploy",
            "core stage",
            "No version was named for *core*.\n"
            "Name a commit (short or full SHA), a branch or a Git tag.\n"
            "To copy, with your version in place of `<version>`:\n"
            "    /deploy core <version> stage",
            id="no version",
        ),
        pytest.param(
            "ship",
            "lock core prod for 2h",
            "`lock` needs a reason: others will want to know why.\n"
            "Put it behind `because`, in your own words.\n"
            "To copy, with your reason in place of `<reason>`:\n"
            "    /ship lock core prod for 2h because <reason>",
            id="a lock without a reason",
        ),
        pytest.param(
            "deploy",
            "core a1b2c3d4 prod override",
            "`override` needs a reason: others will want to know why.\n"
            "Put it behind `because`, in your own words.\n"
            "To copy, with your reason in place of `<reason>`:\n"
            "    /deploy core a1b2c3d4 prod override because <reason>",
            id="an override without a reason",
        ),
        pytest.param(
            "deploy",
            "core prod override",
            "No version was named for *core*.\n"
            "Name a commit (short or full SHA), a branch or a Git tag.\n"
            "To copy, with your version and reason in place of `<version>` and `<reason>`:\n"
            "    /deploy core <version> prod override because <reason>",
            id="two things to fill in",
        ),
        pytest.param(
            "ship",
            "lock core prod because &lt;reason&gt;",
            "The reason still is the `<reason>` of the line you copied.\n"
            "Put your own words in its place and send the line again.",
            id="nothing was filled in",
        ),
        pytest.param(
            "deploy",
            "core override a1b2c3d4 prod because x",
            "`override` has its place right before `because`, at the end of a command.\n"
            "Put it there, and your reason behind `because`; nothing was started.\n"
            "To copy:\n"
            "    /deploy core a1b2c3d4 prod override because x",
            id="an override in the wrong place",
        ),
        pytest.param(
            "ship",
            "freeze prod until monday because x",
            "`monday` is no end that can be read.\n"
            "Write `for 2h`, `for 1h30m`, `until 18:00`, `until 2026-12-01` or "
            "`until 2026-12-01T18:00`.\n"
            "To copy:\n"
            "    /ship freeze prod for 2h because x\n"
            "    /ship freeze prod because x",
            id="an end that cannot be read",
        ),
        pytest.param(
            "ship",
            "freeze prod for 2 years because x",
            "`2 years` is no time to wait: it has to be more than nothing and at most `366 days`.\n"
            "For longer, leave the end out and take it away when it is over.\n"
            "To copy:\n"
            "    /ship freeze prod for 2h because x\n"
            "    /ship freeze prod because x",
            id="an absurd span",
        ),
        pytest.param(
            "ship",
            "unfreeze",
            "No environment was named; it is never guessed.\n"
            "Name one of `dev`, `stage` and `prod`.\n"
            "To copy:\n"
            "    /ship unfreeze dev\n"
            "    /ship unfreeze stage\n"
            "    /ship unfreeze prod",
            id="no environment",
        ),
        pytest.param(
            "ship",
            "why status core a1b2c3d4 prod",
            "`why` looks ahead at a deploy, a promote or a rollback, not at `status`.\n"
            "Put the whole command behind `why`.\n"
            "To copy:\n"
            "    /ship why core a1b2c3d4 prod",
            id="why of another command",
        ),
        pytest.param(
            "promote",
            "core prod stage",
            "A promote goes forward, and *stage* does not come after *prod*.\n"
            "Name where from first, then where to; a deploy takes any version anywhere.\n"
            "To copy:\n"
            "    /promote core stage prod",
            id="a promote backwards",
        ),
        pytest.param(
            "promote",
            "frontend prod",
            "*frontend* lives in no environment that comes before *prod*.\n"
            "Name a later environment, or where from, too; or deploy a version there.",
            id="nothing to promote from",
        ),
        pytest.param(
            "promote",
            "all dev",
            "Services live in no environment that comes before *dev*.\n"
            "Name a later environment, or where from, too; or deploy a version there.\n"
            "To copy:\n"
            "    /promote all stage\n"
            "    /promote all prod",
            id="nothing to promote any from",
        ),
        pytest.param(
            "rollback",
            "all stage",
            "`rollback` takes services by name, not all at once.\n"
            "Name each of them, with commas between.\n"
            "To copy:\n"
            "    /rollback batch,core stage",
            id="a rollback of everything",
        ),
        pytest.param(
            "deploy",
            "x" * 3_000,
            "That text has 3000 characters; commands are read up to 2000.\n"
            "Send only the command: a service, a version and an environment.",
            id="far too long",
        ),
    ],
)
def test_it_reads(name, typed, expected):
    text = parse(name, typed, catalog())
    assert isinstance(text, Misread)
    assert expected == read(misread(text))


def test_the_corrected_lines_are_heard_too():
    text = parse("deploy", "coer a1b2c3d4 stage", catalog())
    assert "`/deploy core a1b2c3d4 stage`" in misread(text).text
