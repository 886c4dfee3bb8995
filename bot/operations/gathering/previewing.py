"""What a promote of many services would come to, looked up and judged before it is ordered."""

from dataclasses import replace

from bot.domain.operations import Request
from bot.domain.previews import Moves, News, Preview, Stays, staying, stranger
from bot.domain.problems import Problem, Reason
from bot.domain.rules import judge
from bot.operations.deploy.evidence import commits_of
from bot.operations.gathering.facts import Gatherer, proposal_of
from bot.operations.gathering.gathered import Gathered
from bot.operations.gathering.judging import decision_of


async def preview(gatherer: Gatherer, request: Request) -> Preview | Problem:
    """Return which services of *request*, a promote, would move; a Problem where nobody may ask.

    What can move is then judged once more by itself, as it would be ordered.
    """
    gathered = await gatherer.gather(request)
    proposal = proposal_of(request)
    if (problem := stranger(proposal, gathered.facts)) is not None:
        return problem
    now = {name: _now(gathered, name) for name in request.services}
    stay = {**gathered.troubles, **_explained(gathered, staying(proposal, gathered.facts))}
    movers, ordered = _left(request, stay), gathered
    while movers and len(movers) < len(ordered.facts.targets):
        ordered = await gatherer.gather(replace(request, services=movers))
        stay |= ordered.troubles  # what could move with the others may not move without them
        movers = _left(request, stay)
    stays = tuple(Stays(name, now[name], why) for name, why in sorted(stay.items()))
    if not movers:
        return Preview(request.origin, request.environment, (), stays)
    judgement = judge(proposal_of(replace(request, services=movers)), ordered.facts)
    return Preview(
        request.origin,
        request.environment,
        tuple(_move(ordered, name) for name in movers),
        stays,
        tuple(News(source, commits_of(one)) for source, one in sorted(ordered.between.items())),
        decision_of(judgement, ordered),
    )


def _left(request: Request, stay: dict[str, Problem]) -> tuple[str, ...]:
    return tuple(one for one in request.services if one not in stay)


def _move(gathered: Gathered, service: str) -> Moves:
    aim = gathered.aims.get(service)
    return Moves(service, _now(gathered, service), aim.tag if aim else "")


def _now(gathered: Gathered, service: str) -> str | None:
    facts = next(one for one in gathered.facts.targets if one.service == service)
    return facts.in_git if isinstance(facts.in_git, str) else None


def _explained(gathered: Gathered, stay: dict[str, Problem]) -> dict[str, Problem]:
    """Return *stay* with the definite no behind what no rule could read, where it is plain whose.

    One that is about the whole branch does not say which service it is about.
    """
    unread = [name for name, why in stay.items() if why.reason is Reason.NOT_ANSWERED]
    known = {name: gathered.troubles[name] for name in unread if name in gathered.troubles}
    if not known and gathered.trouble is not None and len(unread) == 1:
        known = {unread[0]: gathered.trouble}
    return {**stay, **known}
