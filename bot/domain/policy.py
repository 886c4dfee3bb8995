"""What the configuration alone decides of a request, before anything outside is asked.

Who may is decided with everything else, in ``bot.domain.rules``.
"""

from bot.domain.catalog import Catalog
from bot.domain.operations import Request
from bot.domain.problems import Problem, Reason


def lives_there(request: Request, catalog: Catalog) -> Problem | None:
    """Refuse a service that has no target in the environment."""
    for service in request.services:
        if catalog.target(service, request.environment) is None:
            facts = {
                "service": service,
                "environment": request.environment,
                "environments": " ".join(catalog.environments_of(service)),
            }
            return Problem(Reason.NOT_IN_ENVIRONMENT, facts)
    return None


def one_repository(request: Request, catalog: Catalog) -> Problem | None:
    """Refuse services whose tags stand in different repositories: one plan is one commit."""
    places = set()
    for service in request.services:
        target = catalog.target(service, request.environment)
        if target is not None:
            places.add(f"{target.location.repo}@{target.location.branch}")
    if len(places) > 1:
        return Problem(Reason.SEVERAL_REPOSITORIES, {"repos": " ".join(sorted(places))})
    return None


RULES = (lives_there, one_repository)


def refusal(request: Request, catalog: Catalog) -> Problem | None:
    """Judge *request* by what the configuration alone decides: the first rule that objects."""
    for rule in RULES:
        if problem := rule(request, catalog):
            return problem
    return None
