"""The kinds of values in the configuration file: each says what does not fit, and what would."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from bot.config.problems import Unfit
from bot.domain.commands.deploying import is_version
from bot.domain.suggestions import nearest
from bot.domain.tags import TagTemplate

LONGEST_DEADLINE = timedelta(hours=24)
LONGEST_WAIT = timedelta(days=14)

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")
_DURATION = re.compile(
    r"(?:(?P<days>\d{1,3})d)?(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m)?(?:(?P<seconds>\d{1,6})s)?"
)
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
)
_RESERVED = frozenset({"to", "on", "in", "please", "and", "because", "help"})


@dataclass(frozen=True, slots=True)
class _Matching:
    """Takes a text that *pattern* matches whole; else *message* and *hint* are the problem."""

    pattern: str
    message: str
    hint: str = ""

    def check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise Unfit(f"`{text}` {self.message}", self.hint)
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}


def member(kinds: type[StrEnum], value: object, message: str) -> object:
    """Return the member of *kinds* that the text *value* names; what is no text, as it is.

    Raises:
        Unfit: it names none; *message* says what it is not.
    """
    if not isinstance(value, str):
        return value
    known = [kind.value for kind in kinds]
    if value not in known:
        raise Unfit(f"`{value}` {message}", f"known: {', '.join(known)}")
    return kinds(value)


def duration(text: str, longest: timedelta = LONGEST_DEADLINE) -> timedelta:
    """Return the span that *text* writes: ``90s``, ``15m``, ``2h``, ``1h30m``, ``1d``.

    Raises:
        Unfit: it writes none, nothing at all, or more than *longest*.
    """
    found = _DURATION.fullmatch(text)
    parts = {
        unit: int(number) for unit, number in (found.groupdict() if found else {}).items() if number
    }
    span = timedelta(**parts)
    if not timedelta() < span <= longest:
        hours = longest // timedelta(hours=1)
        raise Unfit(f"`{text}` is no time to wait", f"write 90s, 15m or 1h30m, at most {hours}h")
    return span


def _duration_text(value: Any, longest: timedelta = LONGEST_DEADLINE) -> Any:
    # True is an int to Python; pydantic says that it is no text.
    if isinstance(value, int) and not isinstance(value, bool):
        raise Unfit(f"`{value}` has no unit", f"write {value}s or {value}m")
    if isinstance(value, str):
        duration(value, longest)
    return value


def _long_duration_text(value: Any) -> Any:
    return _duration_text(value, LONGEST_WAIT)


def _placeholders(text: str) -> str:
    """Return *text* if it holds no other placeholder than ``{service}`` and ``{env}``."""
    if not text or not text.isprintable() or text != text.strip():
        raise Unfit("must be a text on one line, without blanks around it")
    for found in _PLACEHOLDER.finditer(text):
        name = found[1]
        if name is None:
            raise Unfit(f"`{text}` has a `{found[0]}` without its partner")
        if name not in {"service", "env"}:
            near = nearest(name, ("service", "env"), most=1)
            hint = f"did you mean {{{near[0]}}}?" if near else "known here are {service} and {env}"
            raise Unfit(f"{{{name}}} is no placeholder", hint)
    return text


def image_problem(text: str) -> str:
    """Return why *text* is no image repository, as the end of a sentence, or nothing."""
    last = text.rpartition("/")[2]
    if "@" in last or ":" in last:
        return "holds a tag or digest; the image stands here without one"
    return "" if _IMAGE.fullmatch(text) else "is no image repository"


def _image(text: str) -> str:
    """Return *text* if it can be an image; a name filled in later may still spoil it."""
    if problem := image_problem(re.sub(r"\{(?:service|env)\}", "x", text)):
        raise Unfit(f"`{text}` {problem}")
    return text


def _file(text: str) -> str:
    """Return *text* if it is a path inside the repository; names filled in hold no slash."""
    parts = text.split("/")
    if text.startswith("/"):
        raise Unfit(f"`{text}` starts with `/`", "write the path from the root of the repository")
    if ".." in parts or any(part.casefold() == ".git" for part in parts):
        raise Unfit(f"`{text}` leads out of the repository's files")
    if "" in parts or "." in parts or "\\" in text:
        raise Unfit(f"`{text}` is no plain path", "write it with one `/` between its parts")
    return text


def _tag_template(text: str) -> str:
    TagTemplate.parse(text)
    return text


def _url(text: str) -> str:
    """Return *text* without its last slash. Its own words never say it back: it may hold a key."""
    hint = "write it as https://argocd.example.com"
    try:
        parts = urlsplit(text)
        port_is_number = parts.port != 0
    except ValueError:
        raise Unfit("is no address", hint) from None
    if parts.username is not None or parts.password is not None:
        raise Unfit("holds a user name or password", "secrets stand in the environment only")
    plain = parts.scheme in {"http", "https"} and parts.hostname and port_is_number
    if not plain or parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", text):
        raise Unfit("is no http(s) address", hint)
    return text.rstrip("/")


def _branch(text: str) -> str:
    if not is_version(text):
        raise Unfit(f"`{text}` is no branch name")
    return text


def _name(text: str) -> str:
    if text.casefold() in _RESERVED:
        raise Unfit(f"`{text}` is a word of the commands", "choose another name")
    return text


def _instance_name(text: str) -> str:
    """Return *text* unless its token's variable could be another's ``…_FILE``."""
    if text == "file" or text.endswith("-file"):
        variable = text.upper().replace("-", "_")
        raise Unfit(
            f"`{text}` would make ARGOCD_AUTH_TOKEN_{variable} mean two things",
            "choose a name that does not end in `-file`",
        )
    return text


def _pattern(text: str) -> str:
    if not text or not text.isprintable() or text != text.strip() or " " in text:
        raise Unfit(f"`{text}` is no pattern of a tag", "write one such as latest or *-latest")
    return text


def _check_name(text: str) -> str:
    if not text or not text.isprintable() or text != text.strip():
        raise Unfit(f"`{text}` is no name of a check", "copy it from the commit's page on GitHub")
    return text


def _one_or_several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Name = Annotated[
    str,
    AfterValidator(_name),
    _Matching(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?",
        "is no name",
        "names have letters, digits, `-`, `_` and `.`, at most 63",
    ),
]
InstanceName = Annotated[
    str,
    AfterValidator(_instance_name),
    _Matching(
        r"[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?",
        "is no name of an Argo CD",
        "it becomes part of ARGOCD_AUTH_TOKEN_<NAME>: small letters, digits and `-`",
    ),
]
Repository = Annotated[
    str,
    _Matching(
        r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}",
        "is no GitHub repository",
        "write owner/name",
    ),
]
Organization = Annotated[
    str, _Matching(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})", "is no GitHub organization")
]
Channel = Annotated[
    str,
    _Matching(
        r"[CGD][A-Z0-9]{2,}",
        "is no Slack channel id",
        "open the channel's details and copy its id, such as C0123ABCD",
    ),
]
User = Annotated[
    str,
    _Matching(
        r"[UW][A-Z0-9]{2,}",
        "is no Slack user id",
        "open the person's profile and copy the member id, such as U0123ABCD",
    ),
]
Duration = Annotated[
    str,
    BeforeValidator(_duration_text),
    WithJsonSchema({"type": "string", "pattern": r"^(?=\d)(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?$"}),
]
LongDuration = Annotated[
    str,
    BeforeValidator(_long_duration_text),
    WithJsonSchema({"type": "string", "pattern": r"^(?=\d)(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?$"}),
]
Template = Annotated[str, AfterValidator(_placeholders)]
FilePath = Annotated[Template, AfterValidator(_file)]
Image = Annotated[Template, AfterValidator(_image)]
Tag = Annotated[str, AfterValidator(_tag_template)]
Tags = Annotated[
    list[Tag],
    Field(min_length=1),
    BeforeValidator(_one_or_several),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]
        }
    ),
]
Url = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"}),
]
Branch = Annotated[str, AfterValidator(_branch)]
Receiver = Annotated[
    str,
    _Matching(
        r"[A-Z](?:[A-Z0-9_]{0,40}[A-Z0-9])?(?<!_FILE)",
        "is no name for who is told",
        "it becomes part of NOTIFY_<NAME>: capitals, digits and `_`",
    ),
]
KubernetesName = Annotated[
    str,
    _Matching(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", "is no name that Kubernetes takes"),
]


Team = Annotated[
    str,
    _Matching(
        r"[a-z0-9](?:[a-z0-9_-]{0,253}[a-z0-9_])?",
        "is no team slug",
        "copy it from the end of the team's address, such as platform-admins",
    ),
]
Login = Annotated[
    str,
    _Matching(
        r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?",
        "is no GitHub login",
        "write it without the @, as in the address of the person's GitHub page",
    ),
]
ProfileField = Annotated[
    str,
    _Matching(
        r"Xf[A-Z0-9]{2,}",
        "is no id of a Slack profile field",
        "it begins with Xf; `team.profile.get` lists them",
    ),
]
Pattern = Annotated[str, AfterValidator(_pattern)]
CheckName = Annotated[str, AfterValidator(_check_name)]
Host = Annotated[
    str,
    _Matching(
        r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
        r"(?::[1-9][0-9]{0,4})?",
        "is no registry",
        "write its host as images name it, such as ghcr.io",
    ),
]


class Part(BaseModel):
    """A mapping of the file: no other keys than those named, no guessed types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
