import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.slash_names import VERBS, Nameless, SlashNames, named

ACME = SlashNames({verb: f"/acme-{verb}" for verb in VERBS})
PLAIN = tuple(f"/{verb}" for verb in VERBS)


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        pytest.param(PLAIN, SlashNames(), id="as they are"),
        pytest.param([f"/acme-{verb}" for verb in VERBS], ACME, id="renamed"),
        pytest.param(
            ["/x_deploy", "/promote", "/a-b-rollback", "/ship", "/lunch"],
            SlashNames(
                {
                    "deploy": "/x_deploy",
                    "promote": "/promote",
                    "rollback": "/a-b-rollback",
                    "ship": "/ship",
                }
            ),
            id="some, and one that is not ours",
        ),
        pytest.param([*PLAIN, "/old-deploy"], SlashNames(), id="the plain name goes first"),
        pytest.param(PLAIN[:3], Nameless(("ship",)), id="one is missing"),
        pytest.param(
            ["/a-deploy", "/b-deploy", *PLAIN[1:]], Nameless(("deploy",)), id="two could be meant"
        ),
        pytest.param(["/spaceship", *PLAIN[:3]], Nameless(("ship",)), id="the end of a word"),
        pytest.param([], Nameless(VERBS), id="none"),
    ],
)
def test_which_command_is_which(commands, expected):
    assert expected == named(commands)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("`/deploy core a1b2c3d4 stage`", "`/acme-deploy core a1b2c3d4 stage`"),
        ("Send /ship unlock core prod, or wait.", "Send /acme-ship unlock core prod, or wait."),
        ("/ship why /deploy core x prod", "/acme-ship why /acme-deploy core x prod"),
        (
            "<https://argocd.example.com/deploy|/deploy>",
            "<https://argocd.example.com/deploy|/acme-deploy>",
        ),
        (
            "k8s/deploy/values.yaml, deploy/ship, ./deploy",
            "k8s/deploy/values.yaml, deploy/ship, ./deploy",
        ),
        ("/deployment /shipmate /deploy.yaml", "/deployment /shipmate /deploy.yaml"),
    ],
)
def test_what_is_said_has_the_names_of_the_workspace(said, expected):
    assert expected == ACME.theirs(said)
    assert said == SlashNames().theirs(said)


def test_blocks_keep_their_shape():
    blocks = [{"type": "section", "text": {"text": "/ship help", "emoji": False}, "n": 1}]
    shown = [{"type": "section", "text": {"text": "/acme-ship help", "emoji": False}, "n": 1}]
    assert shown == ACME.theirs(blocks)


@given(st.lists(st.sampled_from([*PLAIN, "core", "a/deploy", ",", "because", "/x", "-ship"])))
def test_what_was_shown_can_be_typed_again(parts):
    said = " ".join(parts)
    assert said == ACME.ours(ACME.theirs(said))
