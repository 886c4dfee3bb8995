"""What the doctor makes of the place of a tag: there, doubtful, or a better one is meant."""

from bot.domain.edit import EditCode, EditError, entries_instead, left_behind
from bot.domain.locations import At, Container, Kustomize, Location
from bot.domain.symptoms import Symptom

Judged = tuple[Symptom, dict[str, str]]
"""A symptom and its facts."""


def refused(at: At, error: EditError) -> Judged:
    """Return what it means that *error* came of reading the tag at *at*."""
    if error.code is EditCode.AMBIGUOUS and isinstance(at, Container):
        facts = {"image": at.repository, "places": ", ".join(error.candidates)}
        return Symptom.IMAGE_TWICE, facts
    return Symptom.PLACE_MISSING, {"detail": str(error)}


def read(text: bytes, place: Location, tag: str | None) -> Judged:
    """Return what it means that *tag* was read at *place* of a file that says *text*."""
    if isinstance(place.at, Kustomize) and tag is None:
        names = entries_instead(text, place.file, place.at)
        if names is not None:
            facts = {"name": place.at.image, "names": ", ".join(names) or "none"}
            return Symptom.ENTRY_MISSING, facts
    if tag is None:
        return Symptom.NO_TAG, {"tag": ""}
    left = left_behind(text, place.file, place.at)
    if left is None:
        return Symptom.TAG_FOUND, {"tag": tag}
    return Symptom.LEFT_BEHIND, {"tag": tag, "image": left.image, "places": ", ".join(left.places)}
