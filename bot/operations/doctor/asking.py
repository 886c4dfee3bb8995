"""Asking many things of one system at once, within a bound; what fails is a finding, too."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from bot.domain.doctor import Area, Finding, Path
from bot.domain.errors import BotError, Garbled, Unavailable
from bot.domain.symptoms import Symptom

Job = Callable[[], Iterable[Finding]]

AT_ONCE = 6
"""Questions at once to one system; each of GitHub's threads makes a connection of its own."""


def ask(jobs: Sequence[Job], at_once: int = AT_ONCE) -> tuple[Finding, ...]:
    """Return what all *jobs* found, in their order; at most *at_once* run together."""
    if not jobs:
        return ()
    with ThreadPoolExecutor(min(at_once, len(jobs)), thread_name_prefix="doctor") as pool:
        return tuple(one for found in pool.map(_done, jobs) for one in found)


def _done(job: Job) -> tuple[Finding, ...]:
    return tuple(job())


def failed(
    area: Area,
    subject: str,
    error: BotError,
    *,
    variable: str = "",
    paths: tuple[Path, ...] = (),
) -> Finding:
    """Return what *error* means where nothing better is known: silence, or a plain no."""
    silent = isinstance(error, Unavailable | Garbled)
    symptom = Symptom.NO_ANSWER if silent else Symptom.REFUSED
    facts = {"doing": error.doing, "detail": error.detail or type(error).__name__}
    return Finding(area, subject, symptom, facts, variable, paths)
