"""What a rollback would come to in each environment, for whoever has not said which one."""

from dataclasses import dataclass

from bot.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class Step:
    """One service: the tag *now* in Git (None: unknown) and the one to go *back* to, or why not."""

    service: str
    now: str | None
    back: str | Problem


@dataclass(frozen=True, slots=True)
class WayBack:
    """One *environment* with the step of each service."""

    environment: str
    steps: tuple[Step, ...]

    @property
    def is_open(self) -> bool:
        """Tell whether every service has something to go back to."""
        return bool(self.steps) and all(isinstance(one.back, str) for one in self.steps)
