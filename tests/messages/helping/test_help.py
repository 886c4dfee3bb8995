from dataclasses import replace

import pytest

from bot.domain.commands import VERBS, Misread, parse
from bot.messages.helping import help as helping
from tests.domain.catalogs import catalog
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

CATALOG = catalog()


def test_the_overview_shows_examples_that_work_here():
    assert (
        "*Shipmate* deploys by one commit to Git and follows it until it runs.\n"
        "Services here: *core* (dev, stage and prod), *batch* (dev and stage), "
        "*user-service* (dev and prod), *frontend* (prod)\n"
        "*Change*: `deploy`, `promote` and `rollback`.\n"
        "*Look*: `why`, `status`, `history`, `diff`, `drift` and `rollout`.\n"
        "*Stop*: `cancel`, `lock`, `unlock`, `freeze`, `unfreeze`, `hold`, `release`"
        " and `resume`.\n"
        "*Yourself*: `whoami`, `link` and `unlink`.\n"
        "`/deploy` alone opens a form. `/ship help <command>` tells more of each. For example:\n"
        "    /deploy core a1b2c3d4 dev\n"
        "    /promote core dev stage\n"
        "    /rollback core dev\n"
        "    /ship why /deploy core a1b2c3d4 dev\n"
        "    /ship status core dev\n"
        "    /ship lock core dev for 2h because we migrate its database"
    ) == read(helping.overview(CATALOG))


def test_a_promote_is_shown_with_names_of_here_where_no_environment_says_what_is_before_it():
    loose = {name: replace(one, after=None) for name, one in CATALOG.environments.items()}
    shown = read(helping.topic("promote", replace(CATALOG, environments=loose)))
    assert "/promote core dev stage" in shown


@pytest.mark.parametrize("topic", ["", *helping.TOPICS])
def test_every_example_is_a_command_that_is_understood(topic):
    message = helping.topic(topic, CATALOG)
    copied = [line.strip() for line in read(message).splitlines() if line.startswith("    ")]
    assert copied
    for example in copied:
        command, _, words = example.partition(" ")
        assert not isinstance(parse(command.lstrip("/"), words, CATALOG), Misread), example
    assert_slack_takes(message)


def test_every_command_is_a_topic():
    assert set(helping.TOPICS) == set(VERBS) - {"help"}


def test_every_topic_stands_in_one_group_of_the_overview():
    grouped = [topic for group in helping.GROUPS.values() for topic in group]
    assert sorted(grouped) == sorted(helping.TOPICS)


@pytest.mark.parametrize("word", ["help", "<!channel>", "x" * 40_000])
def test_an_unknown_topic_gets_the_overview(word):
    assert helping.overview(CATALOG) == helping.topic(word, CATALOG)


def test_a_long_catalog_is_cut_and_counted():
    homes = {f"service-{n}" * 6: ("dev", "stage", "prod") for n in range(200)}
    message = helping.overview(catalog(homes))
    assert_slack_takes(message)
    assert " more" in read(message)


def test_without_any_service_the_examples_stand_for_themselves():
    assert "/deploy core a1b2c3d4 stage" in read(helping.overview(catalog({})))
