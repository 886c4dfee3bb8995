"""The whole examination: every system at the same time, registries once the tags are known."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bot.adapters.registry import Registry
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.doctor import Finding
from bot.domain.observation import Observation
from bot.operations.doctor import registries

Findings = tuple[Finding, ...]

AskGitHub = Callable[[], tuple[Findings, Mapping[Target, str | None]]]
AskArgoCD = Callable[[], tuple[Findings, Mapping[Application, Observation]]]


@dataclass(frozen=True, slots=True)
class Examination:
    """How each system is looked at; *argocd* is one for each instance.

    *closing* ends the connections when all is done.
    """

    slack: Callable[[], Findings]
    github: AskGitHub
    argocd: tuple[AskArgoCD, ...]
    database: Callable[[], Findings]
    registry: Registry
    catalog: Catalog
    closing: tuple[Callable[[], None], ...] = ()

    def run(self) -> Findings:
        """Ask all of them and return what was found, system by system."""
        try:
            return self._run()
        finally:
            for close in self.closing:
                close()

    def _run(self) -> Findings:
        with ThreadPoolExecutor(3 + len(self.argocd), thread_name_prefix="doctor") as pool:
            slack, database = pool.submit(self.slack), pool.submit(self.database)
            github = pool.submit(self.github)
            instances = [pool.submit(one) for one in self.argocd]
            in_github, tags = github.result()
            told: list[Finding] = []
            seen: dict[Application, Observation] = {}
            for instance in instances:
                found, shown = instance.result()
                told += found
                seen |= shown
            images = registries.examine(self.registry, self.catalog, tags, seen)
            return (*slack.result(), *in_github, *told, *images, *database.result())
