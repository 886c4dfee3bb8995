"""The shape of the configuration file, as pydantic models: what ``shipmate schema`` publishes."""

from pydantic import ConfigDict, Field, model_validator

from bot.config.applications import Applications
from bot.config.change import MaybeChange
from bot.config.drift import Drift
from bot.config.failures import MOST_RULES as MOST_FAILURE_RULES
from bot.config.failures import FailureRule
from bot.config.history import History
from bot.config.notify import MOST_RULES, Notify
from bot.config.policies import (
    Approvals,
    Emergency,
    Freeze,
    MaybeChecks,
    People,
    Permissions,
    Registry,
    Rollback,
    TagRules,
)
from bot.config.problems import Unfit
from bot.config.values import (
    Branch,
    Channel,
    Duration,
    FilePath,
    Host,
    Image,
    InstanceName,
    KubernetesName,
    LongDuration,
    Name,
    Organization,
    Part,
    Repository,
    Tags,
    Template,
    Url,
)

PLACES = ("kustomize", "key", "container", "containers")


class GitHub(Part):
    """Whose repositories these are."""

    org: Organization | None = Field(default=None, description="The GitHub organization.")


class Instance(Part):
    """One Argo CD."""

    url: Url = Field(description="Its address, with its root path if it has one.")
    project: KubernetesName | None = Field(
        default=None, description="The AppProject of its applications."
    )
    namespace: KubernetesName | None = Field(
        default=None,
        description="The namespace of its applications, where it is not Argo CD's own.",
    )


class Gitops(Part):
    """Where the manifests are. What a service leaves out is taken from the top of the file."""

    repo: Repository | None = Field(default=None, description="The GitOps repository, owner/name.")
    branch: Branch | None = Field(
        default=None, description="The branch Argo CD reads; `main` by default."
    )


class Channels(Part):
    """The Slack channels, by id."""

    deploys: Channel = Field(description="Where cards go.")
    failures: Channel | None = Field(default=None, description="Bad ends; as `deploys` by default.")
    drift: Channel | None = Field(default=None, description="Drift; as `deploys` by default.")


class Slack(Part):
    """Where the bot speaks."""

    channels: Channels


class Environment(Part):
    """One stage on the way to production."""

    after: str | None = Field(default=None, description="The environment before this one.")
    deadline: Duration = Field(
        default="15m", description="How long a commit may take to run before it counts as late."
    )
    channel: Channel | None = Field(
        default=None, description="Where its cards go, instead of `deploys`."
    )
    production: bool | None = Field(
        default=None,
        description="Whether rights are read live and moving tags are refused; by default in the "
        "last environment and wherever approvals are asked.",
    )
    soak: LongDuration | None = Field(
        default=None, description="How long a version runs healthy in `after` before it comes here."
    )
    approvals: Approvals | None = None
    rollback: Rollback | None = None
    tags: TagRules | None = None
    freeze: list[Freeze] | None = Field(default=None, description="When nothing may change here.")
    checks: MaybeChecks = None
    change: MaybeChange = None


class At(Part):
    """One tag in one file: `file` and one of `kustomize`, `key`, `container`, `containers`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [place]} for place in PLACES]}
    )

    file: FilePath = Field(description="The path from the root of the GitOps repository.")
    kustomize: Template | None = Field(
        default=None, description="The `name` of an entry in `images`."
    )
    key: Template | None = Field(default=None, description="A dotted path in a values file.")
    container: Image | None = Field(
        default=None, description="The image repository of one container in a plain manifest."
    )
    containers: Image | None = Field(
        default=None,
        description="The image repository of all containers that have it, with one tag.",
    )

    @model_validator(mode="after")
    def _names_one_scalar(self) -> "At":
        given = [place for place in PLACES if getattr(self, place) is not None]
        if len(given) != 1:
            what = " and ".join(f"`{place}`" for place in given) or "none"
            known = ", ".join(f"`{place}`" for place in PLACES)
            raise Unfit(
                f"needs exactly one of {known}, and has {what}",
                "kustomize: <images[].name>, key: <dotted path>, or container: <image repository>",
            )
        return self


class Argocd(Part):
    """The application of a target."""

    instance: str | None = Field(
        default=None, description="The Argo CD; may be left out if there is one."
    )
    app: Template | None = Field(
        default=None, description="Its name; `{service}-{env}` by default."
    )
    project: KubernetesName | None = Field(default=None, description="Its AppProject.")
    namespace: KubernetesName | None = Field(default=None, description="Its namespace.")


class Defaults(Part):
    """What services need not say themselves."""

    argocd: Argocd = Field(default_factory=Argocd)
    checks: MaybeChecks = None


class Override(Part):
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
    checks: MaybeChecks = None


class Service(Override):
    """What people deploy."""

    environments: dict[str, Override | None] | None = Field(
        default=None, description="Where it lives; left out: everywhere."
    )
    permissions: Permissions | None = Field(
        default=None, description="In place of the file's own, for each action and environment."
    )


class File(Part):
    """What Shipmate deploys, and where."""

    model_config = ConfigDict(title="Shipmate configuration")

    github: GitHub | None = None
    argocd: dict[InstanceName, Instance] = Field(description="Each Argo CD, by a name of yours.")
    gitops: Gitops | None = None
    slack: Slack
    environments: dict[Name, Environment | None] = Field(description="In promotion order.")
    permissions: Permissions | None = None
    people: People | None = None
    registries: dict[Host, Registry | None] | None = Field(
        default=None, description="Image registries, by host. Credentials stand in the environment."
    )
    emergency: Emergency | None = None
    defaults: Defaults | None = None
    applications: Applications | None = None
    drift: Drift | None = None
    failures: list[FailureRule] | None = Field(
        default=None,
        max_length=MOST_FAILURE_RULES,
        description="Which failures of CI are told to whom; [] for none.",
    )
    notify: list[Notify] | None = Field(
        default=None, max_length=MOST_RULES, description="Who is told what, beside Slack."
    )
    history: History | None = None
    services: dict[Name, Service]
