"""Every outside call of a deploy, and everything that can go wrong with it.

A fault that passes ends in LIVE with one commit and one card; meanwhile the card says what is
waited for. A fault that stays ends with its true reason and nothing half done.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from werkzeug.wrappers import Request, Response

from bot.adapters.argocd import Timeouts
from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.reach import Patience
from sandbox.github.server import mutates
from sandbox.wire import Fault, Wire, answer
from tests.scenarios.story import Story, told_in

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
PATIENCE = Patience(github=1, slack=timedelta(seconds=1), argocd=Timeouts(1.0, 1.0, 1.0))
LATE = 1.4
"""Real seconds: longer than ``PATIENCE``."""

HTML = "<html><body><h1>Please log in to the proxy</h1></body></html>"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One world for all: each test deploys a commit of its own."""
    folder = tmp_path_factory.mktemp("faults")
    with told_in(folder, speed=60, patience=PATIENCE, config=as_production) as story:
        yield story


def as_production(text: str) -> str:
    """Return the configuration with rights that are read live, and checks that are asked for."""
    return text.replace("production: false", "production: true")


@pytest.fixture(autouse=True)
def all_is_well(told: Story) -> Iterator[None]:
    yield
    for wire in told.world.wires:
        wire.disarm()
    told.argocd.slow_render("astrago", 0)


# the calls


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of outside call: the fake, its route, and which of the route's calls are meant.

    *prepare* makes the deploy need this call at all. One *beside* the deploy meets its fault before
    the deploy begins. *typed* is the version that people type; None: the commit's SHA.
    """

    wire: str
    route: str
    which: Callable[[Request], bool] = lambda _request: True
    prepare: Callable[[Story], None] = lambda _told: None
    beside: bool = False
    typed: str | None = None

    def of(self, told: Story) -> Wire:
        return getattr(told.world, self.wire)


def _asks(*variables: str) -> Callable[[Request], bool]:
    """Tell GitHub's queries apart by what they ask about."""

    def which(request: Request) -> bool:
        return {*variables} <= json.loads(request.data).get("variables", {}).keys()

    return which


def _refreshes(request: Request) -> bool:
    return "refresh" in request.args


def _only_looks(request: Request) -> bool:
    return not _refreshes(request)


def _argocd_is_slow(told: Story) -> None:
    """The first looks find the revision before ours, so GitHub is asked how the two lie."""
    told.argocd.slow_render("astrago", 10)


def _the_first_post_is_lost(told: Story) -> None:
    told.slack.arm("chat.postMessage", Fault(drop="after"))


def _a_new_stream(told: Story) -> None:
    # One that is still opening would not be ended.
    assert told.world.until(lambda: told.argocd.open_streams() > 0)
    told.argocd.restart()


def _tokens_are_over(told: Story) -> None:
    told.world.registry.revoke_tokens()


CALLS = {
    "GitHub: read the files": Call("github", "graphql", _asks("p0")),
    "GitHub: commit": Call("github", "graphql", mutates),
    "GitHub: resolve the version": Call("github", "commit", typed=BRANCH),
    "GitHub: resolve it with its checks": Call("github", "graphql", _asks("digits")),
    "GitHub: read the checks": Call("github", "graphql", _asks("oid"), typed=BRANCH),
    "GitHub: read who it is": Call("github", "graphql", _asks("login")),
    "GitHub: compare revisions": Call("github", "compare", prepare=_argocd_is_slow),
    "Argo CD: look": Call("argocd", "application.get", _only_looks),
    "Argo CD: refresh": Call("argocd", "application.get", _refreshes),
    "Argo CD: read a workload": Call("argocd", "application.resource"),
    "Argo CD: list": Call("argocd", "applications.list", prepare=_a_new_stream, beside=True),
    "Argo CD: watch": Call("argocd", "applications.watch", prepare=_a_new_stream, beside=True),
    "Registry: find the image": Call("registry", "manifest"),
    "Registry: get a token": Call("registry", "token", prepare=_tokens_are_over),
    "Slack: read who it is": Call("slack", "users.info"),
    "Slack: post the card": Call("slack", "chat.postMessage"),
    "Slack: edit the card": Call("slack", "chat.update"),
    "Slack: find the card": Call("slack", "conversations.history", prepare=_the_first_post_is_lost),
}

# the faults


def _status(code: int, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    said = {"message": "Server Error", "error": "server error", "code": 2, "ok": False}
    return Fault(answer=lambda: answer(said, code, named))


def _body(text: str, kind: str) -> Fault:
    """The effect happens, but the answer can't be read."""
    return Fault(mangle=lambda _answer: Response(text, 200, content_type=kind))


def _said(body: object, status: int = 200, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(answer=lambda: answer(body, status, named))


def _graph_error(kind: str, message: str) -> Fault:
    return _said({"errors": [{"type": kind, "message": message}]})


ANYWHERE = {
    "500": _status(500),
    "502": _status(502),
    "503": _status(503),
    "504 after the effect": Fault(answer=lambda: Response(HTML, 504), after_effect=True),
    "429": _status(429),
    "429 with Retry-After": _status(429, Retry_After="5"),
    "cut before": Fault(drop="before"),
    "cut after": Fault(drop="after"),
    "late": Fault(delay=LATE),
    "garbage": _body("\x00\x01{{{", "application/json"),
    "HTML": _body(HTML, "text/html"),
    "empty": _body("", "application/json"),
    "no object": _body("[]", "application/json"),
}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
GITHUB = {
    "secondary limit": _said(SECONDARY, 403),
    "secondary limit with Retry-After": _said(SECONDARY, 403, Retry_After="4"),
    "secondary limit as 429": _said(SECONDARY, 429),
    "primary limit": _said(
        {"message": "API rate limit exceeded for user ID 1."},
        403,
        x_ratelimit_remaining="0",
        x_ratelimit_reset="1",
    ),
}
GRAPHQL = {
    "RATE_LIMITED": _graph_error("RATE_LIMITED", "API rate limit exceeded for user ID 1."),
    "RATE_LIMIT": _graph_error("RATE_LIMIT", "API rate limit already exceeded for user ID 1."),
    "something went wrong": _said({"errors": [{"message": "Something went wrong"}]}),
}
SLACK = {
    "internal_error": _said({"ok": False, "error": "internal_error"}),
    "ratelimited": _said({"ok": False, "error": "ratelimited"}, 429, Retry_After="3"),
    "no ts": _said({"ok": True}),
}


def _faults(call: str) -> dict[str, Fault]:
    found = dict(ANYWHERE)
    if call.startswith("GitHub"):
        found |= GITHUB
    if CALLS[call].route == "graphql":
        found |= GRAPHQL
    if call.startswith("Slack"):
        found |= SLACK
    return found


# the story


FEW = {"503", "429", "cut after", "late", "garbage", "HTML"}
"""Enough for calls that only make a deploy quicker, and for those that only read: their clients
have met the others in another row."""

FEW_FOR = {
    "GitHub: resolve it with its checks",
    "GitHub: read the checks",
    "GitHub: read who it is",
    "Registry: find the image",
    "Registry: get a token",
    "Slack: read who it is",
    *(call for call, one in CALLS.items() if one.beside),
}


def a_new_version(told: Story) -> str:
    number = len(told.github.log(BACKEND, BRANCH))
    sha = told.github.push(BACKEND, BRANCH, {"change.txt": f"{number}\n"}, message="fix: more")
    return sha[:8]


def break_it(told: Story, call: str, fault: Fault, times: int | None = 1) -> list[str]:
    """Arm the fault; return the paths of the calls that meet it, as they come."""
    broken, met = CALLS[call], []

    def which(request: Request) -> bool:
        if broken.which(request):
            met.append(request.path)
            return True
        return False

    broken.of(told).arm(broken.route, fault, times=times, when=which)
    broken.prepare(told)
    if broken.beside:
        assert told.world.until(lambda: bool(met))
    return met


def assert_done_once(told: Story, before: list, ended, version: str) -> None:
    assert Phase.LIVE is ended.phase, (ended.problem, told.store.timeline(ended.id))
    assert 1 == len(told.commits()) - len(before), "one commit"
    assert f"ghcr.io/xiilab/astrago-backend:core-stage-{version}" in told.argocd.images("astrago")
    card = told.card(ended.id)  # fails when there are two
    assert "Live: core to stage" in card.words


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        pytest.param(call, fault, id=f"{call}: {fault}")
        for call in CALLS
        for fault in _faults(call)
        if call not in FEW_FOR or fault in FEW
    ],
)
def test_a_fault_that_passes_ends_live_once(told: Story, call: str, fault: str):
    before, version = told.commits(), a_new_version(told)
    met = break_it(told, call, _faults(call)[fault])

    ended = told.ends(told.types(f"/deploy core {CALLS[call].typed or version} stage"), 60)

    assert met, "the fault was never met"
    assert_done_once(told, before, ended, version)


def test_every_call_of_a_deploy_is_in_the_table(told: Story):
    """A new call to the outside needs a row, or a reason to be left out."""
    for prepare in (_argocd_is_slow, _a_new_stream, _the_first_post_is_lost):
        prepare(told)
    for wire in told.world.wires:
        with wire.lock:
            wire.calls.clear()

    meant = [call.which for call in CALLS.values() if call.route == "graphql"]
    meant.append(_asks("ref"))  # the light look for drift, which is no part of a deploy
    strange: list[bytes] = []

    def is_strange(request: Request) -> bool:
        if not any(which(request) for which in meant):
            strange.append(request.data)
        return False

    told.github.arm("graphql", Fault(), times=None, when=is_strange)
    told.goes_live(told.types(f"/deploy core {a_new_version(told)} stage"))
    a_new_version(told)
    told.goes_live(told.types(f"/deploy core {BRANCH} stage"))

    called = {(wire.name, call.route) for wire in told.world.wires for call in wire.calls}
    table = {(call.of(told).name, call.route) for call in CALLS.values()}
    assert called <= table
    assert [] == strange, "a query of GitHub that no row means"


# faults that last for a while

LASTING = {
    "GitHub: read the files": (Phase.CHECKING, "GitHub gave no usable answer"),
    "GitHub: resolve the version": (Phase.CHECKING, "GitHub gave no usable answer"),
    "GitHub: commit": (Phase.COMMITTING, "GitHub gave no usable answer"),
    "GitHub: read the checks": (Phase.CHECKING, "GitHub gave no usable answer"),
    "GitHub: read who it is": (Phase.CHECKING, "GitHub gave no usable answer"),
    "Argo CD: look": (Phase.CHECKING, "Argo CD main gave no usable answer"),
    "Registry: find the image": (Phase.CHECKING, "ghcr.io gave no usable answer"),
    "Slack: read who it is": (Phase.CHECKING, "Slack gave no usable answer"),
}


@pytest.mark.parametrize("call", LASTING)
def test_an_outage_is_told_and_then_the_deploy_goes_on(told: Story, call: str):
    """The card says what is waited for and when it is tried again."""
    before, version = told.commits(), a_new_version(told)
    met = break_it(told, call, _status(503), times=None)
    phase, words = LASTING[call]
    number = told.operation(told.types(f"/deploy core {CALLS[call].typed or version} stage")).id

    assert told.world.until(lambda: len(met) >= 4)
    assert told.world.until(lambda: words in told.card(number).words)
    said = told.card(number).words
    assert "Why it waits: " in said
    assert "It is tried again at " in said
    assert phase is told.store.operation(number).phase
    assert before == told.commits()

    CALLS[call].of(told).disarm()
    assert_done_once(told, before, told.ends_with_id(number), version)


def test_argocd_away_while_it_is_followed_is_told_and_then_the_deploy_goes_on(told: Story):
    before, version = told.commits(), a_new_version(told)
    _argocd_is_slow(told)
    number = told.operation(told.types(f"/deploy core {version} stage")).id
    assert told.world.until(lambda: told.store.operation(number).written)
    told.argocd.arm("*", _status(503), times=None)

    words = "Argo CD main gave no usable answer"
    assert told.world.until(lambda: words in told.card(number).words)
    assert "It is tried again at " in told.card(number).words

    told.argocd.disarm()
    assert_done_once(told, before, told.ends_with_id(number), version)


def test_slack_takes_no_message_for_the_whole_deploy(told: Story):
    """The deploy lands, as Slack says who asks; its card appears once when Slack is back."""
    before, version = told.commits(), a_new_version(told)
    cards = len(told.slack.cards())
    told.slack.arm("*", _status(503), times=None, when=_takes_messages)
    number = told.operation(told.types(f"/deploy core {version} stage")).id

    assert told.world.until(lambda: told.store.operation(number).phase.ended)
    assert cards == len(told.slack.cards())

    told.slack.disarm()
    assert_done_once(told, before, told.ends_with_id(number), version)
    assert 1 == len(told.slack.cards()) - cards


def _takes_messages(request: Request) -> bool:
    return not request.path.endswith("/users.info")


def test_a_fault_that_comes_and_goes_everywhere(told: Story):
    """Every second call of every system fails, three times each."""
    before, version = told.commits(), a_new_version(told)
    for wire in told.world.wires:
        for skip in range(3):
            wire.arm("*", _status(503), skip=skip + 1)

    ended = told.ends(told.types(f"/deploy core {version} stage"))

    assert_done_once(told, before, ended, version)


def test_a_read_that_lags_behind_is_found_out_by_the_commit(told: Story):
    """A read from before somebody's push: GitHub refuses the commit, and it is made anew."""
    told.github.stale(told.system.gitops, calls=2)
    told.github.push(told.system.gitops, "main", {"note.txt": "by somebody else\n"})
    before, version = told.commits(), a_new_version(told)

    ended = told.ends(told.types(f"/deploy core {version} stage"))

    assert_done_once(told, before, ended, version)
    assert ended.written.attempts > 1
    assert b"by somebody else\n" == told.github.file(told.system.gitops, "main", "note.txt")


def test_a_commit_whose_answer_was_lost_is_found_though_reads_lag_behind(told: Story):
    """The worst of both: made, not answered, and not seen at the next looks."""
    before, version = told.commits(), a_new_version(told)
    break_it(told, "GitHub: commit", Fault(drop="after"))
    told.github.stale(told.system.gitops, seconds=20)

    ended = told.ends(told.types(f"/deploy core {version} stage"))

    assert_done_once(told, before, ended, version)


def test_a_card_deleted_by_somebody_is_posted_anew_once(told: Story):
    """Even when Slack takes the new one without an answer."""
    before, version = told.commits(), a_new_version(told)
    number = told.operation(told.types(f"/deploy core {version} stage")).id
    assert told.world.until(lambda: told.store.operation(number).written)
    assert told.world.until(lambda: told.card(number) is not None)
    _the_first_post_is_lost(told)
    with told.slack.lock:
        told.slack.workspace.remove(told.card(number))

    assert_done_once(told, before, told.ends_with_id(number), version)


@pytest.mark.parametrize("fault", ["503", "429 with Retry-After", "cut before", "late"])
def test_an_answer_that_slack_did_not_take_is_said_again(told: Story, fault: str):
    heard = len(told.slack.ephemerals("U0BOB"))
    told.slack.arm("chat.postEphemeral", ANYWHERE[fault], times=2)
    told.slack.mention("deploy cor a1b2c3d4 stage", by="U0BOB", channel="C0DEPLOY")

    assert told.world.until(lambda: len(told.slack.ephemerals("U0BOB")) > heard)
    assert "Did you mean" in told.slack.ephemerals("U0BOB")[-1].words


# faults that stay


def refused_by(told: Story, call: str, fault: Fault):
    """Return the operation that meets *fault* for good, after its end; nothing was committed."""
    before, version = told.commits(), a_new_version(told)
    break_it(told, call, fault, times=None)
    ended = told.ends(told.types(f"/deploy core {CALLS[call].typed or version} stage"))
    assert Phase.REFUSED is ended.phase
    assert before == told.commits()
    return ended


def test_a_stranger_gains_nothing_by_teams_that_cannot_be_read(told: Story):
    """Unknown is no yes: it is asked until it is known, and then it is no."""
    before, version = told.commits(), a_new_version(told)
    told.github.arm("team_membership", _status(503), times=3)

    ended = told.ends(told.types(f"/deploy core {version} stage", by="U0MALLORY"))

    assert (Phase.REFUSED, Reason.NOT_PERMITTED) == (ended.phase, ended.problem.reason)
    assert before == told.commits()
    waited = [one for one in told.store.timeline(ended.id) if "waits" in one.detail]
    assert 1 <= len(waited) <= 3, "a try may ask for several teams"


BAD_CREDENTIALS = _said({"message": "Bad credentials"}, 401)
NO_RIGHT = _said({"message": "Resource not accessible by personal access token"}, 403)
EXPIRED = _said(
    {"error": "invalid session: token is expired", "code": 16, "message": "token is expired"}, 401
)


@pytest.mark.parametrize(
    ("call", "fault", "reason", "words"),
    [
        pytest.param(
            "GitHub: read the files",
            BAD_CREDENTIALS,
            Reason.TOKEN_REFUSED,
            "GitHub no longer accepts the bot's token",
            id="GitHub's token expired before the check",
        ),
        pytest.param(
            "GitHub: commit",
            BAD_CREDENTIALS,
            Reason.TOKEN_REFUSED,
            "GitHub no longer accepts the bot's token",
            id="GitHub's token expired between check and commit",
        ),
        pytest.param(
            "Argo CD: look",
            EXPIRED,
            Reason.TOKEN_REFUSED,
            "Argo CD main no longer accepts the bot's token",
            id="Argo CD's token expired before the check",
        ),
        pytest.param(
            "GitHub: resolve the version",
            NO_RIGHT,
            Reason.NO_RIGHT,
            "GitHub does not let the bot find the commit",
            id="no right to read the code",
        ),
        pytest.param(
            "GitHub: commit",
            _graph_error("FORBIDDEN", "Resource not accessible by integration"),
            Reason.NO_RIGHT,
            "GitHub does not let the bot commit to main",
            id="no right to commit",
        ),
        pytest.param(
            "GitHub: commit",
            _graph_error("UNPROCESSABLE", "A path was malformed"),
            Reason.REJECTED,
            "GitHub refused to commit to main",
            id="refused for a reason of GitHub's own",
        ),
        pytest.param(
            "GitHub: read the files",
            _body(HTML, "text/html"),
            Reason.GARBLED,
            "GitHub answered something the bot cannot read",
            id="a proxy answers in GitHub's place",
        ),
    ],
)
def test_a_fault_that_stays_is_told_and_nothing_is_changed(
    told: Story, call: str, fault: Fault, reason: Reason, words: str
):
    ended = refused_by(told, call, fault)

    assert reason is ended.problem.reason
    said = told.card(ended.id).words
    assert "Refused, nothing was changed" in said
    assert words in said
    assert told.world.until(lambda: any(words in one.words for one in told.slack.dm("U0ALICE")))
