"""BUILDS: what is told of CI without being asked, and what people do about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.job_logs import JobLogs
from bot.adapters.github.workflow_runs import WorkflowRuns
from bot.clock import Clock
from bot.config import Config
from bot.messages.cards import Links
from bot.operations.books.act_book import ActBook
from bot.operations.ci.book import CiBook
from bot.operations.ci.desk import CiDesk
from bot.operations.ci.drawing import CiDrawing
from bot.operations.ci.looking import CiLooking
from bot.operations.ci.telling import CiTelling
from bot.operations.ci.waiting import WaitingBehind
from bot.operations.ci.watch import CiWatch
from bot.operations.ci.writers import Writers
from bot.operations.deliveries.github_deliveries import Listener
from bot.operations.identity.people import People
from bot.operations.identity.roster import Roster
from bot.operations.saying.alerts import Alerts
from bot.operations.sql.database import Database
from bot.reach import Reach
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Ci:
    """The parts. *logs* holds connections, to be closed at a stop."""

    book: CiBook
    watch: CiWatch
    looking: CiLooking
    desk: CiDesk
    drawing: CiDrawing
    logs: JobLogs

    @property
    def listeners(self) -> Mapping[str, tuple[Listener, ...]]:
        """Return who hears which event of GitHub."""
        return {
            "workflow_run": (self.watch.on_workflow_run,),
            "check_suite": (self.watch.on_check_suite,),
        }


def ci(
    settings: Settings,
    config: Config,
    clock: Clock,
    database: Database,
    out: Reach,
    people: People,
    roster: Roster,
    acts: ActBook,
    alerts: Alerts,
    links: Links,
) -> Ci:
    """Return the parts, joined."""
    book, runs = CiBook(database), WorkflowRuns(out.github)
    rules = config.failures.rules
    telling = CiTelling(book, rules, config.catalog, alerts.put)
    logs = JobLogs(out.github, settings.github_api_url, secrets=settings.secrets)
    looking = CiLooking(
        database,
        book,
        telling,
        runs,
        logs,
        out.commits,
        WaitingBehind(config.catalog, out.argocd, out.comparisons),
        roster,
        settings.secrets,
        clock,
    )
    writers = Writers(people, Collaborators(out.github))
    return Ci(
        book,
        CiWatch(database, book, telling, rules, clock),
        looking,
        CiDesk(database, config.catalog, book, telling, runs, writers, acts, clock),
        CiDrawing(links),
        logs,
    )
