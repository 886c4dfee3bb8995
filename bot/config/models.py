"""The shape of the configuration file, as pydantic models: what ``shipmate schema`` publishes."""

import re
from dataclasses import dataclass
from datetime import timedelta
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
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from bot.config.problems import Unfit
from bot.domain.commands.deploying import is_version
from bot.domain.suggestions import nearest
from bot.domain.tags import TagTemplate

LONGEST_DEADLINE = timedelta(hours=24)
PLACES = ("kustomize", "key", "container")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")
_DURATION = re.compile(
    r"(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m)?(?:(?P<seconds>\d{1,6})s)?"
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


def duration(text: str) -> timedelta:
    """Return the span that *text* writes: ``90s``, ``15m``, ``2h``, ``1h30m``.

    Raises:
        Unfit: it writes none, nothing at all, or more than ``LONGEST_DEADLINE``.
    """
    found = _DURATION.fullmatch(text)
    parts = {
        unit: int(number) for unit, number in (found.groupdict() if found else {}).items() if number
    }
    span = timedelta(**parts)
    if not timedelta() < span <= LONGEST_DEADLINE:
        raise Unfit(f"`{text}` is no time to wait", "write 90s, 15m or 1h30m, at most 24h")
    return span


def _duration_text(value: Any) -> Any:
    if isinstance(value, int):
        raise Unfit(f"`{value}` has no unit", f"write {value}s or {value}m")
    if isinstance(value, str):
        duration(value)
    return value


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
    WithJsonSchema({"type": "string", "pattern": r"^(?=\d)(?:\d+h)?(?:\d+m)?(?:\d+s)?$"}),
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
KubernetesName = Annotated[
    str,
    _Matching(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", "is no name that Kubernetes takes"),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class GitHub(_Part):
    """Whose repositories these are."""

    org: Organization | None = Field(default=None, description="The GitHub organization.")


class Instance(_Part):
    """One Argo CD."""

    url: Url = Field(description="Its address, with its root path if it has one.")
    project: KubernetesName | None = Field(
        default=None, description="The AppProject of its applications."
    )
    namespace: KubernetesName | None = Field(
        default=None,
        description="The namespace of its applications, where it is not Argo CD's own.",
    )


class Gitops(_Part):
    """Where the manifests are. What a service leaves out is taken from the top of the file."""

    repo: Repository | None = Field(default=None, description="The GitOps repository, owner/name.")
    branch: Branch | None = Field(
        default=None, description="The branch Argo CD reads; `main` by default."
    )


class Channels(_Part):
    """The Slack channels, by id."""

    deploys: Channel = Field(description="Where cards go.")
    failures: Channel | None = Field(default=None, description="Bad ends; as `deploys` by default.")
    drift: Channel | None = Field(default=None, description="Drift; as `deploys` by default.")


class Slack(_Part):
    """Where the bot speaks."""

    channels: Channels


class Environment(_Part):
    """One stage on the way to production."""

    after: str | None = Field(default=None, description="The environment before this one.")
    allow: list[User] = Field(
        default_factory=list, description="The Slack user ids that may deploy here. None: nobody."
    )
    deadline: Duration = Field(
        default="15m", description="How long a commit may take to run before it counts as late."
    )
    channel: Channel | None = Field(
        default=None, description="Where its cards go, instead of `deploys`."
    )


class At(_Part):
    """One scalar in one file: `file` and one of `kustomize`, `key`, `container`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [place]} for place in PLACES]}
    )

    file: FilePath = Field(description="The path from the root of the GitOps repository.")
    kustomize: Template | None = Field(
        default=None, description="The `name` of an entry in `images`."
    )
    key: Template | None = Field(default=None, description="A dotted path in a values file.")
    container: Image | None = Field(
        default=None, description="The image repository of containers in a plain manifest."
    )

    @model_validator(mode="after")
    def _names_one_scalar(self) -> "At":
        given = [place for place in PLACES if getattr(self, place) is not None]
        if len(given) != 1:
            what = " and ".join(f"`{place}`" for place in given) or "none"
            raise Unfit(
                f"needs exactly one of `kustomize`, `key`, `container`, and has {what}",
                "kustomize: <images[].name>, key: <dotted path>, or container: <image repository>",
            )
        return self


class Argocd(_Part):
    """The application of a target."""

    instance: str | None = Field(
        default=None, description="The Argo CD; may be left out if there is one."
    )
    app: Template | None = Field(
        default=None, description="Its name; `{service}-{env}` by default."
    )
    project: KubernetesName | None = Field(default=None, description="Its AppProject.")
    namespace: KubernetesName | None = Field(default=None, description="Its namespace.")


class Defaults(_Part):
    """What services need not say themselves."""

    argocd: Argocd = Field(default_factory=Argocd)


class Override(_Part):
    """What is different for a service in one environment."""

    source: Repository | None = Field(
        default=None, description="The repository of the code, owner/name."
    )
    image: Image | None = Field(default=None, description="The image repository, without a tag.")
    tag: Tags | None = Field(
        default=None,
        description="How the image tag is made from a version; of several the first that fits.",
    )
    at: At | None = Field(default=None, description="Where the tag stands.")
    gitops: Gitops | None = None
    argocd: Argocd | None = None


class Service(Override):
    """What people deploy."""

    environments: dict[str, Override | None] | None = Field(
        default=None, description="Where it lives; left out: everywhere."
    )


class File(_Part):
    """What Shipmate deploys, and where."""

    model_config = ConfigDict(title="Shipmate configuration")

    github: GitHub | None = None
    argocd: dict[InstanceName, Instance] = Field(description="Each Argo CD, by a name of yours.")
    gitops: Gitops | None = None
    slack: Slack
    environments: dict[Name, Environment | None] = Field(description="In promotion order.")
    defaults: Defaults | None = None
    services: dict[Name, Service]
