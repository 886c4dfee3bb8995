"""Whether an image really runs: read from the images of pods, else from what makes the pods.

The images of pods prove it when ours is there and no other tag of its repository. They cannot
prove it at zero replicas, while old pods still end, or when one repository serves two workloads
with tags of their own; then the pod templates and the counts of updated pods decide.

Source: Argo CD's ``status.summary.images`` holds the image strings of all pods of the resource
tree, terminating ones included, without digests unless the manifest names one.
https://github.com/argoproj/argo-cd/blob/v3.5.1/controller/cache/info.go
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.observation import Workload
from bot.domain.verdict import Expectation

_DOCKER_HUB = ("docker.io/", "index.docker.io/", "registry-1.docker.io/")


class Proof(StrEnum):
    """What the images say."""

    PROVEN = "proven"
    SETTLING = "settling"  # the template is ours, its pods are not all there yet
    MIXED = "mixed"  # ours, and another tag of the same repository
    OTHER = "other"  # only other tags
    ABSENT = "absent"  # nothing of the repository at all


@dataclass(frozen=True, slots=True)
class Found:
    """The *proof*, and the *tags* of the repository that were seen, ours included, sorted."""

    proof: Proof
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """An image string in its parts. *repository* is in Docker's short form."""

    repository: str
    tag: str
    digest: str


def image(text: str) -> Image:
    """Return the parts of *text*; a bare repository means its ``latest``.

    Source: https://github.com/distribution/reference/blob/v0.6.0/normalize.go
    """
    name, _, digest = text.strip().partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # no tag: the colon belongs to the host's port, or is absent
        path, tag = name, "" if digest else "latest"
    return Image(short(path), tag, digest)


def short(repository: str) -> str:
    """Return *repository* as Docker abbreviates it: ``docker.io/library/nginx`` is ``nginx``."""
    for host in _DOCKER_HUB:
        repository = repository.removeprefix(host)
    return repository.removeprefix("library/")


def by_pods(images: Sequence[str], wanted: Expectation) -> Found:
    """Judge by the image strings of pods."""
    ours, others, tags = _count(images, wanted)
    match bool(ours), bool(others):
        case True, False:
            proof = Proof.PROVEN
        case True, True:
            proof = Proof.MIXED
        case False, True:
            proof = Proof.OTHER
        case _:
            proof = Proof.ABSENT
    return Found(proof, tags)


def by_workloads(workloads: Sequence[Workload], wanted: Expectation) -> Found:
    """Judge by pod templates. Another workload's own tag is Git's business, not a doubt."""
    every = [image for workload in workloads for image in workload.images]
    ours, others, tags = _count(every, wanted)
    if ours:
        settled = all(workload.settled for workload in carriers(workloads, wanted))
        return Found(Proof.PROVEN if settled else Proof.SETTLING, tags)
    return Found(Proof.OTHER if others else Proof.ABSENT, tags)


def carriers(workloads: Sequence[Workload], wanted: Expectation) -> tuple[Workload, ...]:
    """Return the workloads whose template names the wanted image."""
    return tuple(one for one in workloads if any(_ours(image(i), wanted) for i in one.images))


def _count(images: Sequence[str], wanted: Expectation) -> tuple[int, int, tuple[str, ...]]:
    repository = short(wanted.image)
    same = {one for one in map(image, images) if one.repository == repository}
    ours = sum(_ours(one, wanted) for one in same)
    return ours, len(same) - ours, tuple(sorted({one.tag or one.digest for one in same}))


def _ours(one: Image, wanted: Expectation) -> bool:
    if one.repository != short(wanted.image):
        return False
    if wanted.digest and one.digest:
        return one.digest == wanted.digest
    return one.tag == wanted.tag
