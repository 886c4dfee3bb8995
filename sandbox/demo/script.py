"""The story of the five systems: a chapter each, and what is to be seen in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.catalog import Application
from bot.domain.operations import Phase
from bot.messages.cards import CANCEL
from sandbox.demo.scene import Scene
from sandbox.github.server import mutates
from sandbox.systems.astrago.system import BACKEND, BRANCH
from sandbox.systems.people import ALICE, BOB, CAROL, MALLORY
from sandbox.systems.pingvas.system import CODE as STUDIO
from sandbox.systems.pinksea.system import REPO as PINKSEA
from sandbox.wire import Fault


@dataclass(frozen=True, slots=True)
class Chapter:
    """One system's part. *play* acts it and returns the result in a few words."""

    system: str
    about: str
    play: Callable[[Scene], str]


def astrago(scene: Scene) -> str:
    """A slip of the finger and its correction; then two services in one commit."""
    new, older = scene.sha(BACKEND, BRANCH)[:8], scene.sha(BACKEND, f"{BRANCH}~1")[:8]
    scene.stage.tells("A slip of the finger. Only the person who typed it hears of it.")
    right = f"/deploy core {new} stage"
    answer = scene.types(ALICE.id, f"/deploy cor {new} stage")
    scene.holds("the answer holds the corrected line to copy", true=right in answer.words)

    scene.stage.tells("She copies the corrected line.")
    scene.deploys(ALICE.id, right)

    scene.stage.tells("Two services at once are one commit.")
    scene.deploys(BOB.id, f"/deploy core,batch {older} stage because the session fix must wait")
    return "live; typo corrected"


def pingvas(scene: Scene) -> str:
    """Somebody who is not allowed; then production by its SHA, and dev by a branch's name."""
    sha = scene.sha(STUDIO, "main")[:10]
    scene.stage.tells("Nobody is allowed by default, and Mallory is in no list.")
    answer = scene.types(MALLORY.id, f"/deploy user-service {sha} prod")
    scene.holds("Mallory is refused", true="D-" not in answer.words and not scene.commits())

    scene.stage.tells("Alice may. Her short SHA becomes the full one that CI tags images with.")
    scene.deploys(ALICE.id, f"/deploy user-service {sha} prod")

    scene.stage.tells("In dev six services share one file. A branch's name is a version too.")
    scene.deploys(CAROL.id, "/deploy ai-worker develop dev")
    return "live; Mallory refused"


def flash_tickets(scene: Scene) -> str:
    """Kill -9 at the worst moment: GitHub has the commit, the bot has not heard so."""
    pid = scene.bot.pid
    killing = Fault(kill=pid, kill_when="after")
    scene.outside.github.arm("graphql", killing, when=mutates)
    scene.stage.tells(
        "This bot will die at the worst moment: GitHub has taken the commit, "
        "and the bot has not heard so."
    )
    asked = scene.asks(ALICE.id, "/deploy api v1.3.0 prod")
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
    return "live after kill -9"


def pinksea(scene: Scene) -> str:
    """A blue-green and a canary Rollout, each of which waits for a person."""
    sha = scene.sha(PINKSEA, "main")[:7]

    def looks_and_promotes(application: Application) -> None:
        scene.stage.tells("The card says that a person is waited for. Alice looks at the preview.")
        scene.promotes(ALICE.id, application)

    def promotes_fully(application: Application) -> None:
        scene.stage.tells("A fifth of the people have it. Alice has seen enough.")
        scene.promotes(ALICE.id, application, full=True)

    scene.stage.tells("Blue-green: the new version waits beside the old one.")
    blue_green = scene.asks(ALICE.id, f"/deploy user-service {sha} prod")
    scene.follow(blue_green, paused=looks_and_promotes)
    scene.shows_the_end(blue_green)

    scene.stage.tells("Canary: a release by its name, for a fifth of the people first.")
    canary = scene.asks(ALICE.id, "/deploy generation-service v1.2.3 prod")
    scene.follow(canary, paused=promotes_fully)
    scene.shows_the_end(canary)
    return "live after promotion"


def guide(scene: Scene) -> str:
    """A plain manifest; a second deploy waits in line, and is cancelled there."""
    new, older = scene.sha("org/my-app", "main")[:8], scene.sha("org/my-app", "main~1")[:8]
    (argocd,) = scene.outside.argocd.values()
    argocd.stuck_operation("my-app")
    scene.stage.tells("Argo CD takes its time today.")
    first = scene.asks(ALICE.id, f"/deploy my-app {new} prod")
    scene.follow(first, lambda: scene.phase(first) is Phase.FOLLOWING)

    scene.stage.tells("A second deploy of the same service waits until the first has ended.")
    second = scene.asks(ALICE.id, f"/deploy my-app {older} prod")
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


CHAPTERS: Sequence[Chapter] = (
    Chapter(
        "astrago",
        "One values file for four components, one Argo CD application for all of them.",
        astrago,
    ),
    Chapter(
        "pingvas",
        "Kustomize under an ApplicationSet: an overlay a service in prod, one for all in dev.",
        pingvas,
    ),
    Chapter(
        "flash_tickets",
        "Kustomize overlays under an app-of-apps; releases are deployed by their names.",
        flash_tickets,
    ),
    Chapter(
        "pinksea",
        "Manifests beside the code; Argo Rollouts, blue-green and canary.",
        pinksea,
    ),
    Chapter("guide", "One plain manifest of several documents.", guide),
)
