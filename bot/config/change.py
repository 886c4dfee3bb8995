"""The shape of what the file says of how a change comes onto the branch that Argo CD reads."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bot.config.problems import Unfit
from bot.config.values import Part, member


class Merger(StrEnum):
    """Who merges a pull request of ours."""

    PEOPLE = "people"
    BOT = "bot"


def _merger(value: object) -> object:
    return member(Merger, value, "merges no pull requests")


class PullRequest(Part):
    """Changes wait in a pull request."""

    merge: Annotated[Merger, BeforeValidator(_merger)] = Field(
        default=Merger.PEOPLE, description="Who merges it once it may be: `people` or `bot`."
    )


class Change(Part):
    """How a change comes onto the branch; nothing said: by a commit straight onto it."""

    pull_request: PullRequest | None = None


@dataclass(frozen=True, slots=True)
class _OrWord:
    """Takes one of the words in place of a mapping."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_change, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"enum": list(_WAYS)}], "description": _CHANGE}


_CHANGE = "How a change comes onto the branch: by a commit (the default) or by a pull request."
_WAYS = {"commit": Change(), "pull_request": Change(pull_request=PullRequest())}


def _change(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value not in _WAYS:
        hint = "write commit, pull_request, or {pull_request: {merge: bot}}"
        raise Unfit(f"`{value}` is no way to change a file", hint)
    return _WAYS[value]


MaybeChange = Annotated[Change | None, _OrWord()]
"""How changes come onto the branch; None: it says nothing of it."""
