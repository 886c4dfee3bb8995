"""What other channels than Slack are told, in plain text: any alert, and those about operations."""

from collections.abc import Iterator

from bot.domain.alerts import Alert, Happening, Severity
from bot.domain.operations import Kind, Operation, Phase
from bot.domain.problems import Reason
from bot.domain.rollback.emergency import OpenItem
from bot.messages.escape import clean, exact
from bot.messages.problems import say
from bot.messages.rollback.auto_sync import resume_command
from bot.messages.spans import Text, line, quoted, words
from bot.messages.wishes import NOUNS, thing

LONGEST_TITLE = 200
LONGEST_LINE = 500
MOST_LINES = 20


def spoken(alert: Alert) -> tuple[str, str]:
    """Return the title, on one line, and the text below it, which may be empty."""
    mark = "RESOLVED" if alert.resolves else alert.severity.value.upper()
    title = f"[{mark}] {clean(alert.title, LONGEST_TITLE)}"
    said = [exact(one, LONGEST_LINE) for one in alert.text.splitlines()[:MOST_LINES]]
    return title, "\n".join(filter(None, [*said, alert.link]))


def failed(operation: Operation, *, production: bool) -> Iterator[Alert]:
    """Yield what is told of an operation that failed, for each of its services."""
    reason = operation.problem and operation.problem.reason
    grave = production and reason is not Reason.OVERTAKEN
    severity = Severity.CRITICAL if grave else Severity.WARNING
    yield from _each(operation, Happening.OPERATION_FAILED, severity, "failed")


def went_well(operation: Operation) -> Iterator[Alert]:
    """Yield the ends of the troubles that an operation, which is live, has ended."""
    yield from _each(operation, Happening.RECOVERED, Severity.INFO, "is live", resolves=True)


def rolled_back(operation: Operation) -> Iterator[Alert]:
    """Yield what is told of a rollback that is live; of what is none there is nothing to tell."""
    if operation.request.kind is Kind.ROLLBACK and operation.phase is Phase.LIVE:
        yield from _each(operation, Happening.ROLLED_BACK, Severity.WARNING, "is live")


def auto_sync_left_off(item: OpenItem) -> Alert:
    """Say that auto-sync is off past its deadline."""
    title = f"Auto-sync of {item.app} in {item.environment} is still off"
    text = f"A rollback ({item.operation}) switched it off. To switch it on: {resume_command(item)}"
    return _auto_sync(item, title, text)


def auto_sync_back(item: OpenItem) -> Alert:
    """Say that auto-sync is on again, or need not be."""
    title = f"Auto-sync of {item.app} in {item.environment} is no longer left off"
    return _auto_sync(item, title, "", resolves=True)


def _auto_sync(item: OpenItem, title: str, text: str, *, resolves: bool = False) -> Alert:
    return Alert(
        Happening.AUTO_SYNC_LEFT_OFF,
        Severity.INFO if resolves else Severity.WARNING,
        f"auto-sync/{item.number}",
        title,
        text,
        "",
        service=min(item.services, default=None),
        environment=item.environment,
        resolves=resolves,
    )


def _each(
    operation: Operation,
    happening: Happening,
    severity: Severity,
    what: str,
    *,
    resolves: bool = False,
) -> Iterator[Alert]:
    """Yield one alert for each service: the next operation may be about only one of them."""
    request = operation.request
    whose = "Automatic " if request.takes_back is not None else ""
    noun = f"{whose}{NOUNS[request.kind]}"
    for service in request.services:
        thing_ = words(thing(request, (Text(service),)))
        key = operation.id if happening is Happening.ROLLED_BACK else "operation"
        yield Alert(
            happening,
            severity,
            f"{key}/{request.environment}/{service}",
            f"{noun[0].upper()}{noun[1:]} {operation.id} {what}: {thing_}",
            _text(operation),
            operation.written.url if operation.written else "",
            service=service,
            environment=request.environment,
            resolves=resolves,
        )


def _text(operation: Operation) -> str:
    said = line()
    if operation.problem is not None:
        told = say(operation.problem)
        said = line(*told.what, " ", *told.next)
    if operation.request.reason:
        said = line(*said, " Reason given: ", quoted(operation.request.reason))
    return words(said).strip()
