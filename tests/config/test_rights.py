"""Rights, approvals and rules of the file: what they mean, and what is refused."""

import json
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from bot.config import ConfigInvalid, People, Registry, Source, load, schema
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.environment_policy import AutoRollback, EnvironmentPolicy
from bot.domain.moving_tags import TagRule
from bot.domain.rights import Action
from bot.domain.stops.freezes import Dated, Weekly

GOOD = """\
github: {org: acme}
argocd: {main: {url: https://argocd.example.com}}
slack: {channels: {deploys: C0DEPLOY}}
gitops: {repo: acme/gitops}
environments:
  dev:
  stage: {after: dev, checks: {required: [stage]}}
  prod:
    after: stage
    soak: 30m
    approvals: {count: 2, from: [sre], self: true, authors: false, expires: 26h}
    tags: {deny: ["*-latest"], require: ["v*"]}
    freeze:
      - {days: fri-sun, from: "17:00", until: "09:00", zone: Asia/Seoul}
      - {dates: ["2026-12-24..2027-01-02"], zone: Asia/Seoul}
defaults: {checks: {required: [any]}}
permissions:
  deploy: {dev: [developers], prod: [sre, release]}
  lock: {prod: []}
people: {source: [map, profile], map: {U0ALICE: alice}, profile_field: Xf0123}
registries: {ghcr.io: , "localhost:5000": {url: http://localhost:5000}}
services:
  core: &one
    source: acme/core
    image: ghcr.io/acme/core
    tag: "{sha}"
    at: {file: "{service}-{env}.yaml", key: tag}
  web:
    <<: *one
    checks: {required: [web]}
    permissions: {deploy: {prod: [web-team]}}
    environments: {dev: , prod: {checks: {required: []}}}
"""


def problems(text):
    with pytest.raises(ConfigInvalid) as caught:
        load(text)
    return [str(problem) for problem in caught.value.problems]


def changed(old, new):
    assert 1 == GOOD.count(old)
    return GOOD.replace(old, new)


def test_an_environment_says_what_it_asks():
    rule = ApprovalRule(2, frozenset({"sre"}), True, False, timedelta(hours=26))
    rules = load(GOOD).catalog.environments["prod"].rules
    weekly, dated = rules.freezes
    assert (Weekly(4, 2, time(17), time(9)),) == weekly.stretches
    assert (Dated(date(2026, 12, 24), date(2027, 1, 2)),) == dated.stretches
    assert rules == EnvironmentPolicy(
        "prod",
        after="stage",
        soak=timedelta(minutes=30),
        approvals=rule,
        rollback_approvals=rule,
        tags=TagRule(("*-latest",), ("v*",)),
        freezes=(weekly, dated),
    )


def test_an_environment_that_says_nothing_asks_nothing_and_takes_moving_tags():
    rules = load(GOOD).catalog.environments["dev"].rules
    expected = EnvironmentPolicy("dev", tags=TagRule(moving_ok=True), diverged_ok=True)
    assert expected == rules


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("  dev:\n", "  dev:\n", ["prod"], id="the last one"),
        pytest.param("    soak: 30m\n", "    production: false\n", [], id="not where it says so"),
        pytest.param("  dev:\n", "  dev: {production: true}\n", ["dev", "prod"], id="said"),
        pytest.param(
            "  dev:\n",
            "  dev: {approvals: {from: [sre]}}\n",
            ["dev", "prod"],
            id="where approval is asked",
        ),
        pytest.param("  dev:\n", "  dev: {approvals: {count: 0}}\n", ["prod"], id="of nobody"),
    ],
)
def test_production_is(old, new, expected):
    environments = load(changed(old, new)).catalog.environments.values()
    assert expected == [one.name for one in environments if one.production]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param(("core", "dev"), ("any",), id="the defaults"),
        pytest.param(("core", "stage"), ("stage",), id="the environment before them"),
        pytest.param(("web", "dev"), ("web",), id="the service before these"),
        pytest.param(("web", "prod"), (), id="its own environment before all"),
    ],
)
def test_required_checks_are_those_of_the_most_special_level(target, expected):
    assert expected == load(GOOD).catalog.targets[target].required_checks


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "defaults: {checks: {required: [any]}}",
            "defaults: {checks: false}",
            {"core/dev", "core/prod"},
            id="the defaults",
        ),
        pytest.param(
            "stage: {after: dev, checks: {required: [stage]}}",
            "stage: {after: dev, checks: false}",
            {"core/stage"},
            id="an environment",
        ),
        pytest.param(
            "    checks: {required: [web]}", "    checks: false", {"web/dev"}, id="a service"
        ),
        pytest.param(
            "prod: {checks: {required: []}}",
            "prod: {checks: false}",
            {"web/prod"},
            id="a service in one environment",
        ),
    ],
)
def test_a_team_without_ci_says_so(old, new, expected):
    """Where something is asked for at a more special level, it is asked for."""
    catalog = load(changed(old, new)).catalog
    targets = catalog.targets.values()
    assert expected == {one.name for one in targets if one.required_checks is None}
    for name in expected:
        service, environment = name.split("/")
        assert (service,) == catalog.policy(environment, ["core", "web"]).unchecked


def test_a_policy_asks_for_the_checks_of_all_services_of_a_change():
    catalog = load(GOOD).catalog
    assert ("any", "web") == catalog.policy("dev", ("core", "web")).required_checks
    assert catalog.policy("qa") is None


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        pytest.param((Action.DEPLOY, "core", "prod"), {"sre", "release"}, id="listed"),
        pytest.param((Action.ROLLBACK, "core", "prod"), {"sre", "release"}, id="as deploy"),
        pytest.param((Action.DEPLOY, "web", "prod"), {"web-team"}, id="a service's own instead"),
        pytest.param((Action.DEPLOY, "web", "dev"), {"developers"}, id="only where it says"),
        pytest.param((Action.DEPLOY, "core", "stage"), set(), id="nothing listed is nobody"),
        pytest.param((Action.LOCK, "core", "prod"), set(), id="an empty list is nobody"),
        pytest.param((Action.APPROVE, "web", "prod"), {"sre"}, id="approvers of the environment"),
        pytest.param((Action.OVERRIDE, "core", "prod"), set(), id="never an override by default"),
    ],
)
def test_who_may(right, expected):
    assert expected == load(GOOD).catalog.permissions.teams(*right)


def test_approvers_may_stand_among_the_rights_instead():
    text = changed("count: 2, from: [sre]", "count: 2").replace(
        "  lock:", "  approve: {prod: [release]}\n  lock:"
    )
    catalog = load(text).catalog
    assert frozenset({"release"}) == catalog.environments["prod"].rules.approvals.teams
    assert {"release"} == catalog.permissions.teams(Action.APPROVE, "core", "prod")


def test_people_and_registries():
    config = load(GOOD)
    logins = {"U0ALICE": "alice"}
    assert People((Source.MAP, Source.PROFILE), logins, "Xf0123", link=False) == config.people
    assert (
        Registry("ghcr.io"),
        Registry("localhost:5000", "http://localhost:5000"),
    ) == config.registries


@pytest.mark.parametrize(
    ("image", "host"),
    [
        pytest.param("quay.io/acme/core", "quay.io", id="a host"),
        pytest.param("acme/core", "docker.io", id="none is Docker Hub"),
    ],
)
def test_a_registry_that_only_images_name_is_known_too(image, host):
    config = load(GOOD.replace("image: ghcr.io/acme/core", f"image: {image}"))
    assert Registry(host) == config.registries[-1]
    assert 3 == len(config.registries)


@pytest.mark.parametrize(
    ("link", "expected"),
    [("source: [link]", True), ("source: [map], link: true", True), ("source: [map]", False)],
)
def test_linking_is_offered_where_it_is_believed_or_asked_for(link, expected):
    assert expected is load(changed("source: [map, profile]", link)).people.link


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "map: {U0ALICE: alice}",
            "map: {U0ALICE: alice, U0AL: Alice}",
            "20:56: people.map.U0AL: U0ALICE and U0AL are both `Alice`; "
            "they count as one person, also for approvals",
            id="two people in one",
        ),
        pytest.param(
            "source: [map, profile]",
            "source: [profile]",
            "20:29: people.map: the map is not among the sources; add `map` to `people.source`",
            id="a map nobody believes",
        ),
    ],
)
def test_what_is_probably_not_meant_is_warned_of(old, new, expected):
    warned_of = [str(one) for one in load(changed(old, new)).warnings]
    nobody = "nobody may deploy to stage; name GitHub teams in `permissions.deploy.stage`"
    assert {f"7:3: environments.stage: {nobody}", expected} == set(warned_of)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "soak: 30m",
            "soak: 400h",
            "10:11: environments.prod.soak: `400h` is no time to wait; "
            "write 90s, 15m or 1h30m, at most 336h",
            id="a soak without end",
        ),
        pytest.param(
            "  stage: {after: dev, ",
            "  stage: {soak: 5m, ",
            "7:11: environments.stage.soak: has no environment to be healthy in; "
            "name it in `after`",
            id="a soak nowhere",
        ),
        pytest.param(
            "checks: {required: [stage]}",
            "checks: true",
            "7:31: environments.stage.checks: `true` says nothing; "
            "leave it out to ask for everything reported, or write false",
            id="checks of any kind",
        ),
        pytest.param(
            "checks: {required: [stage]}",
            "checks: {requird: [stage]}",
            "7:32: environments.stage.checks.requird: unknown key `requird`; "
            "did you mean `required`?",
            id="required misspelt",
        ),
        pytest.param(
            "count: 2",
            "count: 20",
            "11:24: environments.prod.approvals.count: is too many",
            id="too many approvals",
        ),
        pytest.param(
            "self: true",
            "self: yes",
            "11:46: environments.prod.approvals.self: must be true or false; "
            "`yes` is a text in YAML 1.2: write true",
            id="yes is a text",
        ),
        pytest.param(
            "from: [sre]",
            "frm: [sre]",
            "11:27: environments.prod.approvals.frm: unknown key `frm`; did you mean `from`?",
            id="from misspelt",
        ),
        pytest.param(
            "from: [sre]",
            "from: [SRE Team]",
            "11:34: environments.prod.approvals.from[0]: `SRE Team` is no team slug; copy it from "
            "the end of the team's address, such as platform-admins",
            id="a team's name",
        ),
        pytest.param(
            "from: [sre], ",
            "",
            "11:5: environments.prod.approvals: asks for approval that nobody may give; "
            "name GitHub teams in `from`",
            id="nobody could approve",
        ),
        pytest.param(
            "  lock: {prod: []}",
            "  approve: {prod: [sre]}",
            "11:27: environments.prod.approvals.from: stands in `permissions.approve.prod` too; "
            "keep one",
            id="approvers twice",
        ),
        pytest.param(
            '"09:00", zone: Asia/Seoul',
            '"09:00", zone: Asia/Soul',
            "14:62: environments.prod.freeze[0].zone: `Asia/Soul` is no time zone; "
            "write one such as Asia/Seoul",
            id="no time zone",
        ),
        pytest.param(
            '"2026-12-24..2027-01-02"], zone: Asia/Seoul',
            "2026-12-24]",
            "15:9: environments.prod.freeze[1]: `zone` is missing; "
            "known here: days, dates, from, until, zone",
            id="a freeze without its zone",
        ),
        pytest.param(
            "github: {org: acme}\n",
            "",
            "16:1: permissions: names teams of no organization; give `github: {org: …}`",
            id="teams of nobody",
        ),
        pytest.param(
            "  lock: {prod",
            "  lok: {prod",
            "19:3: permissions.lok: unknown key `lok`; did you mean `lock`?",
            id="an action misspelt",
        ),
        pytest.param(
            "  lock: {prod",
            "  lock: {prd",
            "19:10: permissions.lock.prd: `prd` is no environment; did you mean `prod`?",
            id="an environment misspelt",
        ),
        pytest.param(
            "{deploy: {prod: [web-team]}}",
            "{deploy: {prd: [web-team]}}",
            "31:28: services.web.permissions.deploy.prd: `prd` is no environment; "
            "did you mean `prod`?",
            id="an environment misspelt at a service",
        ),
        pytest.param(
            "[map, profile]",
            "[map, profil]",
            "20:24: people.source[1]: `profil` is no source of logins; known: map, profile, link",
            id="no source",
        ),
        pytest.param(
            ", profile_field: Xf0123",
            "",
            "20:9: people: names the source `profile` and no `profile_field`; give the field's id",
            id="a profile without its field",
        ),
        pytest.param(
            "[map, profile]",
            "[map, link], link: false",
            "20:9: people: names the source `link`, which `link: false` switches off",
            id="a link that is off",
        ),
        pytest.param(
            "{ghcr.io: ,",
            '{"https://ghcr.io": ,',
            "21:14: registries.https://ghcr.io: `https://ghcr.io` is no registry; "
            "write its host as images name it, such as ghcr.io",
            id="an address for a host",
        ),
        pytest.param(
            'deny: ["*-latest"]',
            'deny: [""]',
            "12:19: environments.prod.tags.deny[0]: `` is no pattern of a tag; "
            "write one such as latest or *-latest",
            id="an empty pattern",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_to_do(old, new, expected):
    assert expected in problems(changed(old, new))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("", 2, id="as other changes"),
        pytest.param("rollback: {}", 2, id="as other changes, where nothing is said in it"),
        pytest.param("rollback: {approvals: 0}", None, id="nobody"),
        pytest.param("rollback: {approvals: 1}", 1, id="fewer people, the same otherwise"),
        pytest.param("rollback: {approvals: 3}", 3, id="more people"),
    ],
)
def test_a_rollback_asks_people_of_its_own_number(said, expected):
    rules = load(changed("    soak: 30m\n", f"    soak: 30m\n    {said}\n")).catalog
    rules = rules.environments["prod"].rules
    assert rules.approvals == ApprovalRule(2, frozenset({"sre"}), True, False, timedelta(hours=26))
    asked = replace(rules.approvals, count=expected) if expected else None
    assert asked == rules.rollback_approvals


def test_a_rollback_may_ask_where_nothing_else_does():
    said = "permissions:\n  approve: {dev: [sre]}\n"
    text = changed("  dev:\n", "  dev: {rollback: {approvals: 1}}\n")
    assert 1 == text.count("permissions:\n  deploy")
    rules = load(text.replace("permissions:\n", said, 1)).catalog.environments["dev"].rules
    assert rules.approvals is None
    assert ApprovalRule(1, frozenset({"sre"})) == rules.rollback_approvals


def test_a_rollback_that_nobody_may_approve_is_a_mistake():
    found = problems(changed("  dev:\n", "  dev: {rollback: {approvals: 1}}\n"))
    assert any(
        "environments.dev.rollback.approvals: asks for approval that" in one for one in found
    )


AUTOMATIC = [
    pytest.param("{approvals: 0}", None, id="not said"),
    pytest.param("{auto: false}", None, id="said not to"),
    pytest.param("{auto: true}", AutoRollback(timedelta(minutes=3), timedelta(minutes=1)), id="so"),
    pytest.param(
        "{auto: true, after: 5m, grace: 90s}",
        AutoRollback(timedelta(minutes=5), timedelta(seconds=90)),
        id="in its own times",
    ),
]


@pytest.mark.parametrize(("said", "expected"), AUTOMATIC)
def test_what_goes_back_by_itself(said, expected):
    rules = load(changed("  dev:\n", f"  dev: {{rollback: {said}}}\n")).catalog.environments
    assert expected == rules["dev"].rules.auto_rollback
    assert all(one.rules.auto_rollback is None for name, one in rules.items() if name != "dev")


KEYS = ["soak", "auto", "grace", "people", "registries", "override", "profile_field"]


@pytest.mark.parametrize("key", KEYS)
def test_the_schema_shows_each_key(key):
    assert f'"{key}"' in json.dumps(schema())


EMERGENCY = [
    pytest.param("", timedelta(), id="nothing is said"),
    pytest.param("emergency:\n", timedelta(), id="nothing stands below it"),
    pytest.param("emergency: {remember: 90m}\n", timedelta(minutes=90), id="a while"),
]


@pytest.mark.parametrize(("said", "expected"), EMERGENCY)
def test_how_long_a_confirmed_right_stands_while_github_is_silent(said, expected):
    assert expected == load(GOOD + said).remember


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param("{remember: 25h}", "is no time to wait", id="more than a day"),
        pytest.param("{remember: 60}", "has no unit", id="no unit"),
        pytest.param("{rember: 1h}", "did you mean `remember`?", id="a slip"),
    ],
)
def test_what_is_no_time_to_remember(said, words):
    with pytest.raises(ConfigInvalid) as caught:
        load(f"{GOOD}emergency: {said}\n")
    (problem,) = caught.value.problems
    assert words in str(problem)
