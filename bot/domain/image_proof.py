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

from bot.domain.images import ImageReference, of_repository, tags_in
from bot.domain.observation import Workload
from bot.domain.verdict import Expectation


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
    return tuple(
        one
        for one in workloads
        if any(_is_wanted(image, wanted) for image in of_repository(one.images, wanted.image))
    )


def _count(images: Sequence[str], wanted: Expectation) -> tuple[int, int, tuple[str, ...]]:
    same = of_repository(images, wanted.image)
    ours = sum(_is_wanted(one, wanted) for one in same)
    return ours, len(same) - ours, tags_in(same)


def _is_wanted(one: ImageReference, wanted: Expectation) -> bool:
    if wanted.digest and one.digest:
        return one.digest == wanted.digest
    return one.tag == wanted.tag
