"""Which scalar of a file a location means, and which part of it is the tag."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.edit.errors import EditCode, Refusal
from bot.domain.edit.mask import fill, holes
from bot.domain.edit.paths import Index, Name, Step, parse_path
from bot.domain.edit.quoting import is_null
from bot.domain.edit.tree import Tree
from bot.domain.edit.walk import (
    SHOWN,
    Spot,
    aliased,
    alike,
    ambiguous,
    follow,
    reads,
    templated,
    unsupported_style,
    value_of,
)
from bot.domain.images import ImageReference, is_digest, is_tag, same_repository

TAG_KEYS = ("tag", "imageTag")
"""Keys under which values files keep the tag beside a ``repository``."""

_NO_IMAGES_IN = frozenset({"ConfigMap", "Secret"})
_LISTS = (Name("containers"), Name("initContainers"))
_FREE_TEXT = frozenset({"annotations", "labels"})


@dataclass(frozen=True, slots=True)
class Target:
    """A scalar and the part of its value, *begin* to *end*, that holds tag and digest.

    *tag* and *digest* are what stands there now, or None. *whole* means that the value is nothing
    but the tag; else a reference, whose part begins at the colon. *sibling* is the scalar of a
    ``digest`` key beside it, which decides over the tag.
    """

    spot: Spot
    begin: int
    end: int
    tag: str | None
    digest: str | None
    whole: bool
    sibling: Spot | None = None


def by_key(tree: Tree, path: str) -> Target:
    """Return the tag at *path*.

    Raises:
        Refusal: it is not there, is there several times, or is no tag.
    """
    spots = follow(tree, parse_path(path))
    if len(spots) > 1:
        raise ambiguous(
            f"{path} fits {len(spots)} places",
            spots,
            "Name one of them, or begin the path with [kind=…][metadata.name=…].",
        )
    return _tag_at(spots[0])


def _tag_at(spot: Spot) -> Target:
    """Return the tag that the node at *spot* is or holds."""
    tree, node = spot.tree, spot.node
    if tree.is_mapping(node):
        return _tag_in(spot)
    if tree.is_sequence(node):
        raise Refusal(
            EditCode.WRONG_TYPE,
            f"{spot.path} is a list",
            "Say which element, such as [0] or [name=web].",
            line=spot.line,
        )
    if tree.is_alias(node):
        raise aliased(tree, node, node)
    if tree.style(node) in {"|", ">"}:
        raise unsupported_style(spot)
    return _reference(spot, tree.value(node)) or _whole(spot, tree.value(node))


def _tag_in(spot: Spot) -> Target:
    """Return the tag of a mapping ``{repository, tag}``."""
    tree, node = spot.tree, spot.node
    if tree.text.startswith("{{", tree.start(node)):
        raise templated(spot)
    values = {key: value_of(tree, node, key) for key in ("repository", *TAG_KEYS)}
    found = [Spot(tree, at, (*spot.trail, Name(key))) for key in TAG_KEYS if (at := values[key])]
    if values["repository"] is None:
        raise Refusal(
            EditCode.WRONG_TYPE,
            f"{spot.path or 'the document'} is a mapping",
            "Let the path end at the key that holds the tag.",
            line=spot.line,
            candidates=tuple(candidate.path for candidate in found),
        )
    if not found:
        raise Refusal(
            EditCode.NOT_FOUND,
            f"{spot.path or 'the document'} has a repository, but no tag",
            "Add a tag to it, then try again.",
            line=spot.line,
        )
    if len(found) > 1:
        raise ambiguous("two keys may hold the tag", found, "Let the path end at one of them.")
    return _tag_at(found[0])


def _whole(spot: Spot, value: str) -> Target:
    plain = spot.tree.style(spot.node) == ""
    tag = None if not value or (plain and is_null(value)) else value
    name, at, digest = value.partition("@")
    pinned = digest if at and is_digest(digest) else None
    if is_digest(value):
        pinned = value
    return Target(
        spot,
        0,
        len(value),
        name if pinned and at else tag,
        pinned,
        whole=True,
        sibling=_digest_beside(spot),
    )


def _digest_beside(spot: Spot) -> Spot | None:
    """Return the ``digest`` next to a tag, if it holds one."""
    if not spot.trail or spot.trail[-1] not in {Name(key) for key in TAG_KEYS}:
        return None
    parent = _parent(spot.tree, spot.node)
    for key, value in spot.tree.items(parent):
        found = spot.tree.key_text(key) == "digest" and spot.tree.is_scalar(value)
        if found and is_digest(spot.tree.value(value)):
            return Spot(spot.tree, value, (*spot.trail[:-1], Name("digest")))
    return None


def _parent(tree: Tree, node: int) -> int:
    """Return the innermost collection around *node*."""
    around = [start for start, last in tree.last.items() if start < node <= last]
    return max(around)


def _reference(spot: Spot, value: str) -> Target | None:
    """Return the tag of a value that is a whole image reference, else None.

    A value is one if it has both name and tag, such as ``r/a:v1``; under a key ``image`` it must
    be one, and a slash is enough.
    """
    target = None if is_digest(value) else reference_in(spot, value)
    if target is not None and target.tag is not None:
        return target
    if spot.trail and spot.trail[-1] == Name("image"):
        if target is None or (target.digest is None and "/" not in value):
            raise _no_reference(spot, value)
        return target
    return None


def _no_reference(spot: Spot, value: str) -> Refusal:
    if holes(spot.tree.text[spot.tree.start(spot.node) : spot.tree.end(spot.node)]):
        return templated(spot)
    return Refusal(
        EditCode.AMBIGUOUS if is_tag(value) else EditCode.WRONG_TYPE,
        f"{value[:60]!r} may be a repository or a tag"
        if is_tag(value)
        else f"the image is {value[:60]!r}, which names no repository",
        "Write it as repository:tag, then try again.",
        line=spot.line,
        candidates=(f"{value}:<tag>", "<tag>") if is_tag(value) else (),
    )


def reference_in(spot: Spot, value: str, skip: int = 0) -> Target | None:
    """Return the tag of the image reference in *value* from *skip* on; None if it is none."""
    try:
        reference = ImageReference.parse(fill(value)[skip:])
    except ValueError:
        return None
    begin = skip + len(reference.repository)
    end_of_tag = begin if reference.tag is None else begin + 1 + len(reference.tag)
    return Target(
        spot,
        begin,
        len(value),
        value[begin + 1 : end_of_tag] if reference.tag is not None else None,
        reference.digest,
        whole=False,
    )


# containers


def by_container(tree: Tree, repository: str) -> list[Target]:
    """Return each image of *repository*, in the order of the file; at least one.

    Looked at are the ``image`` keys of manifests and the ``kustomize.images`` of Argo CD
    Applications.

    Raises:
        Refusal: there is none.
    """
    images = [*_image_keys(tree), *_application_images(tree)]
    found = [target for name, target in images if same_repository(name, repository)]
    if found:
        return sorted(found, key=lambda target: target.spot.node)
    seen = list(dict.fromkeys(name for name, _ in images))
    near = alike(repository, seen) or seen
    raise Refusal(
        EditCode.NOT_FOUND,
        f"no image of {repository} is there",
        "Correct the repository, or add the image.",
        candidates=tuple(near[:SHOWN]),
    )


def beside(target: Target) -> tuple[str, list[Spot]]:
    """Return the image of the container whose tag *target* is, and where it has it in its pod.

    The text is empty where *target* is no container's image.
    """
    tree, images = target.spot.tree, list(_image_keys(target.spot.tree))
    image = next((name for name, one in images if one.spot.node == target.spot.node), "")
    pod = _pod_of(tree, target.spot)
    others = [
        one.spot
        for name, one in images
        if image and one.spot.node != target.spot.node and same_repository(name, image)
    ]
    return image, [spot for spot in others if pod is not None and pod == _pod_of(tree, spot)]


def _pod_of(tree: Tree, spot: Spot) -> tuple[int, tuple[Step, ...]] | None:
    """Return which pod's list of containers *spot* stands in, if it does."""
    root = max(root for root in tree.roots() if root <= spot.node)
    trail = trail_of(tree, spot.node)
    if trail is None or len(trail) < len(("containers", 0, "image")) or trail[-3] not in _LISTS:
        return None
    return root, trail[:-3]


def _image_keys(tree: Tree) -> Iterator[tuple[str, Target]]:
    """Yield repository and target of each ``image: repository:tag``."""
    for key in _scalars(tree, "image"):
        node = tree.resolved(key + 1) if _is_node(tree, key + 1) else key
        if node == key or not tree.is_scalar(node):
            continue
        value = tree.value(node)
        target = reference_in(Spot(tree, key + 1), value.strip())
        trail = trail_of(tree, key + 1) if target else None
        if target and trail and trail[-1] == Name("image") and _may_hold_images(tree, key, trail):
            spot = Spot(tree, key + 1, trail)
            yield value[: target.begin], _moved(target, spot)


def _application_images(tree: Tree) -> Iterator[tuple[str, Target]]:
    """Yield name and target of each ``[name=]repository:tag`` in a ``kustomize.images`` list."""
    for key in _scalars(tree, "images"):
        if not tree.is_sequence(key + 1):
            continue
        trail = trail_of(tree, key + 1)
        if trail is None or trail[-2:] != (Name("kustomize"), Name("images")):
            continue
        for position, element in enumerate(tree.elements(key + 1)):
            node = tree.resolved(element)
            if not tree.is_scalar(node):
                continue
            value = tree.value(node)
            skip = fill(value).find("=") + 1
            target = reference_in(Spot(tree, element, (*trail, Index(position))), value, skip)
            if target:
                yield value[skip : target.begin], target


def _moved(target: Target, spot: Spot) -> Target:
    return Target(spot, target.begin, target.end, target.tag, target.digest, target.whole)


def _scalars(tree: Tree, text: str) -> list[int]:
    return [
        node
        for node, event in enumerate(tree.events)
        if getattr(event, "value", None) == text and tree.is_scalar(node)
    ]


def _is_node(tree: Tree, node: int) -> bool:
    return tree.is_scalar(node) or tree.is_alias(node)


def _may_hold_images(tree: Tree, node: int, trail: tuple[Step, ...]) -> bool:
    """Tell whether ``image`` means an image here, and is no free text."""
    if any(isinstance(step, Name) and step.text in _FREE_TEXT for step in trail):
        return False
    root = max(root for root in tree.roots() if root <= node)
    return not (tree.is_mapping(root) and reads(tree, root, ("kind",)) in _NO_IMAGES_IN)


def trail_of(tree: Tree, node: int) -> tuple[Step, ...] | None:
    """Return the steps from the document's root to the value *node*; None inside a key."""
    at = max(root for root in tree.roots() if root <= node)
    trail: list[Step] = []
    while at != node:
        if tree.is_mapping(at):
            key, at = next((k, v) for k, v in tree.items(at) if node < tree.behind(v))
            if node < at:
                return None
            trail.append(Name(tree.key_text(key) or ""))
        else:
            position, at = next(
                (p, v) for p, v in enumerate(tree.elements(at)) if node < tree.behind(v)
            )
            trail.append(Index(position))
    return tuple(trail)
