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
