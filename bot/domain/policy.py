"""Who may ask for what, as small pure rules. Empty means nobody, unknown means no."""

from bot.domain.catalog import Catalog
from bot.domain.operations import Request
from bot.domain.problems import Problem, Reason


def permitted(request: Request, catalog: Catalog) -> Problem | None:
    """Refuse a requester who does not stand in the environment's list."""
    environment = catalog.environments.get(request.environment)
    allowed = environment.allow if environment else frozenset()
    if request.requester in allowed:
        return None
    facts = {
        "user": request.requester,
        "environment": request.environment,
        "allowed": " ".join(sorted(allowed)),
    }
    return Problem(Reason.NOT_ALLOWED, facts)


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


RULES = (permitted, lives_there, one_repository)


def refusal(request: Request, catalog: Catalog) -> Problem | None:
    """Judge *request* by what the configuration alone decides: the first rule that objects."""
    for rule in RULES:
        if problem := rule(request, catalog):
            return problem
    return None


def may_cancel(user: str, request: Request, catalog: Catalog) -> bool:
    """Tell whether *user* may cancel: who asked for it, and whoever may deploy there."""
    environment = catalog.environments.get(request.environment)
    return user == request.requester or (environment is not None and user in environment.allow)
