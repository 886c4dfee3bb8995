"""What people type becomes a command, or an answer with the line that would do."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.commands import (
    VERBS,
    Cancel,
    Deploy,
    Form,
    Help,
    Misread,
    MisreadReason,
    Status,
    parse,
)
from bot.domain.words import escaped
from tests.domain.catalogs import HOMES, catalog

CATALOG = catalog()
CORE = Deploy(("core",), "a1b2c3d4", "stage")
BOTH = Deploy(("batch", "core"), "a1b2c3d4", "stage")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("core a1b2c3d4 stage", CORE, id="as it is written in the manual"),
        pytest.param("  core   a1b2c3d4\tstage ", CORE, id="blanks"),
        pytest.param("“core” ‘a1b2c3d4’ stage", CORE, id="smart quotes"),
        pytest.param("core\u00a0a1b2c3d4\u00a0stage", CORE, id="no-break spaces"),
        pytest.param("co\u200bre a1b2c3d4 stage\ufeff", CORE, id="zero-width characters"),
        pytest.param("*core* `a1b2c3d4` _stage_", CORE, id="pasted markup"),
        pytest.param("core <https://x.io/c/a1|a1b2c3d4> stage", CORE, id="a linked commit"),
        pytest.param("Core a1b2c3d4 STAGE", CORE, id="names in another case"),
        pytest.param("core a1b2c3d4 to stage", CORE, id="to"),
        pytest.param("to core a1b2c3d4 on stage please", CORE, id="on, please"),
        pytest.param("stage core a1b2c3d4", CORE, id="environment first"),
        pytest.param("a1b2c3d4 stage core", CORE, id="version first"),
        pytest.param("core stage a1b2c3d4", CORE, id="version last"),
        pytest.param("core, a1b2c3d4, stage", CORE, id="commas between everything"),
        pytest.param("core main stage", Deploy(("core",), "main", "stage"), id="a branch"),
        pytest.param("main stage core", Deploy(("core",), "main", "stage"), id="a branch first"),
        pytest.param("core dev stage", Deploy(("core",), "dev", "stage"), id="a branch dev"),
        pytest.param("core prod prod", Deploy(("core",), "prod", "prod"), id="a branch prod"),
        pytest.param("core v1.2.3+b1 dev", Deploy(("core",), "v1.2.3+b1", "dev"), id="a release"),
        pytest.param(
            "core feature/#12-login dev",
            Deploy(("core",), "feature/#12-login", "dev"),
            id="a branch with slash and hash",
        ),
        pytest.param("core,batch a1b2c3d4 stage", BOTH, id="two services"),
        pytest.param("core, batch a1b2c3d4 stage", BOTH, id="a blank after the comma"),
        pytest.param("core ,batch a1b2c3d4 stage", BOTH, id="a blank before the comma"),
        pytest.param("core , batch a1b2c3d4 stage", BOTH, id="blanks around the comma"),
        pytest.param("core，batch a1b2c3d4 stage", BOTH, id="a full-width comma"),
        pytest.param("*core*, `batch` a1b2c3d4 stage", BOTH, id="markup in the list"),
        pytest.param("core and batch a1b2c3d4 stage", BOTH, id="and"),
        pytest.param("core &amp; batch a1b2c3d4 stage", BOTH, id="ampersand"),
        pytest.param("core batch a1b2c3d4 stage", BOTH, id="only blanks between services"),
        pytest.param("core a1b2c3d4 stage batch", BOTH, id="a service as an afterthought"),
        pytest.param("batch,core,batch a1b2c3d4 stage", BOTH, id="sorted, and each once"),
        pytest.param(
            "user–service a1b2c3d dev",
            Deploy(("user-service",), "a1b2c3d", "dev"),
            id="a dash that the phone made long",
        ),
        pytest.param("core a1b2c3d4 stage <@U0BOB>", CORE, id="somebody is mentioned"),
        pytest.param("deploy core a1b2c3d4 stage", CORE, id="the verb again"),
        pytest.param("/deploy core a1b2c3d4 stage", CORE, id="the whole line pasted"),
        pytest.param("", Form(), id="nothing: the form"),
        pytest.param("  \u200b", Form(), id="only blanks"),
        pytest.param("help", Help("deploy"), id="help"),
        pytest.param("?", Help("deploy"), id="question mark"),
    ],
)
def test_deploys_as_people_type_them(text, expected):
    assert expected == parse("deploy", text, CATALOG)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("because the login is broken", "the login is broken", id="plain"),
        pytest.param("BECAUSE it’s  on fire", "it’s on fire", id="an apostrophe"),
        pytest.param("because: “fix it”", "fix it", id="colon and quotes"),
        pytest.param(
            "because <@U1|alice> said &lt;now&gt;", "@alice said <now>", id="outside text"
        ),
        pytest.param(
            "because core on prod because why", "core on prod because why", id="names in it"
        ),
        pytest.param("because", None, id="and nothing more"),
        pytest.param("", None, id="none"),
    ],
)
def test_the_reason_is_in_their_own_words(text, expected):
    found = parse("deploy", f"core a1b2c3d4 stage {text}", CATALOG)
    assert Deploy(("core",), "a1b2c3d4", "stage", expected) == found


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("ship", "", Help(), id="/ship alone"),
        pytest.param("ship", "help", Help(), id="help"),
        pytest.param("ship", "help deploy", Help("deploy"), id="help on a command"),
        pytest.param("ship", "deploy", Form(), id="/ship deploy alone"),
        pytest.param("ship", "lock help", Help("lock"), id="a command and help"),
        pytest.param("ship", "help cancl", Help("cancel"), id="help on a typo"),
        pytest.param("ship", "help weather", Help(), id="help on nothing we have"),
        pytest.param("ship", "status", Status(), id="status of all"),
        pytest.param("ship", "status core", Status("core"), id="status of a service"),
        pytest.param("ship", "status prod", Status(None, "prod"), id="status of an environment"),
        pytest.param("ship", "status core prod", Status("core", "prod"), id="status of a target"),
        pytest.param("ship", "Status on PROD Core", Status("core", "prod"), id="status, any order"),
        pytest.param("ship", "cancel D-4821", Cancel("D-4821"), id="cancel"),
        pytest.param("ship", "cancel d–4821", Cancel("D-4821"), id="cancel with a long dash"),
        pytest.param("ship", "cancel 4821", Cancel("D-4821"), id="cancel by number"),
        pytest.param("ship", "cancel #4821 please", Cancel("D-4821"), id="cancel by hash"),
        pytest.param("ship", "deploy core a1b2c3d4 stage", CORE, id="deploy under /ship"),
        pytest.param("ship", "/ship status core", Status("core"), id="the whole line pasted"),
        pytest.param("mention", "<@U0BOT>", Help(), id="only the bot's name"),
        pytest.param("mention", "<@U0BOT> deploy core a1b2c3d4 stage", CORE, id="mention"),
        pytest.param("mention", "<@U0BOT>: deploy core a1b2c3d4 stage", CORE, id="with a colon"),
        pytest.param("mention", "<@U0BOT>, Deploy core a1b2c3d4 stage", CORE, id="with a comma"),
        pytest.param("mention", "hey <@U0BOT> deploy core a1b2c3d4 stage", CORE, id="a greeting"),
        pytest.param("mention", "deploy core a1b2c3d4 stage <@U0BOT>", CORE, id="name last"),
        pytest.param("mention", "@shipmate deploy core a1b2c3d4 stage", CORE, id="name as text"),
        pytest.param(
            "mention", "<@U0BOT> /deploy core a1b2c3d4 stage", CORE, id="slash in mention"
        ),
        pytest.param("mention", "<@U0BOT> status core", Status("core"), id="status by mention"),
        pytest.param("mention", "<@U0BOT> cancel D-1", Cancel("D-1"), id="cancel by mention"),
    ],
)
def test_the_other_commands_and_ways_to_say_them(name, text, expected):
    assert expected == parse(name, text, CATALOG)


@pytest.mark.parametrize(
    ("text", "reason", "corrections"),
    [
        pytest.param(
            "cor a1b2c3d4 stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("/deploy core a1b2c3d4 stage",),
            id="a letter is missing in the service",
        ),
        pytest.param(
            "cor dev stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("/deploy core dev stage",),
            id="a typo, and a branch named as an environment",
        ),
        pytest.param(
            "a1b2c3d4 stage cor",
            MisreadReason.UNKNOWN_SERVICE,
            ("/deploy core a1b2c3d4 stage",),
            id="a typo in another order",
        ),
        pytest.param(
            "cor,bacth a1b2c3d4 stage because x",
            MisreadReason.UNKNOWN_SERVICE,
            ("/deploy batch,core a1b2c3d4 stage because x",),
            id="two typos in a list, and a reason",
        ),
        pytest.param(
            "core btch a1b2c3d4 stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("/deploy batch,core a1b2c3d4 stage",),
            id="a typo in a list without commas",
        ),
        pytest.param(
            "core,payments a1b2c3d4 stage",
            MisreadReason.UNKNOWN_SERVICE,
            (),
            id="a service that nothing resembles",
        ),
        pytest.param(
            "payments a1b2c3d4 stage", MisreadReason.UNKNOWN_SERVICE, (), id="an unknown service"
        ),
        pytest.param(
            "cor stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("/deploy core <version> stage",),
            id="a typo and no version",
        ),
        pytest.param(
            "core a1b2c3d4 stge",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/deploy core a1b2c3d4 stage",),
            id="a typo in the environment",
        ),
        pytest.param(
            "core main production",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/deploy core main prod",),
            id="the long name of an environment",
        ),
        pytest.param(
            "core a1b2c3d4 qa",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            (
                "/deploy core a1b2c3d4 dev",
                "/deploy core a1b2c3d4 stage",
                "/deploy core a1b2c3d4 prod",
            ),
            id="an unknown environment",
        ),
        pytest.param(
            "core a1b2c3d4",
            MisreadReason.MISSING_ENVIRONMENT,
            (
                "/deploy core a1b2c3d4 dev",
                "/deploy core a1b2c3d4 stage",
                "/deploy core a1b2c3d4 prod",
            ),
            id="no environment: never a guess",
        ),
        pytest.param(
            "frontend a1b2c3d4",
            MisreadReason.MISSING_ENVIRONMENT,
            ("/deploy frontend a1b2c3d4 prod",),
            id="no environment, though there is but one",
        ),
        pytest.param(
            "batch,core a1b2c3d4",
            MisreadReason.MISSING_ENVIRONMENT,
            ("/deploy batch,core a1b2c3d4 dev", "/deploy batch,core a1b2c3d4 stage"),
            id="no environment: only where both live",
        ),
        pytest.param(
            "batch,frontend a1b2c3d4",
            MisreadReason.MISSING_ENVIRONMENT,
            (
                "/deploy batch a1b2c3d4 dev",
                "/deploy batch a1b2c3d4 stage",
                "/deploy frontend a1b2c3d4 prod",
            ),
            id="no environment has both",
        ),
        pytest.param(
            "core stage",
            MisreadReason.MISSING_VERSION,
            ("/deploy core <version> stage",),
            id="no version",
        ),
        pytest.param(
            "core stge",
            MisreadReason.MISSING_VERSION,
            ("/deploy core <version> stage",),
            id="no version and a typo",
        ),
        pytest.param(
            "frontend",
            MisreadReason.MISSING_VERSION,
            ("/deploy frontend <version> prod",),
            id="only a service",
        ),
        pytest.param(
            "core batch stage",
            MisreadReason.MISSING_VERSION,
            ("/deploy batch,core <version> stage",),
            id="a service is no version",
        ),
        pytest.param(
            "core <@U1> stage",
            MisreadReason.MISSING_VERSION,
            ("/deploy core <version> stage",),
            id="a person is no version",
        ),
        pytest.param(
            "a1b2c3d4 stage",
            MisreadReason.MISSING_SERVICE,
            ("/deploy core a1b2c3d4 stage", "/deploy batch a1b2c3d4 stage"),
            id="no service: those that live there",
        ),
        pytest.param(
            "<@U1> a1b2c3d4 prod",
            MisreadReason.MISSING_SERVICE,
            (
                "/deploy core a1b2c3d4 prod",
                "/deploy user-service a1b2c3d4 prod",
                "/deploy frontend a1b2c3d4 prod",
            ),
            id="a person is no service",
        ),
        pytest.param(
            "batch a1b2c3d4 prod",
            MisreadReason.NOT_IN_ENVIRONMENT,
            ("/deploy batch a1b2c3d4 dev", "/deploy batch a1b2c3d4 stage"),
            id="it does not live there",
        ),
        pytest.param(
            "batch,core a1b2c3d4 prod",
            MisreadReason.NOT_IN_ENVIRONMENT,
            (
                "/deploy core a1b2c3d4 prod",
                "/deploy batch,core a1b2c3d4 dev",
                "/deploy batch,core a1b2c3d4 stage",
            ),
            id="one of two does not live there",
        ),
        pytest.param(
            "core a1b2c3d4 stage,prod",
            MisreadReason.SEVERAL_ENVIRONMENTS,
            ("/deploy core a1b2c3d4 stage", "/deploy core a1b2c3d4 prod"),
            id="two environments",
        ),
        pytest.param(
            "stage core dev",
            MisreadReason.SEVERAL_ENVIRONMENTS,
            ("/deploy core <version> stage", "/deploy core <version> dev"),
            id="two environments, none of them the version for sure",
        ),
        pytest.param(
            "core a1b2c3d4 stage hotfix for login",
            MisreadReason.TOO_MANY_WORDS,
            ("/deploy core a1b2c3d4 stage because hotfix for login",),
            id="the because was forgotten",
        ),
        pytest.param(
            "core a1b2c3d4 9f8e7d6c5b stage",
            MisreadReason.TOO_MANY_WORDS,
            ("/deploy core a1b2c3d4 stage", "/deploy core 9f8e7d6c5b stage"),
            id="two versions",
        ),
        pytest.param(
            " ".join(["core"] * 61), MisreadReason.TOO_MANY_WORDS, (), id="far too many words"
        ),
        pytest.param("x" * 10_000, MisreadReason.TOO_LONG, (), id="ten thousand characters"),
        pytest.param(
            "core &lt;version&gt; stage", MisreadReason.BAD_VERSION, (), id="not filled in"
        ),
    ],
)
def test_a_misread_deploy_offers_the_line_that_would_do(text, reason, corrections):
    found = parse("deploy", text, CATALOG)
    assert isinstance(found, Misread)
    assert (reason, corrections) == (found.reason, found.corrections)


@pytest.mark.parametrize(
    "version",
    [
        pytest.param("-rf", id="an option"),
        pytest.param("a..b", id="a range"),
        pytest.param("a@{1}", id="a reflog entry"),
        pytest.param("a~1", id="an ancestor"),
        pytest.param("a^", id="a parent"),
        pytest.param("a:b", id="a colon"),
        pytest.param("a\\b", id="a backslash"),
        pytest.param("a\x07b", id="a control character"),
        pytest.param("/a", id="starts with a slash"),
        pytest.param("a/", id="ends with a slash"),
        pytest.param("a//b", id="two slashes"),
        pytest.param(".a", id="starts with a dot"),
        pytest.param("a/.b", id="a part starts with a dot"),
        pytest.param("a.", id="ends with a dot"),
        pytest.param("a.lock", id="a lock file"),
        pytest.param("a?b", id="a pattern"),
        pytest.param("a&lt;b", id="a bracket"),
        pytest.param("https://x.io/a", id="an address"),
        pytest.param("a" * 201, id="too long"),
    ],
)
def test_what_neither_ref_nor_tag_can_be_is_no_version(version):
    found = parse("deploy", f"core {version} stage", CATALOG)
    assert isinstance(found, Misread)
    assert MisreadReason.BAD_VERSION is found.reason


@pytest.mark.parametrize(
    ("name", "text", "reason", "corrections"),
    [
        pytest.param(
            "ship",
            "stauts core",
            MisreadReason.UNKNOWN_VERB,
            ("/ship status core", "/ship help"),
            id="a typo in the verb",
        ),
        pytest.param(
            "ship",
            "depoy core",
            MisreadReason.UNKNOWN_VERB,
            (
                "/deploy core <version> dev",
                "/deploy core <version> stage",
                "/deploy core <version> prod",
                "/ship help",
            ),
            id="a typo in the verb of half a line",
        ),
        pytest.param(
            "mention",
            "<@U0BOT> deploy",
            MisreadReason.EMPTY,
            (
                "@shipmate deploy core <version> dev",
                "@shipmate deploy core <version> stage",
                "@shipmate deploy core <version> prod",
            ),
            id="a mention can open no form",
        ),
        pytest.param(
            "ship",
            "nail core stage",
            MisreadReason.UNKNOWN_VERB,
            ("/ship help",),
            id="a verb we do not have is no version",
        ),
        pytest.param(
            "mention",
            "<@U0BOT> can you deploy the app please?",
            MisreadReason.UNKNOWN_VERB,
            ("@shipmate help",),
            id="a line nobody can read is not handed back to copy",
        ),
        pytest.param(
            "ship",
            "core a1b2c3d4 stage",
            MisreadReason.UNKNOWN_VERB,
            ("/deploy core a1b2c3d4 stage", "/ship help"),
            id="the verb is missing",
        ),
        pytest.param(
            "mention",
            "<@U0BOT> core a1b2c3d4 stage",
            MisreadReason.UNKNOWN_VERB,
            ("@shipmate deploy core a1b2c3d4 stage", "@shipmate help"),
            id="missing in a mention",
        ),
        pytest.param(
            "mention",
            "<@U0BOT> thank you",
            MisreadReason.UNKNOWN_VERB,
            ("@shipmate help",),
            id="small talk",
        ),
        pytest.param(
            "mention",
            "<@U0BOT> deploy cor a1b2c3d4 stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("@shipmate deploy core a1b2c3d4 stage",),
            id="a typo in a mention",
        ),
        pytest.param(
            "ship",
            "deploy cor a1b2c3d4 stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("/deploy core a1b2c3d4 stage",),
            id="a typo in a deploy under /ship",
        ),
        pytest.param(
            "ship",
            "status cor stage",
            MisreadReason.UNKNOWN_SERVICE,
            ("/ship status core stage",),
            id="status of a typo",
        ),
        pytest.param(
            "ship",
            "status core stge",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/ship status core stage",),
            id="status in a typo",
        ),
        pytest.param(
            "ship",
            "status pord",
            MisreadReason.UNKNOWN_ENVIRONMENT,
            ("/ship status prod",),
            id="status of an environment's typo",
        ),
        pytest.param(
            "ship",
            "status batch prod",
            MisreadReason.NOT_IN_ENVIRONMENT,
            ("/ship status batch dev", "/ship status batch stage", "/ship status batch"),
            id="status where it does not live",
        ),
        pytest.param(
            "ship",
            "status core batch",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship status core", "/ship status batch"),
            id="status of two",
        ),
        pytest.param("ship", "cancel", MisreadReason.BAD_OPERATION_ID, (), id="cancel nothing"),
        pytest.param("ship", "cancel core", MisreadReason.BAD_OPERATION_ID, (), id="cancel a name"),
        pytest.param(
            "ship",
            "cancel D-1 D-2",
            MisreadReason.TOO_MANY_WORDS,
            ("/ship cancel D-1", "/ship cancel D-2"),
            id="cancel two",
        ),
    ],
)
def test_other_misreads_offer_lines_too(name, text, reason, corrections):
    found = parse(name, text, CATALOG)
    assert isinstance(found, Misread)
    assert (reason, corrections) == (found.reason, found.corrections)


def test_facts_name_what_was_not_understood():
    found = parse("deploy", "cor a1b2c3d4 stage", CATALOG)
    assert isinstance(found, Misread)
    known = ", ".join(HOMES)
    assert {"service": "cor", "near": "core", "known": known} == dict(found.facts)


def test_a_long_word_is_said_back_shortened():
    found = parse("deploy", f"{'x' * 500} a1b2c3d4 stage", CATALOG)
    assert isinstance(found, Misread)
    assert 80 == len(found.facts["service"])


def test_a_branch_named_as_a_typed_person_is_a_branch():
    assert Deploy(("core",), "U0BOB", "stage") == parse("deploy", "core U0BOB stage", CATALOG)


def test_a_service_with_the_name_of_an_environment_is_told_by_its_place():
    odd = catalog({"prod": ("dev",)}, ("dev", "prod"))
    assert Deploy(("prod",), "a1b2c3d", "dev") == parse("deploy", "prod a1b2c3d dev", odd)


def test_nothing_configured_is_no_crash():
    found = parse("deploy", "core a1b2c3d4 stage", catalog({}, ()))
    assert isinstance(found, Misread)
    assert () == found.corrections


pieces = st.sampled_from(
    [
        *HOMES,
        "dev",
        "stage",
        "prod",
        "cor",
        "stge",
        "pord",
        "a1b2c3d4",
        "main",
        "to",
        "because",
        ",",
        "and",
        "help",
        "D-12",
        "<@U1>",
        "&lt;",
        "-x",
        "“",
        "*",
        "/deploy",
        "/ship",
        "override",
        "all",
        "for",
        "until",
        "2h",
        "18:00",
        "steal",
        "from",
        "by",
        "argocd",
        "#2",
        *VERBS,
    ]
)
lines = st.lists(st.one_of(pieces, st.text(max_size=8)), max_size=9).map(" ".join)
places = st.sampled_from(["deploy", "promote", "rollback", "ship", "mention"])


@given(places, lines)
@example("deploy", "cor,bacth core main stge,prod")
def test_any_text_is_a_command_or_misread_and_its_corrections_do(name, text):
    """Parsing never raises; no correction is misread as the text was."""
    found = parse(name, text, CATALOG)
    if isinstance(found, Misread):
        for line in found.corrections:
            again = parse(name, escaped(line), CATALOG)
            assert not isinstance(again, Misread) or again.reason is not found.reason


@given(
    st.lists(st.sampled_from(list(HOMES)), min_size=1),
    st.from_regex(r"[0-9a-f]{7,40}", fullmatch=True),
    st.sampled_from(["dev", "stage", "prod"]),
    st.randoms(use_true_random=False),
)
def test_order_does_not_change_what_is_meant(services, version, environment, chance):
    words = [*services, version, environment]
    straight = parse("deploy", " ".join(words), CATALOG)
    chance.shuffle(words)
    assert straight == parse("deploy", " ".join(words), CATALOG)


@pytest.mark.timeout(5)
def test_the_longest_text_over_many_services_is_read_at_once():
    many = catalog({f"service-{number}": ("dev",) for number in range(300)}, ("dev",))
    found = parse("deploy", ",".join(["serwice-x"] * 199), many)
    assert isinstance(found, Misread)
