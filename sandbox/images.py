"""Where images lie: ECR where a name says so, and one registry that stands for all the others."""

import hashlib

from bot.adapters.registry_ecr import HOST as ECR_HOST
from bot.domain.images import ImageReference
from sandbox.ecr import Ecr
from sandbox.registry import Registry


class Images:
    """Puts images where the bot will look for them, by their whole names."""

    def __init__(self, registry: Registry, ecr: Ecr) -> None:
        self._registry, self._ecr = registry, ecr

    def put(self, image: str) -> str:
        """Push *image* (``ghcr.io/acme/api:v1``) and return its digest."""
        host, path, tag = _parts(image)
        if found := ECR_HOST.fullmatch(host):
            digest = f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"
            self._ecr.push(found[1], path, tag, digest)
            return digest
        return self._registry.push(path, tag)

    def remove(self, image: str) -> None:
        """Take the tag of *image* away; KeyError when it was never there."""
        host, path, tag = _parts(image)
        if found := ECR_HOST.fullmatch(host):
            self._ecr.untag(found[1], path, tag)
        else:
            self._registry.untag(path, tag)


def _parts(image: str) -> tuple[str, str, str]:
    named = ImageReference.parse(image)
    assert named.tag is not None, f"{image} has no tag"
    return named.registry, named.path, named.tag
