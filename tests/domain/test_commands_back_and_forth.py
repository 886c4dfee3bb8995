"""Who promotes or rolls back names where, and is never taken to mean production."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.commands import (
    At,
    Diff,
    For,
    History,
    Hold,
    Misread,
    MisreadReason,
    Promote,
    Release,
    Rollback,
    Rollout,
    Why,
    parse,
)
from bot.domain.commands.differing import meant_places
from bot.domain.words import escaped
from tests.domain.catalogs import HOMES, catalog

CATALOG = catalog()
CORE = Promote(("core",), "stage", "prod")
BACK = Rollback(("core",), "prod")
LAST = Rollback(("core",), "prod", "a1b2c3d4")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("core stage prod", CORE, id="as in the manual"),
        pytest.param("core prod", Promote(("core",), None, "prod"), id="from the nearest"),
        pytest.param("Core STAGE Prod", CORE, id="in another case"),
        pytest.param("stage prod core", CORE, id="the service last"),
        pytest.param("core from stage to prod", CORE, id="from, to"),
        pytest.param("core to prod from stage", CORE, id="to, from"),
        pytest.param("from stage core prod", CORE, id="from first"),
        pytest.param("core, stage, prod", CORE, id="commas between everything"),
        pytest.param("core dev prod", Promote(("core",), "dev", "prod"), id="past one"),
        pytest.param("core prod prod", Promote(("core",), None, "prod"), id="said twice"),
        pytest.param("all stage prod", Promote((), "stage", "prod"), id="all"),
        pytest.param("everything prod", Promote((), None, "prod"), id="everything"),
        pytest.param(
            "core,batch dev stage", Promote(("batch", "core"), "dev", "stage"), id="two services"
        ),
        pytest.param(
            "core stage prod because it is “good”",
            Promote(("core",), "stage", "prod", "it is “good"),
            id="with a reason",
        ),
        pytest.param(
            "core prod override because nobody can log in",
            Promote(("core",), None, "prod", "nobody can log in", override=True),
            id="breaking the glass",
        ),
    ],
)
@pytest.mark.parametrize(
    ("place", "start"),
    [
        ("promote", ""),
        ("ship", "promote "),
        ("mention", "@shipmate promote "),
        ("deploy", "/promote "),
    ],
)
def test_promotes_as_people_type_them(place, start, text, expected):
    assert expected == parse(place, start + text, CATALOG)


@pytest.mark.parametrize(
    ("place", "text", "expected"),
    [
        pytest.param("promote", "promote core stage prod", CORE, id="the verb twice"),
        pytest.param("promote", "/promote core stage prod", CORE, id="pasted whole"),
        pytest.param("promote", "/rollback core prod", BACK, id="pasted behind another"),
        pytest.param("deploy", "/rollback core prod", BACK, id="pasted behind a deploy"),
        pytest.param("ship", "/ship promote core stage prod", CORE, id="with ship, twice"),
    ],
)
def test_a_whole_line_pasted_behind_a_command_is_that_line(place, text, expected):
    assert expected == parse(place, text, CATALOG)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("core prod", BACK, id="to the last that was good"),
        pytest.param("prod core", BACK, id="environment first"),
        pytest.param("core prod a1b2c3d4", LAST, id="to a commit"),
        pytest.param("core a1b2c3d4 prod", LAST, id="in the order of a deploy"),
        pytest.param("core prod to `a1b2c3d4`", LAST, id="to, pasted"),
        pytest.param("core prod v1.2.3", Rollback(("core",), "prod", "v1.2.3"), id="a release"),
        pytest.param(
            "core prod core-prod-a1b2c3d4",
            Rollback(("core",), "prod", "core-prod-a1b2c3d4"),
            id="an image tag",
        ),
        pytest.param(
            "core prod develop-latest", Rollback(("core",), "prod", "develop-latest"), id="a name"
        ),
        pytest.param("core prod #2", Rollback(("core",), "prod", "#2"), id="from the list"),
        pytest.param("core prod #02", Rollback(("core",), "prod", "#2"), id="with a nought"),
        pytest.param("core prod d-012", Rollback(("core",), "prod", "D-12"), id="an operation"),
        pytest.param("core", Rollback(("core",), None), id="the person picks where"),
        pytest.param("core #2", Rollback(("core",), None, "#2"), id="back to what, not where"),
        pytest.param("frontend", Rollback(("frontend",), "prod"), id="it has one home"),
        pytest.param("batch,core", Rollback(("batch", "core"), None), id="two with two homes"),
        pytest.param(
            "core,user-service prod", Rollback(("core", "user-service"), "prod"), id="two services"
        ),
        pytest.param(
            "core prod by argocd", Rollback(("core",), "prod", by_argocd=True), id="by argocd"
        ),
        pytest.param(
            "core prod #2 via Argo CD",
            Rollback(("core",), "prod", "#2", by_argocd=True),
            id="via Argo CD",
        ),
        pytest.param(
            "core by argo-cd prod a1b2c3d4",
            Rollback(("core",), "prod", "a1b2c3d4", by_argocd=True),
            id="in the middle",
        ),
        pytest.param(
            "core prod by argocd without hooks",
            Rollback(("core",), "prod", by_argocd=True, without_hooks=True),
            id="without hooks",
        ),
        pytest.param(
            "core prod skipping hooks #2 by argo cd",
            Rollback(("core",), "prod", "#2", by_argocd=True, without_hooks=True),
            id="skipping hooks, in the middle",
        ),
        pytest.param(
            "core prod by argocd override because logins by argocd fail",
            Rollback(("core",), "prod", "", True, "logins by argocd fail", override=True),
            id="breaking the glass",
        ),
        pytest.param(
            "core prod because #2 was bad",
            Rollback(("core",), "prod", reason="#2 was bad"),
            id="with a reason",
        ),
    ],
)
@pytest.mark.parametrize(
    ("place", "start"),
    [("rollback", ""), ("ship", "rollback "), ("mention", "@shipmate rollback ")],
)
def test_rollbacks_as_people_type_them(place, start, text, expected):
    assert expected == parse(place, start + text, CATALOG)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "hold core prod because it leaks",
            Hold(("core",), "prod", None, "it leaks"),
            id="a whole target",
        ),
        pytest.param(
            "hold core prod a1b2c3d4 because it leaks",
            Hold(("core",), "prod", "a1b2c3d4", "it leaks"),
            id="a tag",
        ),
        pytest.param(
            "hold core-prod-9 core prod because it leaks",
            Hold(("core",), "prod", "core-prod-9", "it leaks"),
            id="the tag first",
        ),
        pytest.param(
            "hold all stage because of the audit",
            Hold(("batch", "core"), "stage", None, "of the audit"),
            id="all that live there",
        ),
        pytest.param("release core prod", Release(("core",), "prod"), id="whatever is held"),
        pytest.param(
            "release core prod latest", Release(("core",), "prod", "latest"), id="one tag"
        ),
        pytest.param("release all stage", Release(("batch", "core"), "stage"), id="all of them"),
        pytest.param("rollout core prod", Rollout("core", "prod"), id="a rollout"),
        pytest.param("history", History(), id="everything"),
        pytest.param("history core", History("core"), id="of a service"),
        pytest.param("history prod core", History("core", "prod"), id="of a target"),
        pytest.param(
            "history core since 30d", History("core", since=For(timedelta(days=30))), id="since"
        ),
        pytest.param(
            "history since 2 weeks in prod",
            History(None, "prod", For(timedelta(weeks=2))),
            id="since, in words",
        ),
        pytest.param(
            "history since 2020-01-31 by <@U0BOB|bob>",
            History(since=At(date(2020, 1, 31)), by="U0BOB"),
            id="since a day long ago, by somebody",
        ),
        pytest.param(
            "history by me core prod since 1d",
            History("core", "prod", For(timedelta(days=1)), ""),
            id="by me",
        ),
        pytest.param("diff core prod", Diff("core", ("prod",)), id="of one environment"),
        pytest.param("diff core stage prod", Diff("core", ("stage", "prod")), id="of two"),
        pytest.param("diff prod stage core", Diff("core", ("prod", "stage")), id="the other way"),
        pytest.param(
            "diff core prod a1b2c3d4", Diff("core", ("prod",), ("a1b2c3d4",)), id="with a commit"
        ),
        pytest.param(
            "diff core develop prod", Diff("core", ("prod",), ("develop",)), id="with a branch"
        ),
        pytest.param(
            "diff core a1b2c3d4 v1.2.3", Diff("core", (), ("a1b2c3d4", "v1.2.3")), id="of versions"
        ),
        pytest.param(
            "diff core core-stage-a1b2c3d4 feature/core",
            Diff("core", (), ("core-stage-a1b2c3d4", "feature/core")),
            id="of an image tag and a branch",
        ),
    ],
)
@pytest.mark.parametrize(("place", "start"), [("ship", ""), ("mention", "@shipmate ")])
def test_what_goes_with_them(place, start, text, expected):
    assert expected == parse(place, start + text, CATALOG)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("why /promote core stage prod", Why(CORE), id="a promote"),
        pytest.param("why promote core stage prod", Why(CORE), id="without its slash"),
        pytest.param("why /ship rollback core prod", Why(BACK), id="a rollback"),
        pytest.param("why rollback frontend", Why(Rollback(("frontend",), "prod")), id="one home"),
    ],
)
def test_why_looks_ahead_at_them(text, expected):
    assert expected == parse("ship", text, CATALOG)


def line(start: str, *ends: str) -> tuple[str, ...]:
    return tuple(f"{start} {end}" for end in ends)


@pytest.mark.parametrize(
    ("text", "reason", "corrections"),
    [
        pytest.param(
            "core",
            MisreadReason.MISSING_ENVIRONMENT,
            line("/promote core", "stage", "prod"),
            id="no environment",
        ),
        pytest.param(
            "core from stage",
            MisreadReason.MISSING_ENVIRONMENT,
            ("/promote core stage prod",),
            id="only where from",
        ),
        pytest.param(
            "core prod stage",
            MisreadReason.BACKWARDS,
            ("/promote core stage prod",),
            id="backwards is not turned round by itself",
        ),
        pytest.param(
            "core from prod to prod", MisreadReason.BACKWARDS, (), id="from where it goes"
        ),
        pytest.param(
            "core stgae prod",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/promote core stage prod",),
            id="a typo of where from",
        ),
        pytest.param(
            "core stage prdo because x",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/promote core stage prod because x",),
            id="a typo of where to",
        ),
        pytest.param(
            "coer stage prod",
            MisreadReason.UNKNOWN_SERVICE,
            ("/promote core stage prod",),
            id="a typo of the service",
        ),
        pytest.param(
            "core dev stage prod",
            MisreadReason.SEVERAL_ENVIRONMENTS,
            line("/promote core", "dev stage", "stage prod"),
            id="three environments",
        ),
        pytest.param(
            "core a1b2c3d4 stage prod",
            MisreadReason.TOO_MANY_WORDS,
            ("/promote core stage prod", "/deploy core a1b2c3d4 prod"),
            id="a version",
        ),
        pytest.param(
            "user-service stage prod",
            MisreadReason.NOT_IN_ENVIRONMENT,
            ("/promote user-service prod",),
            id="it does not live where from",
        ),
        pytest.param(
            "core,batch stage prod",
            MisreadReason.NOT_IN_ENVIRONMENT,
            ("/promote core stage prod",),
            id="one does not live where to",
        ),
        pytest.param(
            "core,frontend prod",
            MisreadReason.NOTHING_BEFORE,
            ("/promote core prod",),
            id="one comes from nowhere",
        ),
        pytest.param(
            "core dev",
            MisreadReason.NOTHING_BEFORE,
            line("/promote core", "stage", "prod"),
            id="the first environment",
        ),
        pytest.param(
            "core prod override",
            MisreadReason.MISSING_REASON,
            ("/promote core prod override because <reason>",),
            id="an override without a reason",
        ),
        pytest.param(
            "override core prod because x",
            MisreadReason.MISPLACED_OVERRIDE,
            ("/promote core prod override because x",),
            id="an override in the wrong place",
        ),
    ],
)
def test_a_misread_promote_offers_the_line_that_would_do(text, reason, corrections):
    found = parse("promote", text, CATALOG)
    assert isinstance(found, Misread)
    assert (reason, corrections) == (found.reason, found.corrections)


@pytest.mark.parametrize(
    ("text", "corrections"),
    [
        pytest.param("core prod", line("/promote core", "stage prod", "dev prod"), id="two"),
        pytest.param("user-service prod", ("/promote user-service dev prod",), id="one"),
        pytest.param("all prod", line("/promote all", "stage prod", "dev prod"), id="all"),
        pytest.param("frontend prod", (), id="it lives nowhere else"),
    ],
)
def test_where_no_environment_says_what_is_before_it_the_origin_is_offered(text, corrections):
    loose = {name: replace(one, after=None) for name, one in CATALOG.environments.items()}
    found = parse("promote", text, replace(CATALOG, environments=loose))
    assert isinstance(found, Misread)
    assert (MisreadReason.NOTHING_BEFORE, corrections) == (found.reason, found.corrections)


@pytest.mark.parametrize(
    ("text", "reason", "corrections"),
    [
        pytest.param(
            "core prdo",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/rollback core prod",),
            id="a typo of the environment is no tag",
        ),
        pytest.param(
            "coer prod #2 because x",
            MisreadReason.UNKNOWN_SERVICE,
            ("/rollback core prod #2 because x",),
            id="a typo of the service",
        ),
        pytest.param(
            "core,bathc stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("/rollback batch,core stage",),
            id="a typo in the list is no tag",
        ),
        pytest.param(
            "core,core2 stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("/rollback core stage",),
            id="nor with a digit",
        ),
        pytest.param(
            "core stage prod",
            MisreadReason.SEVERAL_ENVIRONMENTS,
            line("/rollback core", "stage", "prod"),
            id="two environments",
        ),
        pytest.param(
            "batch prod",
            MisreadReason.NOT_IN_ENVIRONMENT,
            line("/rollback batch", "dev", "stage"),
            id="not there",
        ),
        pytest.param(
            "frontend,batch",
            MisreadReason.MISSING_ENVIRONMENT,
            ("/rollback batch dev", "/rollback batch stage", "/rollback frontend prod"),
            id="no home in common",
        ),
        pytest.param(
            "core prod #2 D-12",
            MisreadReason.SEVERAL_VERSIONS,
            line("/rollback core prod", "#2", "D-12"),
            id="two to go back to",
        ),
        pytest.param(
            "core prod #2 the login broke",
            MisreadReason.TOO_MANY_WORDS,
            ("/rollback core prod #2 because the login broke", "/rollback core prod #2"),
            id="because forgotten",
        ),
        pytest.param(
            "core prod argocd",
            MisreadReason.TOO_MANY_WORDS,
            ("/rollback core prod by argocd", "/rollback core prod"),
            id="by forgotten",
        ),
        pytest.param(
            "all stage #2",
            MisreadReason.NOT_ALL,
            ("/rollback batch,core stage #2",),
            id="everything",
        ),
        pytest.param("core prod a..b", MisreadReason.BAD_VERSION, (), id="no tag is written so"),
        pytest.param(
            "prod",
            MisreadReason.MISSING_SERVICE,
            line("/rollback", "core prod", "user-service prod", "frontend prod"),
            id="no service",
        ),
        pytest.param(
            "nothing-here prod", MisreadReason.UNKNOWN_SERVICE, (), id="no service is called so"
        ),
        pytest.param(
            "v1.2.3 prod",
            MisreadReason.MISSING_SERVICE,
            line(
                "/rollback", "core prod v1.2.3", "user-service prod v1.2.3", "frontend prod v1.2.3"
            ),
            id="a tag without a service",
        ),
        pytest.param(
            "core by argocd override",
            MisreadReason.MISSING_REASON,
            ("/rollback core by argocd override because <reason>",),
            id="an override without a reason",
        ),
        pytest.param(
            "core by argocd without hooks override",
            MisreadReason.MISSING_REASON,
            ("/rollback core by argocd without hooks override because <reason>",),
            id="without hooks stays in the correction",
        ),
        pytest.param(
            "core prod #2 without hooks",
            MisreadReason.TOO_MANY_WORDS,
            ("/rollback core prod #2 because without hooks", "/rollback core prod #2"),
            id="by Git no hook is skipped",
        ),
    ],
)
def test_a_misread_rollback_offers_the_line_that_would_do(text, reason, corrections):
    found = parse("rollback", text, CATALOG)
    assert isinstance(found, Misread)
    assert (reason, corrections) == (found.reason, found.corrections)


@pytest.mark.parametrize(
    ("text", "reason", "corrections"),
    [
        pytest.param(
            "hold core prod a1b2c3d4",
            MisreadReason.MISSING_REASON,
            ("/ship hold core prod a1b2c3d4 because <reason>",),
            id="a hold without a reason",
        ),
        pytest.param(
            "hold core a1b2c3d4 because x",
            MisreadReason.MISSING_ENVIRONMENT,
            tuple(f"/ship hold core {one} a1b2c3d4 because x" for one in ("dev", "stage", "prod")),
            id="a hold of nowhere",
        ),
        pytest.param(
            "hold core prod because <reason>",
            MisreadReason.UNFILLED_REASON,
            (),
            id="a hold copied as it is",
        ),
        pytest.param(
            "release core prdo",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/ship release core prod",),
            id="a typo is no tag",
        ),
        pytest.param(
            "rollout core,batch stage",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship rollout batch stage", "/ship rollout core stage"),
            id="two rollouts",
        ),
        pytest.param(
            "rollout core",
            MisreadReason.MISSING_ENVIRONMENT,
            line("/ship rollout core", "dev", "stage", "prod"),
            id="a rollout of nowhere",
        ),
        pytest.param(
            "history coer",
            MisreadReason.UNKNOWN_SERVICE,
            ("/ship history core",),
            id="a history of nothing",
        ),
        pytest.param(
            "history core since yesterdayish",
            MisreadReason.BAD_START,
            ("/ship history core since 30d",),
            id="since when?",
        ),
        pytest.param(
            "history core since",
            MisreadReason.BAD_START,
            ("/ship history core since 30d",),
            id="since nothing",
        ),
        pytest.param(
            "history prod by bob",
            MisreadReason.BAD_PERSON,
            ("/ship history prod by me",),
            id="by a typed name",
        ),
        pytest.param(
            "diff core dev stage prod",
            MisreadReason.SEVERAL_ENVIRONMENTS,
            line("/ship diff core", "dev stage", "stage prod"),
            id="a diff of three",
        ),
        pytest.param(
            "diff batch stage prod",
            MisreadReason.NOT_IN_ENVIRONMENT,
            ("/ship diff batch stage dev",),
            id="a diff with nothing",
        ),
        pytest.param(
            "diff core stgae prod",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/ship diff core prod stage",),
            id="a diff with a mistyped environment",
        ),
        pytest.param(
            "diff core a1b2c3d4",
            MisreadReason.MISSING_ENVIRONMENT,
            tuple(f"/ship diff core {one} a1b2c3d4" for one in ("dev", "stage", "prod")),
            id="a diff of one version with nothing",
        ),
        pytest.param(
            "diff coer prod a1b2c3d4",
            MisreadReason.UNKNOWN_SERVICE,
            ("/ship diff core prod a1b2c3d4",),
            id="a diff with a version of a mistyped service",
        ),
        pytest.param(
            "diff coer a1b2c3d4 v1.2.3",
            MisreadReason.UNKNOWN_SERVICE,
            ("/ship diff core a1b2c3d4 v1.2.3",),
            id="a diff of versions of a mistyped service",
        ),
        pytest.param(
            "diff core a1b2c3d4..v1.2.3",
            MisreadReason.BAD_VERSION,
            ("/ship diff core a1b2c3d4 v1.2.3",),
            id="a diff as Git writes it",
        ),
        pytest.param(
            "diff core prod a1b2c3d4 v1.2.3",
            MisreadReason.TOO_MANY_WORDS,
            line("/ship diff core", "prod a1b2c3d4", "a1b2c3d4 v1.2.3"),
            id="a diff of three places",
        ),
        pytest.param(
            "diff core,batch a1b2c3d4 v1.2.3",
            MisreadReason.TOO_MANY_WORDS,
            line("/ship diff", "batch a1b2c3d4 v1.2.3", "core a1b2c3d4 v1.2.3"),
            id="a diff of versions of two services",
        ),
        pytest.param(
            "diff user-service stage a1b2c3d4",
            MisreadReason.NOT_IN_ENVIRONMENT,
            line("/ship diff user-service", "dev a1b2c3d4", "prod a1b2c3d4"),
            id="a diff with where it does not live",
        ),
        pytest.param(
            "why rollback core #2",
            MisreadReason.MISSING_ENVIRONMENT,
            tuple(f"/ship why rollback core {one} #2" for one in ("dev", "stage", "prod")),
            id="why of nowhere",
        ),
        pytest.param(
            "why promote core prod stage",
            MisreadReason.BACKWARDS,
            ("/ship why promote core stage prod",),
            id="why backwards",
        ),
    ],
)
def test_other_misreads_offer_lines_too(text, reason, corrections):
    found = parse("ship", escaped(text), CATALOG)
    assert isinstance(found, Misread)
    assert (reason, corrections) == (found.reason, found.corrections)


def test_a_mention_is_corrected_as_a_mention():
    found = parse("mention", "@shipmate why promote core prod stage", CATALOG)
    assert isinstance(found, Misread)
    assert ("@shipmate why promote core stage prod",) == found.corrections


@given(
    st.lists(st.sampled_from(list(HOMES)), min_size=1, max_size=3),
    st.sampled_from(["dev", "stage", "prod"]),
    st.sampled_from(["", "#3", "D-12", "a1b2c3d4", "core-prod-1"]),
    st.randoms(use_true_random=False),
)
def test_order_does_not_change_what_is_rolled_back(services, environment, what, chance):
    words = [word for word in (*services, environment, what) if word]
    straight = parse("rollback", " ".join(words), CATALOG)
    chance.shuffle(words)
    assert straight == parse("rollback", " ".join(words), CATALOG)


NAMES = ["core", "batch", "frontend", "coer", "core,batch", "all", "dev", "stage", "prod", "prdo"]
OTHERS = [
    "#2",
    "D-12",
    "a1b2c3d4",
    "v1.2.3",
    "latest",
    "a..b",
    "promote",
    "rollback",
    "why",
    "broken",
]
FILLERS = [
    "from",
    "to",
    "by",
    "argocd",
    "argo",
    "cd",
    ",",
    "and",
    "override",
    "because",
    "<reason>",
]
PIECES = st.sampled_from([*NAMES, *OTHERS, *FILLERS])
VERBS = ["promote", "rollback", "hold", "release", "rollout", "history", "diff", "why promote"]


@pytest.mark.parametrize(
    ("command", "word", "lines"),
    [
        pytest.param(
            Diff("core", ("stage",), ("production",)),
            "production",
            ("/ship diff core stage prod",),
            id="an environment and more",
        ),
        pytest.param(
            Diff("core", ("prod",), ("production",)),
            "production",
            ("/ship diff core prod",),
            id="the one that was named",
        ),
        pytest.param(
            Diff("core", (), ("a1b2c3d4", "staging")),
            "staging",
            ("/ship diff core stage a1b2c3d4",),
            id="beside a version",
        ),
        pytest.param(Diff("core", ("prod",), ("hotfix",)), "hotfix", (), id="no environment"),
    ],
)
def test_a_branch_that_is_not_there_may_have_meant_an_environment(command, word, lines):
    assert lines == meant_places(command, word, CATALOG)
    for one in lines:
        found = parse("ship", one.removeprefix("/ship "), CATALOG)
        assert isinstance(found, Diff), found


@given(st.sampled_from([*VERBS, "why rollback"]), st.lists(PIECES, max_size=8))
@example("rollback", ["core", "core", "prdo", "by", "argo", "cd"])
def test_each_correction_is_another_step(verb, pieces):
    """Parsing never raises; no correction is misread as the text was, and none leads nowhere."""
    for place, start in (("ship", ""), ("mention", "@shipmate ")):
        found = parse(place, escaped(f"{start}{verb} {' '.join(pieces)}"), CATALOG)
        if not isinstance(found, Misread):
            continue
        for each in found.corrections:
            again = parse(place, escaped(each), CATALOG)
            assert not isinstance(again, Misread) or again.reason is not found.reason


@given(st.lists(PIECES, max_size=6))
def test_production_is_only_meant_by_who_names_it(pieces):
    """Of the services that live in several environments, none goes to one that was not said."""
    text = " ".join(piece for piece in pieces if piece != "frontend")
    for verb in ("promote", "rollback"):
        found = parse(verb, escaped(text), CATALOG)
        if isinstance(found, Promote | Rollback) and found.environment == "prod":
            assert "prod" in text.split()
