"""Reading and setting a tag: locate, judge, change, prove."""

from dataclasses import dataclass
from typing import Final, assert_never

from bot.domain.edit import kustomize
from bot.domain.edit.errors import EditCode, EditError, Refusal
from bot.domain.edit.locate import Target, beside, by_container, by_key
from bot.domain.edit.quoting import is_null
from bot.domain.edit.scalars import refuse_if_untouchable, write
from bot.domain.edit.source import decode
from bot.domain.edit.splice import Plan, Splice, Swap, carry_out
from bot.domain.edit.tree import Tree, parse
from bot.domain.edit.walk import Spot, ambiguous
from bot.domain.images import is_digest, is_tag
from bot.domain.locations import At, Container, Containers, Key, Kustomize


class Unchecked:
    """Any old tag will do."""


class Drop:
    """A digest that stands beside the tag is taken away."""


UNCHECKED: Final = Unchecked()
DROP: Final = Drop()


@dataclass(frozen=True, slots=True)
class Edited:
    """The file after the edit. *old* is the tag before, None if there was none.

    Where several places changed together, *old* is that of the first. *lines* are the 1-based
    lines that were written, empty when the file already said so.
    """

    text: bytes
    old: str | None
    new: str
    lines: tuple[int, ...]


def read_tag(text: bytes, file: str, at: At, *, every: bool = False) -> str | None:
    """Return the tag that stands at *at* in *text* now.

    None where the place is there but holds no tag, and where a kustomization has no entry yet.
    *every* allows several containers where one was meant, as long as they have the same tag.

    Raises:
        EditError: the file or the place cannot be read, or could not be edited.
    """
    try:
        tree = _parse(text, file)[1]
        match at:
            case Kustomize(image):
                return _kustomized(kustomize.find(tree, image, file))
            case Key() | Container() | Containers():
                return _common_tag(_targets(tree, at, every=every))
            case _:
                assert_never(at)
    except Refusal as refusal:
        raise _told(refusal, file, at) from refusal


def set_tag(
    text: bytes,
    file: str,
    at: At,
    tag: str,
    *,
    expected: str | Unchecked | None = UNCHECKED,
    every: bool = False,
    add: bool = True,
    digest: str | Drop | None = None,
) -> Edited:
    """Return *text* with the tag at *at* changed to *tag*, and no other byte.

    *file* is the file's name: one that ends in ``.gotmpl`` is read as a Go template, and only one
    that kustomize would read is given a list of images that it has not. *expected* is
    the tag that must stand there now. *every* changes all containers of the image. Without *add* a
    kustomization gets no entry for an image that it does not name. *digest* says
    what becomes of a digest beside the tag, which would decide over it: None refuses, ``DROP``
    takes it away, a text replaces it; where there is none, none is added.

    Raises:
        EditError: it cannot be done safely; the error says why, where, and what to do.
    """
    try:
        _refuse_bad_values(tag, digest)
        mark, tree = _parse(text, file)
        match at:
            case Kustomize(image):
                found, inner = kustomize.find(tree, image, file), tree
                if isinstance(found, kustomize.Images) and not add:
                    raise kustomize.not_there(found, image)
                old, changes = _in_kustomization(found, image, tag, expected, digest)
            case Key() | Container() | Containers():
                targets = _targets(tree, at, every=every)
                old, changes = _in_targets(targets, tag, expected, digest)
                inner = targets[0].spot.tree
            case _:
                assert_never(at)
        if all(_is_idle(inner, splice) for splice, _ in changes):
            return Edited(text, old, tag, ())
        plan = Plan(inner, tuple(c[0] for c in changes), tuple(c[1] for c in changes))
        edited, lines = carry_out(plan)
    except Refusal as refusal:
        raise _told(refusal, file, at) from refusal
    return Edited((mark + edited).encode(), old, tag, lines)


def _told(refusal: Refusal, file: str, at: At) -> EditError:
    match at:
        case Kustomize(image):
            path = f"images[name={image}]"
        case Key(path):
            pass
        case Container(repository) | Containers(repository):
            path = f"image {repository}"
        case _:
            assert_never(at)
    return EditError(
        refusal.code,
        refusal.what,
        file=file,
        path=path,
        line=refusal.line,
        candidates=refusal.candidates,
        hint=refusal.hint,
    )


def _parse(text: bytes, file: str) -> tuple[str, Tree]:
    mark, content = decode(text)
    return mark, parse(content, masked=file.endswith(".gotmpl") and "{{" in content)


def _refuse_bad_values(tag: str, digest: str | Drop | None) -> None:
    if not is_tag(tag):
        raise Refusal(
            EditCode.BAD_VALUE,
            f"{tag[:60]!r} is no image tag",
            "A tag has letters, digits, _, . and -, begins with none of the last two, "
            "and is at most 128 characters long.",
        )
    if isinstance(digest, str) and not is_digest(digest):
        raise Refusal(
            EditCode.BAD_VALUE,
            f"{digest[:90]!r} is no digest",
            "A digest looks like sha256: and 64 hex digits.",
        )


def _is_idle(tree: Tree, splice: Splice) -> bool:
    return tree.text[splice.start : splice.end] == splice.text


# keys and containers


@dataclass(frozen=True, slots=True)
class Left:
    """Where the *image* of a moved container stands besides: *places* in the same pod."""

    image: str
    places: tuple[str, ...]


def left_behind(text: bytes, file: str, at: At) -> Left | None:
    """Return the containers that keep their tag while a `key` moves one beside them; else None.

    None too where nothing can be read at *at*.
    """
    if not isinstance(at, Key):
        return None
    try:
        tree = _parse(text, file)[1]
        target = by_key(tree, at.path)
        image, spots = beside(target)
    except Refusal:
        return None
    return Left(image, tuple(spot.candidate for spot in spots)) if spots else None


def _targets(tree: Tree, at: Key | Container | Containers, *, every: bool) -> list[Target]:
    targets = [by_key(tree, at.path)] if isinstance(at, Key) else by_container(tree, at.repository)
    if len(targets) > 1 and isinstance(at, Container) and not every:
        raise ambiguous(
            f"the image stands there {len(targets)} times",
            [target.spot for target in targets],
            "Choose one of them by its path, with `key` in place of `container`, "
            f"or write `containers: {at.repository}` to move all with one tag.",
        )
    for target in targets:
        refuse_if_untouchable(target)
    return targets


def _common_tag(targets: list[Target]) -> str | None:
    tags = {target.tag for target in targets}
    if len(tags) > 1:
        raise ambiguous(
            "the image stands there with several tags",
            [target.spot for target in targets],
            "Give them one tag by hand, or choose one of them by its path with `key`.",
        )
    return targets[0].tag


def _in_targets(
    targets: list[Target], tag: str, expected: str | Unchecked | None, digest: str | Drop | None
) -> tuple[str | None, list[tuple[Splice, Swap]]]:
    for target in targets:
        _refuse_stale(target.tag, expected, target.spot)
    changes = [change for target in targets for change in _in_target(target, tag, digest)]
    return targets[0].tag, changes


def _in_target(target: Target, tag: str, digest: str | Drop | None) -> list[tuple[Splice, Swap]]:
    pinned = target.digest is not None or target.sibling is not None
    if pinned and digest is None:
        raise _pinned(target.sibling or target.spot)
    kept = f"@{digest}" if target.digest is not None and isinstance(digest, str) else ""
    changes = [write(target, f"{tag}{kept}" if target.whole else f":{tag}{kept}")]
    if target.sibling is not None:
        changes.append(_write_whole(target.sibling, digest if isinstance(digest, str) else ""))
    return changes


def _write_whole(spot: Spot, value: str) -> tuple[Splice, Swap]:
    length = len(spot.tree.value(spot.node))
    target = Target(spot, 0, length, None, None, whole=True)
    refuse_if_untouchable(target)
    return write(target, value)


def _pinned(spot: Spot) -> Refusal:
    return Refusal(
        EditCode.DIGEST_PINNED,
        "a digest stands beside the tag and decides what runs, so a new tag alone changes nothing",
        "Take the digest away, then try again.",
        line=spot.line,
    )


def _refuse_stale(old: str | None, expected: str | Unchecked | None, spot: Spot) -> None:
    if isinstance(expected, Unchecked) or old == expected:
        return
    raise Refusal(
        EditCode.STALE,
        f"the tag is {old or 'missing'}, not {expected or 'missing'} as expected",
        "Look at the file again, then decide again.",
        line=spot.line,
        candidates=() if old is None else (old,),
    )


# kustomizations


def entries_instead(text: bytes, file: str, at: Kustomize) -> tuple[str, ...] | None:
    """Return the nearest names in ``images`` where none is that of *at*; None where one is.

    Raises:
        EditError: the list cannot be read.
    """
    try:
        found = kustomize.find(_parse(text, file)[1], at.image, file)
    except Refusal as refusal:
        raise _told(refusal, file, at) from refusal
    if isinstance(found, kustomize.Images):
        return kustomize.not_there(found, at.image).candidates
    return None


def _kustomized(found: kustomize.Entry | kustomize.Images) -> str | None:
    if isinstance(found, kustomize.Images) or found.new_tag is None:
        return None
    return _readable(found.new_tag).tag


def _readable(spot: Spot) -> Target:
    """Return the target of a scalar that is a tag and nothing else."""
    value = spot.tree.value(spot.node)
    quoted = spot.tree.style(spot.node) != ""
    tag = None if not value or (not quoted and is_null(value)) else value
    target = Target(spot, 0, len(value), tag, None, whole=True)
    refuse_if_untouchable(target)
    return target


def _in_kustomization(
    found: kustomize.Entry | kustomize.Images,
    image: str,
    tag: str,
    expected: str | Unchecked | None,
    digest: str | Drop | None,
) -> tuple[str | None, list[tuple[Splice, Swap]]]:
    if isinstance(found, kustomize.Images):
        _refuse_stale(None, expected, found.value or found.root)
        return None, kustomize.entry_added(found, image, tag)
    target = None if found.new_tag is None else _readable(found.new_tag)
    old = None if target is None else target.tag
    _refuse_stale(old, expected, found.spot)
    if found.digest is not None and digest is None:
        raise _pinned(found.digest)
    changes = [kustomize.tag_added(found, tag) if target is None else write(target, tag)]
    if found.digest is not None and isinstance(digest, str):
        changes.append(_write_whole(found.digest, digest))
    elif found.digest is not None:
        changes.append(kustomize.digest_dropped(found))
    return old, changes
