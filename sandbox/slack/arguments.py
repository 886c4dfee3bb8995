"""The arguments of a Web API call, from JSON or from a form."""

import json
from typing import Any

from werkzeug.wrappers import Request

from sandbox.slack.refused import Refused

Arguments = dict[str, Any]

_STRUCTURED = ("blocks", "attachments", "metadata", "view")


def arguments_of(request: Request) -> Arguments:
    """Return the arguments, from JSON or from a form; what is structured comes out as objects."""
    query: Arguments = dict(request.args)
    if request.mimetype == "application/json" and request.get_data():
        try:
            given = json.loads(request.get_data())
        except ValueError as broken:
            raise Refused("invalid_json") from broken
        if not isinstance(given, dict):
            raise Refused("json_not_object")
        return query | given
    given = query | dict(request.form)
    for name in _STRUCTURED:
        if isinstance(given.get(name), str):
            try:
                given[name] = json.loads(given[name])
            except ValueError as broken:
                raise Refused(f"invalid_{name}_format") from broken
    return given


def token_of(request: Request, arguments: Arguments) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else arguments.get("token")


def is_true(value: Any) -> bool:
    return value is True or str(value).lower() in ("1", "true")
