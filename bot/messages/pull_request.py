"""The text of a pull request that holds an operation's change: what, why, by whom, what then."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.approving.approval_case import Evidence, ServiceCase
from bot.domain.operations import Kind, Operation
from bot.messages.approval_card import TITLE, about_service, commits_between
from bot.messages.cards import Links
from bot.messages.escape import clean
from bot.messages.markdown import bullets, inert, markdown
from bot.messages.rollback.retreats import retreat_lines
from bot.messages.spans import Code, Line, Link, code, line, listed, quoted
from bot.messages.wishes import to_do

MOST_TITLE = 200
MOST_BODY = 60_000
"""GitHub takes 65536 characters.

Source: https://github.com/orgs/community/discussions/27190
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What a pull request tells besides its operation.

    *approved_by* are GitHub logins. *pages* are the Argo CD applications and their addresses.
    """

    evidence: Evidence
    approved_by: Sequence[str]
    pages: Collection[tuple[str, str]]
    by_bot: bool


def title(headline: str) -> str:
    """Return the pull request's title for the commit's *headline*."""
    return inert(clean(headline, MOST_TITLE))


def body(operation: Operation, told: Told, links: Links) -> str:
    """Return the pull request's text, in Markdown."""
    whole = "\n\n".join(_parts(operation, told, links))
    return whole if len(whole) <= MOST_BODY else f"{whole[:MOST_BODY].rsplit(chr(10), 1)[0]}\n\n…"


def _parts(operation: Operation, told: Told, links: Links) -> Iterator[str]:
    who = code(told.evidence.requester.github.login)
    yield markdown(
        line(Code(operation.id), ": ", who, " asked to ", *to_do(operation.request), ".")
    )
    if operation.request.reason and (reason := quoted(operation.request.reason)).text:
        yield markdown(line("Because: ", reason))
    yield markdown(_approved(told.approved_by))
    yield markdown(_what_then(operation, by_bot=told.by_bot))
    yield "### What changes"
    yield "\n".join(_service(one) for one in told.evidence.services)
    if back := _back(operation):
        yield "### How far it goes back"
        yield bullets(back)
    else:
        yield "### Commits that come with it"
        yield "\n\n".join(_commits(told.evidence, links))
    if told.pages:
        yield markdown(line("Argo CD: ", *listed(Link(url, name) for name, url in told.pages)))


def _back(operation: Operation) -> list[Line]:
    """Return what a rollback takes back, and how far; nothing for what goes forward."""
    plan = operation.plan
    if operation.request.kind is not Kind.ROLLBACK or plan is None:
        return []
    undone = dict.fromkeys(one.undoes for one in plan.changes if one.undoes is not None)
    taken = [line("It takes back ", *listed(map(Code, undone)), ".")] if undone else []
    return [*taken, *retreat_lines(plan.retreats)]


def _approved(logins: Sequence[str]) -> Line:
    if not logins:
        return line("Nobody had to approve it in Slack.")
    return line("Approved in Slack by ", *listed([code(one) for one in logins]), ".")


def _what_then(operation: Operation, *, by_bot: bool) -> Line:
    merged = "Shipmate merges it as soon as GitHub lets it" if by_bot else "Merging it deploys it"
    where = code(operation.request.environment)
    said = line(f"{merged}, and Shipmate follows it to ", where, ". Closing it cancels it. ")
    return line(*said, "A commit by anybody else on its branch takes it out of Shipmate's hands.")


def _service(one: ServiceCase) -> str:
    first, *rest = about_service(one)
    file = line("in ", code(one.change.file, TITLE))
    return f"{bullets([first])}\n{bullets([file, *rest], indent=2)}"


def _commits(evidence: Evidence, links: Links) -> Iterator[str]:
    """Yield the commits of each source once."""
    for source, commits in {one.source: one.commits for one in evidence.services}.items():
        head, rows = commits_between(source, commits, links)
        yield "\n\n".join([markdown(head), bullets(rows)] if rows else [markdown(head)])
