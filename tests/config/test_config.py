"""The configuration file: what it means, and every mistake at once with its place."""

from datetime import timedelta
from textwrap import dedent

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.config import Channels, ConfigInvalid, load, schema
from bot.domain.catalog import Application
from bot.domain.locations import Container, Containers, Key, Kustomize, Location
from bot.domain.tags import TagTemplate

GOOD = """\
github: {org: acme}
argocd:
  main: {url: https://argocd.example.com/}
gitops: {repo: acme/gitops, branch: release}
slack: {channels: {deploys: C0DEPLOY, failures: C0FAIL}}
environments:
  dev:
  stage: {after: dev, deadline: 1h30m}
  prod: {after: stage, channel: C0PROD}
defaults:
  argocd: {app: "acme-{service}-{env}", project: acme}
services:
  core:
    source: acme/core
    image: ghcr.io/acme/core
    tag: "{service}-{env}-{sha:8}"
    at: {file: "values/{env}.yaml", key: "{service}.imageTag"}
    argocd: {app: acme, namespace: apps}
  web:
    source: acme/web
    image: ghcr.io/acme/{service}
    tag: ["{version}", "{sha}"]
    at: {file: "apps/{service}/{env}/kustomization.yaml", kustomize: acme/web}
    gitops: {repo: acme/web-gitops}
    environments:
      stage: {}
      prod:
        tag: "main-{sha:7}"
        at: {file: k8s/web.yaml, container: "ghcr.io/acme/{service}"}
        argocd: {app: web, project: shop}
"""


def problems(text):
    """Return the problems of *text*, each as ``line:column: path: message; hint``."""
    with pytest.raises(ConfigInvalid) as caught:
        load(text)
    return [str(problem) for problem in caught.value.problems]


def changed(old, new):
    """Return the good file with *old* replaced."""
    assert 1 == GOOD.count(old)
    return GOOD.replace(old, new)


def test_environments_stand_in_promotion_order_with_what_they_say():
    environments = load(GOOD).catalog.environments
    assert ["dev", "stage", "prod"] == list(environments)
    assert [None, "dev", "stage"] == [each.after for each in environments.values()]
    assert ["C0DEPLOY", "C0DEPLOY", "C0PROD"] == [each.channel for each in environments.values()]
    assert timedelta(minutes=90) == environments["stage"].deadline


def test_all_containers_of_an_image_may_be_one_place():
    text = changed('k8s/web.yaml, container: "', 'k8s/web.yaml, containers: "')
    (web,) = [one for one in load(text).catalog.targets.values() if one.name == "web/prod"]
    assert Containers("ghcr.io/acme/web") == web.location.at


def test_a_deadline_is_fifteen_minutes_unless_said():
    assert timedelta(minutes=15) == load(GOOD).catalog.environments["dev"].deadline


def test_a_service_lives_everywhere_unless_it_says():
    catalog = load(GOOD).catalog
    assert ("core", "web") == catalog.services
    assert ("dev", "stage", "prod") == catalog.environments_of("core")
    assert ("stage", "prod") == catalog.environments_of("web")


def test_a_target_says_where_its_tag_stands_and_what_runs_it():
    target = load(GOOD).catalog.targets["core", "stage"]
    expected = Location("acme/gitops", "release", "values/stage.yaml", Key("core.imageTag"))
    assert expected == target.location
    assert Application("main", "acme", namespace="apps", project="acme") == target.application
    assert (TagTemplate.parse("{service}-{env}-{sha:8}"),) == target.tags
    assert ("acme/core", "ghcr.io/acme/core") == (target.source, target.image)


def test_what_a_service_leaves_out_comes_from_the_defaults():
    target = load(GOOD).catalog.targets["web", "stage"]
    file = "apps/web/stage/kustomization.yaml"
    assert Location("acme/web-gitops", "release", file, Kustomize("acme/web")) == target.location
    assert Application("main", "acme-web-stage", project="acme") == target.application
    assert (TagTemplate.parse("{version}"), TagTemplate.parse("{sha}")) == target.tags


def test_an_environment_of_a_service_overrides_it():
    target = load(GOOD).catalog.targets["web", "prod"]
    assert ("k8s/web.yaml", Container("ghcr.io/acme/web")) == (
        target.location.file,
        target.location.at,
    )
    assert Application("main", "web", project="shop") == target.application
    assert (TagTemplate.parse("main-{sha:7}"),) == target.tags


def test_addresses_and_channels_are_complete():
    config = load(GOOD)
    assert "https://argocd.example.com" == config.catalog.instances["main"].url
    assert Channels("C0DEPLOY", "C0FAIL", "C0DEPLOY") == config.channels
    assert "acme" == config.organization


def test_the_branch_is_main_unless_said():
    config = load(changed(", branch: release", ""))
    assert "main" == config.catalog.targets["core", "dev"].location.branch


def test_of_several_argocds_each_has_its_own_defaults():
    several = changed(
        "argocd:\n", "argocd:\n  edge: {url: http://edge, namespace: edge}\n"
    ).replace("argocd: {app: web,", "argocd: {instance: edge, app: web,")
    targets = load(several.replace('{app: "acme', '{instance: main, app: "acme')).catalog.targets
    assert "edge" == targets["web", "prod"].application.namespace
    assert "main" == targets["web", "stage"].application.instance


def test_aliases_and_merges_are_taken_in():
    text = changed("  dev:\n", "  dev: &wide {deadline: 7m}\n").replace(
        "prod: {after: stage,", "prod: {<<: *wide, after: stage,"
    )
    assert timedelta(minutes=7) == load(text).catalog.environments["prod"].deadline


def test_two_targets_in_one_place_are_warned_of():
    config = load(changed('"values/{env}.yaml"', "values.yaml"))
    shared = [one for one in config.warnings if "one place" in one.message]
    assert "core/dev and core/stage are one place in Git" == shared[0].message
    assert [(13, 3), (13, 3)] == [(one.line, one.column) for one in shared]
    assert not [one for one in load(GOOD).warnings if "one place" in one.message]


def test_an_environment_in_which_nobody_may_deploy_is_warned_of():
    text = changed("defaults:\n", "permissions: {deploy: {stage: [sre], prod: []}}\ndefaults:\n")
    warned = [(one.line, one.message) for one in load(text).warnings]
    assert [(7, "nobody may deploy to dev"), (9, "nobody may deploy to prod")] == warned


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "gitops: {repo: acme/gitops",
            "gitopps: {}\ngitops: {repo: acme/gitops",
            "4:1: gitopps: unknown key `gitopps`; did you mean `gitops`?",
            id="unknown key",
        ),
        pytest.param(
            "deadline: 1h30m",
            "dedline: 5m",
            "8:23: environments.stage.dedline: unknown key `dedline`; did you mean `deadline`?",
            id="unknown key below",
        ),
        pytest.param(
            "{after: dev,",
            "{after: dve,",
            "8:18: environments.stage.after: `dve` is no environment; did you mean `dev`?",
            id="unknown environment before",
        ),
        pytest.param(
            "      stage: {}\n",
            "      stag: {}\n",
            "26:7: services.web.environments.stag: `stag` is no environment; did you mean `stage`?",
            id="unknown environment of a service",
        ),
        pytest.param(
            "{app: acme,",
            "{instance: mian, app: acme,",
            "18:24: services.core.argocd.instance: `mian` is no Argo CD of this file; "
            "did you mean `main`?",
            id="unknown argocd of a service",
        ),
        pytest.param(
            "defaults:\n  argocd: {",
            "defaults:\n  argocd: {instance: two, ",
            "11:22: defaults.argocd.instance: `two` is no Argo CD of this file; known: main",
            id="unknown default argocd",
        ),
        pytest.param(
            "{after: dev,",
            "{after: prod,",
            "8:18: environments.stage.after: `stage` cannot come after `prod`, which stands below "
            "it; environments stand in promotion order, the first one on top",
            id="order",
        ),
        pytest.param(
            "{after: dev,",
            "{after: stage,",
            "8:18: environments.stage.after: `stage` cannot come after itself; "
            "environments stand in promotion order, the first one on top",
            id="after itself",
        ),
        pytest.param(
            "channel: C0PROD",
            "rollback: {auto: 3m}",
            "9:41: environments.prod.rollback.auto: must be true or false",
            id="no yes and no no",
        ),
        pytest.param(
            "channel: C0PROD",
            "rollback: {auto: true, after: 3}",
            "9:54: environments.prod.rollback.after: `3` has no unit; write 3s or 3m",
            id="a time without a unit",
        ),
        pytest.param(
            "channel: C0PROD",
            "rollback: {auto: true, grace: 0s}",
            "9:54: environments.prod.rollback.grace: `0s` is no time to wait; "
            "write 90s, 15m or 1h30m, at most 24h",
            id="no time to stop it",
        ),
        pytest.param(
            "channel: C0PROD",
            "rollback: {after: 5m}",
            "9:34: environments.prod.rollback: `after` says nothing without `auto: true`; "
            "write it, or take it out",
            id="a time for nothing",
        ),
        pytest.param(
            "channel: C0PROD",
            "change: pullrequest",
            "9:32: environments.prod.change: `pullrequest` is no way to change a file; "
            "write commit, pull_request, or {pull_request: {merge: bot}}",
            id="no way to change a file",
        ),
        pytest.param(
            "channel: C0PROD",
            "change: {pull_request: {merge: robot}}",
            "9:55: environments.prod.change.pull_request.merge: `robot` merges no pull requests; "
            "known: people, bot",
            id="nobody who merges",
        ),
        pytest.param(
            "channel: C0PROD",
            "change: {pull_requst: {}}",
            "9:33: environments.prod.change.pull_requst: unknown key `pull_requst`; "
            "did you mean `pull_request`?",
            id="a key of change, mistyped",
        ),
        pytest.param(
            "channel: C0PROD",
            "allow: [U0ALICE]",
            "9:24: environments.prod.allow: `allow` is no longer known; "
            "name GitHub teams in `permissions`, as in deploy: {dev: [developers]}",
            id="a list of Slack users",
        ),
        pytest.param(
            "defaults:\n",
            "people: {map: {alice: alice}}\ndefaults:\n",
            "10:16: people.map.alice: `alice` is no Slack user id; open the person's "
            "profile and copy the member id, such as U0123ABCD",
            id="a person's name",
        ),
        pytest.param(
            "C0PROD",
            '"#prod"',
            "9:33: environments.prod.channel: `#prod` is no Slack channel id; open the channel's "
            "details and copy its id, such as C0123ABCD",
            id="a channel's name",
        ),
        pytest.param(
            "deploys: C0DEPLOY",
            "deploys: #ships",
            "5:29: this is no YAML: `#ships` begins a comment; a channel is told by its id and not "
            "by its name: open the channel's details and copy its id, such as C0123ABCD",
            id="a channel's name as a comment that takes the brace away",
        ),
        pytest.param(
            "{channels: {deploys: C0DEPLOY, failures: C0FAIL}}",
            "\n  channels:\n    deploys: #ships",
            "7:5: slack.channels.deploys: `#ships` is a comment, so nothing stands here; a channel "
            "is told by its id and not by its name: open the channel's details and copy its id, "
            "such as C0123ABCD",
            id="a channel's name as a comment",
        ),
        pytest.param(
            "{after: stage, channel: C0PROD}",
            "\n    after: stage\n    channel: #prod",
            "11:5: environments.prod.channel: `#prod` is a comment, so nothing stands here; a "
            "channel is told by its id and not by its name: open the channel's details and copy "
            "its id, such as C0123ABCD",
            id="a channel that may be left out, as a comment",
        ),
        pytest.param(
            "{url: https://argocd.example.com/}",
            "\n    url: #argocd",
            "5:1: argocd.main.url: must be a text; put it in quotes if it is meant as it stands",
            id="something else that is a comment alone",
        ),
        pytest.param(
            "branch: release}",
            "branch: #release}",
            "4:37: this is no YAML: `#release` begins a comment; put what begins with # in quotes",
            id="something else as a comment",
        ),
        pytest.param(
            "deadline: 1h30m",
            "deadline: 15",
            "8:33: environments.stage.deadline: `15` has no unit; write 15s or 15m",
            id="a deadline without its unit",
        ),
        pytest.param(
            "deadline: 1h30m",
            "deadline: 30m1h",
            "8:33: environments.stage.deadline: `30m1h` is no time to wait; "
            "write 90s, 15m or 1h30m, at most 24h",
            id="a deadline the wrong way round",
        ),
        pytest.param(
            "deadline: 1h30m",
            "deadline: 25h",
            "8:33: environments.stage.deadline: `25h` is no time to wait; "
            "write 90s, 15m or 1h30m, at most 24h",
            id="a deadline too far away",
        ),
        pytest.param(
            "deadline: 1h30m",
            "deadline: 0s",
            "8:33: environments.stage.deadline: `0s` is no time to wait; "
            "write 90s, 15m or 1h30m, at most 24h",
            id="a deadline at once",
        ),
        pytest.param(
            'tag: "main-{sha:7}"',
            "tag: {sha:7}",
            "28:14: services.web.environments.prod.tag: must be a text; "
            'put what begins with a brace in quotes, as "{sha:7}"',
            id="a tag without quotes",
        ),
        pytest.param(
            'tag: "main-{sha:7}"',
            "tag: develop-latest",
            "28:14: services.web.environments.prod.tag: `develop-latest` is the same for every "
            "version, so a deploy would change nothing in Git; add {sha}, {sha:7} or {version}",
            id="a tag that never changes",
        ),
        pytest.param(
            '"{version}", "{sha}"',
            '"{version}", "{shaa}"',
            "22:24: services.web.tag[1]: {shaa} is no variable; did you mean {sha}?",
            id="a tag variable",
        ),
        pytest.param(
            '"values/{env}.yaml"',
            "../values.yaml",
            "17:16: services.core.at.file: `../values.yaml` leads out of the repository's files",
            id="a file outside",
        ),
        pytest.param(
            '"values/{env}.yaml"',
            "/values.yaml",
            "17:16: services.core.at.file: `/values.yaml` starts with `/`; "
            "write the path from the root of the repository",
            id="a file from the root",
        ),
        pytest.param(
            '"values/{env}.yaml"',
            '"values/{envv}.yaml"',
            "17:16: services.core.at.file: {envv} is no placeholder; did you mean {env}?",
            id="a placeholder",
        ),
        pytest.param(
            "container: ",
            "key: a.b, container: ",
            "29:13: services.web.environments.prod.at: needs exactly one of `kustomize`, `key`, "
            "`container`, `containers`, and has `key` and `container`; kustomize: "
            "<images[].name>, key: <dotted path>, or container: <image repository>",
            id="two places",
        ),
        pytest.param(
            ', key: "{service}.imageTag"',
            "",
            "17:9: services.core.at: needs exactly one of `kustomize`, `key`, `container`, "
            "`containers`, and has none; kustomize: <images[].name>, key: <dotted path>, or "
            "container: <image repository>",
            id="no place",
        ),
        pytest.param(
            "image: ghcr.io/acme/core",
            "image: ghcr.io/acme/core:v1",
            "15:12: services.core.image: `ghcr.io/acme/core:v1` holds a tag or digest; "
            "the image stands here without one",
            id="an image with its tag",
        ),
        pytest.param(
            "source: acme/core",
            "source: https://github.com/acme/core",
            "14:13: services.core.source: `https://github.com/acme/core` is no GitHub repository; "
            "write owner/name",
            id="an address for a repository",
        ),
        pytest.param(
            "    source: acme/core\n",
            "",
            "13:3: services.core: `source` is missing; name the repository of its code, owner/name",
            id="no source",
        ),
        pytest.param(
            '    at: {file: "values',
            '    att: {file: "values',
            "17:5: services.core.att: unknown key `att`; did you mean `at`?",
            id="at misspelt",
        ),
        pytest.param(
            "app: acme,",
            "app: Acme,",
            "18:19: services.core.argocd.app: `Acme` is no name that Kubernetes takes: "
            "small letters, digits, `-` and `.`",
            id="an application in capitals",
        ),
        pytest.param(
            "https://argocd.example.com/",
            "argocd.example.com",
            "3:15: argocd.main.url: is no http(s) address; write it as https://argocd.example.com",
            id="an address without its scheme",
        ),
        pytest.param(
            "  web:\n",
            "  Prod: {}\n  web:\n",
            "19:3: services.Prod: `Prod` and `prod` cannot be told apart in a command; "
            "give each environment and each service a name of its own",
            id="names alike",
        ),
        pytest.param(
            "  web:\n",
            "  because: {}\n  web:\n",
            "19:3: services.because: `because` is a word of the commands; choose another name",
            id="a word of the commands",
        ),
        pytest.param(
            "  web:\n",
            "  core: {}\n  web:\n",
            "19:3: services.core: `core` stands twice; it is on line 13 too",
            id="twice",
        ),
        pytest.param(
            "slack: {channels: {deploys: C0DEPLOY, failures: C0FAIL}}\n",
            "",
            "1:1: `slack` is missing",
            id="no slack",
        ),
        pytest.param(
            "repo: acme/gitops, ",
            "",
            "13:3: services.core: `gitops.repo` is missing; "
            "say it here, or once for all at the top of the file",
            id="no repository",
        ),
        pytest.param(
            "argocd:\n  main",
            "argocd:\n  b: {url: http://b}\n  main",
            "14:3: services.core: `argocd.instance` is missing; "
            "say which here or in `defaults`: b, main",
            id="several argocds",
        ),
        pytest.param(
            "  main: {url",
            "  logfile: {url: http://x}\n  profile: {url: http://y}\n  main: {url",
            "15:3: services.core: `argocd.instance` is missing; "
            "say which here or in `defaults`: logfile, profile, main",
            id="names may end in file",
        ),
        pytest.param(
            "  main: {url",
            "  a-file: {url",
            "3:3: argocd.a-file: `a-file` would make ARGOCD_AUTH_TOKEN_A_FILE mean two things; "
            "choose a name that does not end in `-file`",
            id="a name for two variables",
        ),
        pytest.param(
            "environments:\n  dev:",
            "environments:\n\tdev:",
            "7:1: this is no YAML: while scanning for the next token found character '\\t' that "
            "cannot start any token; indent with blanks, YAML knows no tabs",
            id="a tab",
        ),
        pytest.param(
            "branch: release",
            "branch: to-{env}",
            "4:40: this is no YAML: while parsing a flow mapping expected ',' or '}', but got '{'; "
            'put what holds a brace in quotes, as "values-{env}.yaml"',
            id="a brace without quotes",
        ),
        pytest.param(
            "channel: C0PROD",
            "freeze: fri",
            "9:32: environments.prod.freeze: must be a list; "
            "write [one, two], or a `- one` line for each",
            id="no list",
        ),
        pytest.param(
            "branch: release",
            "branch: 1.0",
            "4:37: gitops.branch: must be a text; put it in quotes if it is meant as it stands",
            id="a number for a branch",
        ),
        pytest.param(
            "branch: release",
            "branch: a..b",
            "4:37: gitops.branch: `a..b` is no branch name",
            id="no branch",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_to_do(old, new, expected):
    assert expected in problems(changed(old, new))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "", "1:1: the file is empty; begin with a key such as `environments:`", id="empty"
        ),
        pytest.param(
            "# nothing\n",
            "1:1: the file is empty; begin with a key such as `environments:`",
            id="comments only",
        ),
        pytest.param(
            "- a\n",
            "1:1: the file must be a mapping; begin with a key such as `environments:`",
            id="a list",
        ),
        pytest.param(
            "a: [1",
            "1:6: this is no YAML: while parsing a flow sequence expected ',' or ']', but got "
            "'<stream end>'",
            id="not closed",
        ),
        pytest.param(
            GOOD + "---\na: 1\n",
            "31:1: this is no YAML: expected a single document in "
            "the stream but found another document",
            id="two documents",
        ),
        pytest.param(
            "slack: {channels: {deploys: #ships}}\n",
            "1:29: this is no YAML: `#ships` begins a comment; a channel is told by its id and not "
            "by its name: open the channel's details and copy its id, such as C0123ABCD",
            id="a comment that takes the last brace away",
        ),
        pytest.param(
            "a: {b: 'c: #1'\nd: 2\n",
            "2:1: this is no YAML: while parsing a flow mapping expected ',' or '}', but got "
            "'<scalar>'",
            id="no comment but a text",
        ),
        pytest.param("a: " + "[" * 5000, "1:1: the file is nested too deeply", id="deep"),
        pytest.param(
            "x" * 1_000_001,
            "1:1: the file has 1000001 characters; we read 1000000",
            id="too large",
        ),
    ],
)
def test_what_cannot_be_read_at_all(text, expected):
    assert [expected] == problems(text)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    text = dedent("""\
        argocd: {main: {url: nowhere}}
        slack: {channels: {deploys: general}}
        environments:
          dev: {change: x, after: qa}
        services:
          core: {sorce: acme/core, tag: latest, argocd: {instance: man}, environments: {deb: {}}}
    """)
    assert [(1, 22), (2, 29), (4, 17), (4, 27), (6, 10), (6, 33), (6, 60), (6, 81)] == [
        (problem.line, problem.column) for problem in caught(text).problems
    ]


def told(text):
    """Return the problems of *text*, or None when it is taken."""
    try:
        load(text)
    except ConfigInvalid as error:
        return error.problems
    return None


def caught(text):
    with pytest.raises(ConfigInvalid) as error:
        load(text, "deploy/shipmate.yaml")
    return error.value


def test_the_error_names_the_file_on_each_line():
    assert "deploy/shipmate.yaml:1:1: `services` is missing" in str(caught("slack: {}"))


def test_a_password_in_an_address_is_never_said_back():
    error = caught(changed("https://argocd", "https://bob:hunter2@argocd"))
    assert "argocd.main.url: holds a user name or password" in str(error)
    assert "hunter2" not in repr(error) + str(error.problems)


def test_a_mistake_shared_by_many_targets_is_told_once():
    assert 1 == len(problems(changed("    source: acme/core\n", "")))


def test_a_file_that_unfolds_without_end_is_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert any("unfolds to more than we read" in problem for problem in problems("\n".join(lines)))


def test_the_schema_takes_the_file_and_refuses_what_load_refuses():
    published = schema()
    jsonschema.Draft202012Validator.check_schema(published)
    validator = jsonschema.Draft202012Validator(published)
    good = YAML(typ="safe", pure=True).load(GOOD)
    assert [] == list(validator.iter_errors(good))
    good["environments"]["prod"]["change"] = "committing"
    good["services"]["core"]["at"]["container"] = "ghcr.io/acme/core"
    good["environments"]["stage"]["deadline"] = "soon"
    good["environments"]["stage"]["tags"] = {"deny": [1]}
    assert {
        "environments.prod",
        "environments.stage.tags",
        "environments.stage.deadline",
        "services.core.at",
    } <= {
        ".".join(map(str, leaf.absolute_path))
        for error in validator.iter_errors(good)
        for leaf in error.context or ()
    }


@given(st.text())
def test_no_text_makes_it_crash(text):
    with pytest.raises(ConfigInvalid):
        load(text)


@given(st.data())
def test_no_damage_to_a_good_file_makes_it_crash(data):
    """Whatever is cut out or put in, the file is taken or its mistakes are told."""
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 40)))
    damaged = GOOD[:start] + data.draw(st.text("{}[]:,-&*<>|\"' \n\tax1", max_size=6)) + GOOD[end:]
    lines = len(damaged.splitlines())
    found = told(damaged)
    assert found is None or found
    assert all(1 <= one.line <= lines + 1 and one.column >= 1 for one in found or ())
