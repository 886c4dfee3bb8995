"""Where in ``shipmate.yaml`` what a target needs may stand, the nearest place first."""

from bot.domain.catalog import Target
from bot.domain.doctor import Path


def of(target: Target, *names: str) -> tuple[Path, ...]:
    """Return where the setting *names* of *target* may stand: its own, its service's, the file's.

    ``of(target, "argocd", "app")`` begins with ``services.core.environments.stage.argocd.app``.
    """
    service: Path = ("services", target.service)
    own: Path = (*service, "environments", target.environment)
    return (
        (*own, *names),
        (*service, *names),
        ("defaults", *names),
        names,
        own,
        service,
    )
