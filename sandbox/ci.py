"""The CI of a system: each commit somebody pushes gets its checks and its images."""

from enum import Enum, auto

from sandbox.github import GitHub
from sandbox.images import Images
from sandbox.systems.nouns import System

CHECKS = ("build", "test")
"""What runs on every commit."""


class Verdict(Enum):
    """What CI makes of a commit. NOTHING: it never reports."""

    GREEN = auto()
    RED = auto()
    PENDING = auto()
    NOTHING = auto()


class CI:
    """Watches the code repositories of *system*. *verdict* is what it makes of the next commits."""

    def __init__(self, system: System, github: GitHub, images: Images) -> None:
        self._sources = frozenset(repository.name for repository in system.code)
        self._builds = system.builds
        self._github, self._images = github, images
        self.verdict = Verdict.GREEN
        github.state.when_pushed.append(self._pushed)
        github.state.when_tagged.append(self._tagged)

    def says(self, repo: str, sha: str, verdict: Verdict) -> None:
        """Report *verdict* on a commit, in place of what was reported before."""
        if verdict is Verdict.NOTHING:
            self._github.forget_checks(repo, sha)
            return
        *others, last = CHECKS
        for name in others:
            self._github.report_check(repo, sha, name)
        status = "in_progress" if verdict is Verdict.PENDING else "completed"
        conclusion = "failure" if verdict is Verdict.RED else "success"
        self._github.report_check(repo, sha, last, status, conclusion)

    def _pushed(self, repo: str, branch: str, sha: str) -> None:
        if repo not in self._sources:
            return
        self.says(repo, sha, self.verdict)
        for build in self._builds:
            if (build.source, build.branch) == (repo, branch) and (image := build.of(sha)):
                self._images.put(image)

    def _tagged(self, repo: str, version: str, sha: str) -> None:
        for build in self._builds:
            image = build.of(sha, version)
            if build.source == repo and "{version}" in build.tag and image:
                self._images.put(image)
