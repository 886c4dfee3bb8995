"""What was found out about a run that failed: its jobs and steps, what they said, what waits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message of a check on a line of a file. *path* is empty where it names none of the code."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job that failed, and the names of its *steps* that did, in their order.

    Either *annotations* or the *tail* of the log say why; both may be empty.
    """

    id: int
    name: str
    conclusion: str
    url: str
    steps: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What was read of the run at *place*. *hidden* jobs failed besides and were not looked into.

    *author* is the Slack id of who wrote the commit, or None. *trouble* says what could not be
    read, in plain text, or is empty.
    """

    place: tuple[int, int]
    jobs: tuple[Job, ...] = ()
    hidden: int = 0
    author: str | None = None
    waiting: tuple["Waiting", ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """*service* has *commits* on the failing branch that *environment* does not run yet."""

    service: str
    environment: str
    commits: int
