"""The story of the five systems: a chapter each, and what is to be seen in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.operations import Phase
from bot.messages.approval_card import APPROVE
from bot.messages.cards import CANCEL
from bot.messages.promoting import PROMOTE_THESE
from sandbox.demo.buttons import FULLY, ONE_STEP
from sandbox.demo.ci import failing_ci
from sandbox.demo.degrading import Breaking, degrades, impatient
from sandbox.demo.drifting import drift, reported
from sandbox.demo.scene import Scene
from sandbox.demo.sight import Asked
from sandbox.github.server import mutates
from sandbox.systems.astrago.system import BACKEND, BRANCH
from sandbox.systems.people import ALICE, BOB, CAROL, MALLORY
from sandbox.systems.pingvas.system import CODE as STUDIO
from sandbox.systems.pinksea.system import REPO as PINKSEA
from sandbox.wire import Fault
from sandbox.world import unguarded


@dataclass(frozen=True, slots=True)
class Chapter:
    """One system's part. *play* acts it and returns the result in a few words.

    *config* rewrites the system's ``shipmate.yaml``. Most chapters are about something else than
    approvals and ask for none; None leaves every rule as its owners wrote it.
    """

    system: str
    about: str
    play: Callable[[Scene], str]
    config: Callable[[str], str] | None = unguarded


def astrago(scene: Scene) -> str:
    """A slip of the finger; two services in one commit; and a bad version that goes back."""
    new, older = scene.sha(BACKEND, BRANCH)[:8], scene.sha(BACKEND, f"{BRANCH}~1")[:8]
    scene.stage.tells("A slip of the finger. Only the person who typed it hears of it.")
    right = f"/deploy core {older} stage"
    answer = scene.types(ALICE.id, f"/deploy cor {older} stage")
    scene.holds("the answer holds the corrected line to copy", true=right in answer.words)
    scene.stage.tells("She copies the corrected line.")
    scene.deploys(ALICE.id, right)

    scene.stage.tells("Two services at once are one commit.")
    scene.deploys(BOB.id, f"/deploy core,batch {new} stage because the session fix is urgent")

    _bad_version(scene, right, f"/deploy core {new} stage")
    failing_ci(scene)
    return "live; rolled back; CI mended"


def _bad_version(scene: Scene, before: str, bad: str) -> None:
    """What went out is found bad: back by one commit, and it does not come again by accident."""
    scene.stage.tells(
        "Then logins fail. But a deploy is no way back: nobody goes back by accident."
    )
    scene.is_refused(ALICE.id, before, "goes back 1 commit")

    scene.stage.tells("So she says what she means, and needs to know no version for it.")
    scene.deploys(ALICE.id, "/rollback core stage because logins fail")

    scene.stage.tells("Bob has not heard of it, and deploys the bad version again.")
    scene.is_refused(BOB.id, bad, "logins fail")

    scene.stage.tells("Once the cause is found elsewhere, it may go out again.")
    answer = scene.inquires(ALICE.id, "/ship release core stage")
    scene.holds("the version is held no longer", true="Released" in answer)


def pingvas(scene: Scene) -> str:
    """Who may, and when: production with every rule, and dev beside it."""
    sha = scene.sha(STUDIO, "main")[:10]
    scene.stage.tells("Nobody is allowed by default. Mallory is in no team that may.")
    scene.is_told_no(MALLORY.id, f"/deploy user-service {sha} prod", "may not deploy")
    _approval(scene, sha)
    _lock(scene, sha)
    _freeze(scene, sha)

    scene.stage.tells("Dev goes on, and asks nobody. A branch's name is a version too.")
    scene.deploys(CAROL.id, "/deploy ai-worker develop dev")
    return "live by two people"


def _approval(scene: Scene, sha: str) -> None:
    """Production waits for a second person: the requester cannot be that, another can."""
    scene.stage.tells("Alice may. But production asks for a second person, and her card waits.")
    asked = scene.asks(ALICE.id, f"/deploy user-service {sha} prod because logins fail")
    scene.follow(asked, lambda: scene.waits_for_approval(asked))
    scene.holds("nothing is committed", true=not scene.commits(asked.head))

    scene.stage.tells("Alice presses the button herself.")
    answer = scene.presses(ALICE.id, asked, APPROVE)
    refused = "Approved by you" not in answer and scene.waits_for_approval(asked)
    scene.holds("her own yes does not count, and the card still waits", true=refused)

    scene.stage.tells("Bob is of the team sre. What he says yes to stands in Slack's question.")
    answer = scene.presses(BOB.id, asked, APPROVE)
    scene.holds("his yes counts", true="Approved by you" in answer)
    scene.follow(asked)
    scene.shows_the_end(asked)


def _lock(scene: Scene, sha: str) -> None:
    """A lock stops somebody, and everybody may read which rules would let them."""
    scene.stage.tells("Bob locks a service. Whoever deploys it reads his reason.")
    scene.inquires(BOB.id, "/ship lock payment-service prod for 2h because hooks move")
    scene.is_refused(ALICE.id, f"/deploy payment-service {sha} prod", "hooks move")

    scene.stage.tells("Why? Every rule, what it says, and the fact that it says it for.")
    answer = scene.inquires(ALICE.id, f"/ship why deploy payment-service {sha} prod")
    scene.holds("it was only a look", true="nothing was started" in answer)


def _freeze(scene: Scene, sha: str) -> None:
    """A freeze that begins stops what is not committed yet, approved or not."""
    scene.stage.tells("Carol's deploy waits for approval when something breaks: Bob freezes prod.")
    asked = scene.asks(CAROL.id, f"/deploy frontend {sha} prod")
    scene.follow(asked, lambda: scene.waits_for_approval(asked))
    scene.inquires(BOB.id, "/ship freeze prod for 1h because checkout is down")
    scene.reads_in_channel("checkout is down")

    scene.stage.tells("Alice has not read that, and says yes. It is stopped all the same.")
    scene.presses(ALICE.id, asked, APPROVE)
    scene.follow(asked)
    card = scene.card(asked)
    stopped = card is not None and "checkout is down" in card.words
    scene.holds(
        "it is stopped, and nothing was committed", true=stopped and not scene.commits(asked.head)
    )


WEB_IN_DEV = Breaking(
    "flash-tickets-web-dev",
    "apps/web/overlays/dev/kustomization.yaml",
    "210987654321.dkr.ecr.ap-northeast-2.amazonaws.com/flash-tickets-web",
    "web in dev",
)


def flash_tickets(scene: Scene) -> str:
    """From staging to prod; and kill -9 when GitHub has the commit, which the bot has not heard."""
    scene.stage.tells("A release goes to staging first.")
    scene.deploys(ALICE.id, "/deploy api,gateway v1.3.0 staging")

    scene.stage.tells("What of staging can go on to prod? All is shown before anything moves.")
    answer = scene.inquires(ALICE.id, "/promote all staging prod because the tests are green")
    scene.holds("two of four can move", true="2 of 4 services would move" in answer)

    pid = scene.bot.pid
    killing = Fault(kill=pid, kill_when="after")
    scene.outside.github.arm("graphql", killing, when=mutates)
    scene.stage.tells(
        "This bot will die at the worst moment: GitHub has taken the commit, "
        "and the bot has not heard so."
    )
    moved = "/promote api,gateway staging prod because the tests are green"
    asked = scene.accepts(ALICE.id, f"{PROMOTE_THESE}0", moved)
    scene.dies(asked)
    scene.stage.alarms(f"kill -9 {pid}")
    scene.holds("the commit stands in GitHub", true=len(scene.commits(asked.head)) == 1)
    scene.holds("the process is gone", true=scene.bot.died(5))

    scene.stage.tells("It is started again, and knows nothing but its database.")
    scene.bot.start()
    scene.stage.happens(None, f"the bot runs again as process {scene.bot.pid}")
    scene.follow(asked)
    scene.shows_the_end(asked)
    scene.holds("no second commit, no second card", true=scene.is_single(asked))

    degrades(scene, WEB_IN_DEV)
    return "live after kill -9"


def pinksea(scene: Scene) -> str:
    """A blue-green and a canary Rollout, each of which waits for a person."""
    sha = scene.sha(PINKSEA, "main")[:7]
    scene.stage.tells("Blue-green: the new version waits beside the old one.")
    blue_green = scene.asks(ALICE.id, f"/deploy user-service {sha} prod")
    scene.follow(blue_green, lambda: scene.offers(blue_green, ONE_STEP))
    scene.stage.tells("The card says that a person is waited for. Alice looks at the preview.")
    _promotes(scene, ALICE.id, blue_green, ONE_STEP, "Promoted")
    scene.follow(blue_green)
    scene.shows_the_end(blue_green)

    scene.stage.tells("Canary: a release by its name, for a fifth of the people first.")
    canary = scene.asks(ALICE.id, "/deploy generation-service v1.2.3 prod")
    scene.follow(canary, lambda: scene.offers(canary, ONE_STEP))
    scene.stage.tells("A fifth of the people have it, and nothing breaks: one step on.")
    _promotes(scene, ALICE.id, canary, ONE_STEP, "Promoted")
    scene.follow(canary, lambda: _offers_at(scene, canary, "step 4 of 8"))
    scene.stage.tells("It waits again, at 40 %. Carol has the right too, and has seen enough.")
    _promotes(scene, CAROL.id, canary, FULLY, "Fully promoted")
    scene.follow(canary)
    scene.shows_the_end(canary)
    return "promoted by buttons"


def _promotes(scene: Scene, by: str, asked: Asked, button: str, done: str) -> None:
    scene.holds("the button moved it", true=done in scene.presses(by, asked, button))


def _offers_at(scene: Scene, asked: Asked, step: str) -> bool:
    """Tell whether the card of *asked* is at *step* and offers the next one."""
    card = scene.card(asked)
    return card is not None and step in card.words and scene.offers(asked, ONE_STEP)


def guide(scene: Scene) -> str:
    """A plain manifest; a second deploy waits in line, and is cancelled there."""
    new, older = scene.sha("org/my-app", "main")[:8], scene.sha("org/my-app", "main~1")[:8]
    (argocd,) = scene.outside.argocd.values()
    argocd.stuck_operation("my-app")
    scene.stage.tells("Argo CD takes its time today.")
    first = scene.asks(ALICE.id, f"/deploy my-app {older} prod")
    scene.follow(first, lambda: scene.phase(first) is Phase.FOLLOWING)

    scene.stage.tells("A second deploy of the same service waits until the first has ended.")
    second = scene.asks(ALICE.id, f"/deploy my-app {new} prod")
    scene.follow(second, lambda: scene.phase(second) is Phase.QUEUED)

    scene.stage.tells("Alice thinks better of it, and presses the button on its card.")
    scene.presses(ALICE.id, second, CANCEL)
    scene.follow(second)
    scene.holds("the card says cancelled", true=scene.phase(second) is Phase.CANCELLED)

    scene.stage.tells("The first deploy goes on as if nothing had been.")
    argocd.stuck_operation("my-app", on=False)
    scene.follow(first)
    scene.shows_the_end(first)
    scene.holds("the cancelled one made no commit", true=len(scene.commits()) == 1)
    scene.stage.tells("What runs where? Anybody may ask.")
    scene.inquires(BOB.id, "/ship status my-app")
    return "live; one cancelled"


def guide_by_pull_request(scene: Scene) -> str:
    """The same manifest where nobody pushes: the bot proposes, a person merges, the bot follows."""
    github, gitops = scene.outside.github, scene.outside.gitops
    github.protect(gitops)
    scene.stage.tells("The branch takes no direct commit here. So the card waits for a merge.")
    sha = scene.sha("org/my-app", "main")[:8]
    asked = scene.asks(ALICE.id, f"/deploy my-app {sha} prod because of the greeting")
    scene.follow(asked, lambda: scene.phase(asked) is Phase.MERGING)
    scene.holds("nothing is on the branch yet", true=not scene.commits(asked.head))

    (pull,) = github.state.pulls.of(github.repository(gitops))
    scene.stage.tells("On GitHub it tells who asked and why, and what changes.")
    body = pull.body.partition("### Commits")[0]
    scene.stage.shows_pull_request(pull.number, pull.title, body)
    scene.stage.tells("Bob reads it and merges it there. The bot hears of it, and goes on.")
    scene.stage.happens(None, f"bob merges pull request #{pull.number} on GitHub")
    github.merge_pull(gitops, pull.number, by=BOB.login, method="squash")
    scene.follow(asked)
    scene.shows_the_end(asked)
    return "merged; live"


CHAPTERS: Sequence[Chapter] = (
    Chapter(
        "astrago",
        "One values file for four components, one Argo CD application for all of them.",
        astrago,
    ),
    Chapter(
        "pingvas",
        "Kustomize under an ApplicationSet. Who may, and when: approval, lock, freeze.",
        pingvas,
        config=None,
    ),
    Chapter(
        "flash_tickets",
        "Kustomize overlays under an app-of-apps; a release goes from staging to prod.",
        flash_tickets,
        config=impatient,
    ),
    Chapter(
        "pinksea",
        "Manifests beside the code; Argo Rollouts, blue-green and canary.",
        pinksea,
    ),
    Chapter("guide", "One plain manifest of several documents.", guide),
    Chapter(
        "guide-by-pull-request",
        "The same manifest, changed by pull requests that people merge.",
        guide_by_pull_request,
        config=None,
    ),
    Chapter(
        "drift",
        "What people did past Git, and the one message that tells of it.",
        drift,
        config=reported,
    ),
)
