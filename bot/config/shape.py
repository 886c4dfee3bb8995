"""The file's shape: which keys there are, and pydantic's complaints as problems with places."""

import inspect
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bot.config.document import Document
from bot.config.enforced import in_place_of, is_for_later, keys
from bot.config.models import File
from bot.config.problems import CHANNEL_HINT, ConfigProblem, Path, Unfit, is_channel
from bot.domain.suggestions import nearest

_NOT_KEPT = (
    "is not supported by this version",
    "take it out: a rule that is written here but not kept would be dangerous",
)
_NO_MAPPING = ("must be a mapping", "write `key: value` lines below it, or {}")
_COMPLAINTS = {
    "string_type": ("must be a text", "put it in quotes if it is meant as it stands"),
    "dict_type": _NO_MAPPING,
    "model_type": _NO_MAPPING,
    "list_type": ("must be a list", "write [one, two], or a `- one` line for each"),
    "too_short": ("is empty", ""),
    "bool_type": ("must be true or false", ""),
    "less_than_equal": ("is too many", ""),
    "greater_than_equal": ("is too few", ""),
    "int_type": ("must be a number without a fraction", ""),
}


_MEANT = {
    **dict.fromkeys(("yes", "on", "y", "true"), "true"),
    **dict.fromkeys(("no", "off", "n", "false"), "false"),
}
"""What is a truth in YAML 1.1, or is one in quotes, and here a text."""


def problems_of_shape(document: Document) -> Iterator[ConfigProblem]:
    """Yield every key that should not be there or is missing, and every value of a wrong kind."""
    yield from _commented(document)
    try:
        File.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=True):
            path = tuple(detail["loc"])
            if path not in document.commented or not is_channel(path):
                yield _problem(document, detail)


def _commented(document: Document) -> Iterator[ConfigProblem]:
    """Yield every channel whose name YAML took for a comment."""
    for path, word in document.commented.items():
        if is_channel(path):
            what = f"`{word}` is a comment, so nothing stands here"
            yield document.at_key(path, what, CHANNEL_HINT)


def _problem(document: Document, detail: Any) -> ConfigProblem:
    path: Path = tuple(detail["loc"])
    match detail["type"]:
        case "extra_forbidden":
            return document.at_key(path, *_unknown_key(path))
        case "missing":
            place = document.at_value if _is_of_a_list(path[:-1]) else document.at_key
            return place(path[:-1], f"`{path[-1]}` is missing", _known_beside(path))
        case _ if path and path[-1] == "[key]":
            return document.at_key(path[:-1], *_complaint(path, detail))
        case _:
            return document.at_value((*path, *_blamed(detail)), *_complaint(path, detail))


def _blamed(detail: Any) -> Path:
    """Return the key in the mapping that was looked at whose value is to blame, if one is."""
    error = detail.get("ctx", {}).get("error")
    return (error.key,) if isinstance(error, Unfit) and error.key else ()


def _is_of_a_list(path: Path) -> bool:
    return bool(path) and isinstance(path[-1], int)


def _known_beside(path: Path) -> str:
    """Return what else may stand where the key that *path* ends in is missing."""
    if len(path) == 1:
        return ""
    where = "here" if _is_of_a_list(path[:-1]) else f"in `{path[-2]}`"
    return f"known {where}: {_listed(path[:-1])}"


def _unknown_key(path: Path) -> tuple[str, str]:
    *above, key = path
    model = _model_at(tuple(above))
    if is_for_later(model, key):
        message, hint = _NOT_KEPT
        return f"`{key}` {message}", hint
    if instead := in_place_of(model, key):
        return f"`{key}` is no longer known", instead
    near = nearest(str(key), keys(model), most=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known here: {_listed(tuple(above))}"
    return f"unknown key `{key}`", hint


def _complaint(path: Path, detail: Any) -> tuple[str, str]:
    kind = detail["type"]
    if kind == "value_error":
        error = detail["ctx"]["error"]
        return str(error), error.hint if isinstance(error, Unfit) else ""
    if (kind == "string_type" or path[-1] == "tag") and isinstance(detail["input"], dict):
        return "must be a text", 'put what begins with a brace in quotes, as "{sha:7}"'
    if kind == "bool_type" and (meant := _MEANT.get(str(detail["input"]).casefold())):
        return "must be true or false", f"`{detail['input']}` is a text in YAML 1.2: write {meant}"
    return _COMPLAINTS.get(kind) or (str(detail["msg"]), "")


def _listed(path: Path) -> str:
    return ", ".join(keys(_model_at(path)))


def _model_at(path: Path) -> type[BaseModel] | None:
    """Return the model of the mapping that *path* leads to, or None where there is none."""
    kind: Any = File
    for part in path:
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            known = kind.model_fields.get(str(part))
            kind = known.annotation if known else None
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        elif get_origin(kind) is list:
            kind = get_args(kind)[0]
        kind = _without_none(kind)
    return kind if inspect.isclass(kind) and issubclass(kind, BaseModel) else None


def _without_none(kind: Any) -> Any:
    if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
        return next(inner for inner in get_args(kind) if inner is not type(None))
    return kind
