"""The grammar of ``hold`` and ``release``: a place, and the tag that is held there."""

from dataclasses import replace

from bot.domain.commands.deploying import is_version
from bot.domain.commands.nouns import Hold, Misread, MisreadReason, Release
from bot.domain.commands.overriding import unfilled
from bot.domain.commands.places import Place, place_of
from bot.domain.commands.pointing import Words, living_in, sorted_out
from bot.domain.commands.said import Said, looks_like_a_version, misread
from bot.domain.commands.stopping import because


def read_hold(said: Said) -> Hold | Misread:
    """Return what to hold, or how it was misread."""
    tag, words = _tag_apart(said, because(said))
    place = place_of(said, words)
    if isinstance(place, Misread):
        return place
    if not said.reason:
        line = said.line(place.names, place.environment, words.tail)
        return misread(MisreadReason.MISSING_REASON, [line], verb=said.verb)
    services = _services(said, place)
    return unfilled(said.reason) or Hold(services, place.environment, tag, said.reason)


def read_release(said: Said) -> Release | Misread:
    """Return what to release, or how it was misread. A reason is heard and not asked for."""
    tag, words = _tag_apart(said, "")
    place = place_of(said, words)
    if isinstance(place, Misread):
        return place
    return Release(_services(said, place), place.environment, tag)


def _tag_apart(said: Said, tail: str) -> tuple[str | None, Words]:
    """Return the tag that was named, if one was, and the words without it."""
    words = sorted_out(said, tail)
    if len(words.strangers) != 1 or not _is_a_tag(said, words):
        return None, words
    tag = words.strangers[0]
    return tag, replace(words, strangers=(), tail=f"{tag} {tail}".rstrip())


def _is_a_tag(said: Said, words: Words) -> bool:
    """Tell whether the one strange word is a tag, and no name mistyped."""
    word = words.strangers[0]
    if looks_like_a_version(word):
        return True
    near = said.services_near(word) or said.environments_near(word)
    mistyped = near and not any(map(str.isdigit, word))
    return bool(words.names and words.environments and is_version(word) and not mistyped)


def _services(said: Said, place: Place) -> tuple[str, ...]:
    """Return the services by name; a hold of all is one of each that lives there."""
    return place.services or tuple(sorted(living_in(said, place.environment)))
