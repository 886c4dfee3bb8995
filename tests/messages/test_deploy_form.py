"""The form fits into Slack's limits whatever is chosen, and reads well."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.checks import Colour, Red
from bot.domain.commands.nouns import MisreadReason
from bot.domain.form import Choices, Field, Mistake, read
from bot.domain.form_filling import Filling, Offered, Versions, Waiting, Weighed
from bot.domain.message import Message
from bot.domain.problems import Problem, Reason
from bot.domain.rules import Judgement, Refused, judge
from bot.domain.rules.rulings import RuleName, Ruling, Verdict
from bot.domain.unknown import Unknown
from bot.messages.deploy_form import (
    MOST_OPTIONS,
    form,
    mistakes_at,
    not_opened,
    only_by_command,
    service_options,
)
from sandbox.slack.elements import option_flaws
from sandbox.slack.views import modal_flaws
from tests.domain.catalogs import HOMES, catalog
from tests.domain.policies import NOON, OUT, SHA, facts, proposal, target_facts
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read as read_message
from tests.messages.test_why import HOSTILE

CATALOG = catalog()
MANY = catalog({f"service-{n:03}": ("dev", "prod") for n in range(500)})


def offered(**changes):
    made = {
        "sha": SHA,
        "title": "fix(core): login",
        "author": "alice",
        "at": NOON - timedelta(hours=2),
        "colour": Colour.GREEN,
    }
    return Offered(**(made | changes))


def made(choices=None, filling=None, among=CATALOG, metadata="{}"):
    view = form(choices or Choices(), filling or Filling(), among, metadata)
    assert [] == modal_flaws(json.loads(json.dumps(view)), new_blocks=False)
    assert len(json.dumps(view)) < 250_000
    return view


def fields(view):
    """Return the inputs by action id."""
    return {
        block["element"]["action_id"]: block for block in view["blocks"] if block["type"] == "input"
    }


def options(view, field):
    element = fields(view)[field.value]["element"]
    groups = element.get("option_groups") or [{"options": element["options"]}]
    return [
        (one["text"]["text"], one["value"], one.get("description", {}).get("text"))
        for group in groups
        for one in group["options"]
    ]


def said(view):
    """Return what stands in the form besides its inputs."""
    shown = [block for block in view["blocks"] if block["type"] == "rich_text"]
    return read_message(Message("", tuple(shown)))


def test_an_empty_form_asks_for_everything():
    view = made()
    wanted = {Field.SERVICES, Field.ENVIRONMENT, Field.WRITTEN, Field.REASON}
    assert {field.value for field in wanted} == set(fields(view))
    assert ["dev", "stage", "prod"] == [value for _, value, _ in options(view, Field.ENVIRONMENT)]
    assert (
        "Choose services, and their newest commits are listed here.\n"
        "With services, environment and version, the policy's word stands here."
    ) == said(view)


def test_only_environments_in_which_the_services_live_can_be_chosen():
    view = made(Choices(("batch", "core"), "stage"))
    assert ["dev", "stage"] == [value for _, value, _ in options(view, Field.ENVIRONMENT)]
    assert "stage" == fields(view)[Field.ENVIRONMENT.value]["element"]["initial_option"]["value"]
    assert "initial_option" not in fields(made(Choices(("batch",), "prod")))["form_environment"]


def test_another_list_is_another_input_and_the_same_list_the_same():
    """Slack keeps a choice by block and action id, also one that is no longer offered."""

    def ids(services, repo):
        view = made(Choices(services), Filling(Versions(repo, (offered(),))))
        return [block["block_id"] for block in fields(view).values()]

    one, same, other = ids(("core",), "a/a"), ids(("core",), "a/a"), ids(("batch",), "b/b")
    assert one == same
    assert [True, False, False, True, True] == [a == b for a, b in zip(one, other, strict=True)]


def test_services_without_a_common_environment():
    view = made(Choices(("batch", "frontend")))
    assert Field.ENVIRONMENT.value not in fields(view)
    assert "⛔ These services share no environment: deploy them one after another." in said(view)


def test_versions_say_their_checks_author_and_time():
    versions = Versions(
        "acme/core",
        (
            offered(),
            offered(sha="b" * 40, colour=Colour.RED, author="이준호"),
            offered(sha="c" * 40, colour=Colour.PENDING, author=""),
            offered(sha="d" * 40, colour=None),
            offered(sha="e" * 40, colour=Unknown("no right")),
        ),
        (offered(tag="v1.2.3"),),
    )
    assert [
        ("a1b2c3d4 fix(core): login", SHA, "✅ checks green · alice · 2026-11-21 10:00 UTC"),
        ("bbbbbbbb fix(core): login", "b" * 40, "⛔ checks red · 이준호 · 2026-11-21 10:00 UTC"),
        ("cccccccc fix(core): login", "c" * 40, "⏳ checks running · 2026-11-21 10:00 UTC"),
        ("dddddddd fix(core): login", "d" * 40, "no checks · alice · 2026-11-21 10:00 UTC"),
        ("eeeeeeee fix(core): login", "e" * 40, "❔ checks unknown · alice · 2026-11-21 10:00 UTC"),
        (
            "v1.2.3 (a1b2c3d4) fix(core): login",
            "v1.2.3",
            "✅ checks green · alice · 2026-11-21 10:00 UTC",
        ),
    ] == options(made(filling=Filling(versions)), Field.PICKED)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        pytest.param(Waiting.READING, "⏳ Reading the newest commits…", id="being read"),
        pytest.param(
            Waiting.SEVERAL,
            "These services come from several repositories: write the version below.",
            id="several repositories",
        ),
        pytest.param(Versions("a/b", ()), "No commit of `a/b` can be listed.", id="none"),
        pytest.param(
            Versions("a/b", (), (offered(tag="t" * 151),)),
            "No commit of `a/b` can be listed.",
            id="a tag that no option can carry whole",
        ),
        pytest.param(
            Problem(
                Reason.UNAVAILABLE,
                {"system": "GitHub", "doing": "list the newest commits", "detail": "no answer"},
            ),
            "❔ The newest commits could not be read. GitHub gave no usable answer, so the bot"
            " could not list the newest commits (no answer). A version can still be written below.",
            id="GitHub is away",
        ),
    ],
)
def test_without_a_list_a_version_can_be_written(versions, expected):
    view = made(filling=Filling(versions))
    assert expected in said(view)
    assert Field.PICKED.value not in fields(view)
    assert "Version" == fields(view)[Field.WRITTEN.value]["label"]["text"]


@pytest.mark.parametrize(
    ("target", "changes", "expected"),
    [
        pytest.param(
            {},
            {},
            "To deploy core to prod at `a1b2c3d4`: it may start when 2 members of sre approve.",
            id="needs approval",
        ),
        pytest.param(
            {"checks": Red(("ci",))},
            {},
            "To deploy core to prod at `a1b2c3d4`: it may not start.\n"
            "• ⛔ Checks refuses: Checks of `a1b2c3d4` failed in `xiilab/astrago-backend`: `ci`.",
            id="one rule stops it",
        ),
        pytest.param(
            {"checks": Red(("ci",)), "image": Unknown("no answer")},
            {"memberships": {"release": OUT}},
            "• ⛔ Right refuses: @U0ALICE",
            id="no right",
        ),
    ],
)
def test_the_policys_word(target, changes, expected):
    asked = proposal()
    judgement = judge(asked, facts(target_facts(**target), **changes))
    view = made(filling=Filling(Waiting.CHOICE, Weighed(asked, judgement)))
    assert expected in said(view).replace("*", "")
    assert "passes" not in said(view)


def test_what_no_rule_words_is_said_with_the_decision():
    problem = Problem(Reason.FILE_MISSING, {"repo": "a/b", "branch": "main", "file": "x.yaml"})
    rulings = (Ruling(RuleName.CHECKS, Verdict.REFUSE, Reason.CHECKS_RED, {"repo": "a/c"}),)
    weighed = Weighed(proposal(), Judgement(rulings, Refused(problem)))
    view = made(filling=Filling(Waiting.CHOICE, weighed))
    assert "x.yaml" in said(view)
    assert "a/c" in said(view)


def test_mistakes_stand_where_the_verdict_would():
    found = read(Choices(("frontend",), "dev", None, "a b"), CATALOG)
    view = made(filling=Filling(Waiting.CHOICE, found))
    assert (
        "⛔ frontend does not live in dev; it lives in prod. Name an environment it lives in.\n"
        "⛔ a b cannot be a version: no commit, branch or tag is written so. Name a commit (short "
        "or full SHA), a branch or a Git tag."
    ) in said(view)


def test_five_hundred_services_are_offered_a_hundred_at_a_time():
    found = service_options(MANY.services, MANY)
    assert MOST_OPTIONS == len(found)
    assert [] == option_flaws(found)
    made(Choices(MANY.services, "dev"), among=MANY)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:20])
def test_nothing_from_outside_is_read_as_markup_or_too_long(hostile):
    commits = tuple(offered(sha=f"{n:040x}", title=hostile, author=hostile) for n in range(20))
    tags = tuple(offered(tag=f"v{n}", title=hostile) for n in range(10))
    told = dict.fromkeys(("service", "environment", "version", "versions", "known"), hostile)
    found = tuple(Mistake(Field.WRITTEN, reason, told) for reason in MisreadReason)
    problem = Problem(Reason.UNAVAILABLE, dict.fromkeys(("system", "doing", "detail"), hostile))
    choices = Choices((hostile,), hostile, hostile, hostile, hostile)
    for filling in (
        Filling(Versions(hostile, commits, tags), problem),
        Filling(problem, found),
        Filling(
            Waiting.READING, Weighed(proposal(version=hostile, services=(hostile,)), _all_no())
        ),
    ):
        view = made(choices, filling)
        assert '"mrkdwn"' not in json.dumps(view)
    assert all(len(words) <= 300 for words in mistakes_at(found).values())
    assert_slack_takes(not_opened(hostile))
    assert_slack_takes(only_by_command())


def _all_no():
    told = {"detail": "x" * 40_000}
    rulings = tuple(Ruling(r, Verdict.REFUSE, Reason.NOT_ANSWERED, told) for r in RuleName)
    return Judgement(rulings, Refused(Problem(Reason.NOT_ANSWERED, told)))


@settings(max_examples=60)
@given(
    st.builds(
        Choices,
        st.lists(st.sampled_from(sorted(HOMES)) | st.text(max_size=50)).map(tuple),
        st.none() | st.text(max_size=50) | st.sampled_from(["dev", "stage", "prod"]),
        st.none() | st.text(max_size=50),
        st.none() | st.text(max_size=50),
        st.none() | st.text(max_size=50),
    ),
    st.text(max_size=200),
    st.text(max_size=200),
)
def test_slack_takes_the_form_for_any_choices(choices, title, author):
    found = read(choices, CATALOG)
    verdict = found if isinstance(found, tuple) else Waiting.READING
    versions = Versions("a/b", (offered(title=title, author=author),))
    made(choices, Filling(versions, verdict))


def test_a_form_that_did_not_open_gives_the_typed_line():
    assert (
        "*The form did not open: *trigger_expired. Nothing was started.\n"
        "Type `/deploy` once more, or the whole line:\n"
        "    /deploy <service>[,<service>…] <version> <env> because <reason>"
    ) == read_message(not_opened("trigger_expired"))
