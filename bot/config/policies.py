"""The shape of what the file says of people and of rules: rights, approvals, tags, freezes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from bot.config.problems import Unfit, unfit
from bot.config.values import (
    CheckName,
    Duration,
    Login,
    LongDuration,
    Part,
    Pattern,
    ProfileField,
    Team,
    Url,
    User,
    member,
)
from bot.domain.stops.freezes import CalendarFreeze, calendar_freeze

MOST_APPROVALS = 10
"""More people than that never agree in time; it is a slip of the keyboard."""


class Source(StrEnum):
    """How a Slack user comes to a GitHub login."""

    MAP = "map"
    PROFILE = "profile"
    LINK = "link"


def _source(value: object) -> object:
    return member(Source, value, "is no source of logins")


class Approvals(Part):
    """Who else has to say yes."""

    count: int = Field(
        default=1, ge=0, le=MOST_APPROVALS, description="How many people; 0: nobody is asked."
    )
    from_: list[Team] | None = Field(
        default=None,
        alias="from",
        description="The GitHub teams they are in; or else those of `permissions.approve`.",
    )
    self: bool = Field(default=False, description="Whether the requester counts as one of them.")
    authors: bool = Field(
        default=True, description="Whether those who wrote the commits may be among them."
    )
    expires: LongDuration = Field(default="4h", description="How long people have for it.")


class Rollback(Part):
    """What a rollback asks that other changes do not, or the other way round."""

    approvals: int | None = Field(
        default=None,
        ge=0,
        le=MOST_APPROVALS,
        description="How many people have to say yes to a rollback, by the environment's "
        "`approvals` for the rest; 0: nobody is asked. As many as there by default.",
    )
    auto: bool = Field(
        default=False,
        description="Whether a change that fails because of its version goes back by itself.",
    )
    after: Duration | None = Field(
        default=None, description="How long it is bad before it goes back by itself; 3m by default."
    )
    grace: Duration | None = Field(
        default=None,
        description="How long people then have to stop that on the card; 1m by default.",
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Rollback":
        for key in ("after", "grace"):
            if getattr(self, key) is not None and not self.auto:
                raise Unfit(
                    f"`{key}` says nothing without `auto: true`", "write it, or take it out"
                )
        return self


class TagRules(Part):
    """Which image tags are taken, by shell patterns."""

    deny: list[Pattern] = Field(default_factory=list, description="None of these may fit.")
    require: list[Pattern] = Field(default_factory=list, description="One of these has to fit.")


class Freeze(Part):
    """A stretch of time in which nothing changes, on the clock of one time zone."""

    days: str | list[str] | None = Field(
        default=None, description="`fri-sun` is one stretch, [fri, sat] is each day by itself."
    )
    dates: list[str] | None = Field(
        default=None, description="Days, or stretches such as 2026-12-24..2027-01-02."
    )
    from_: str | None = Field(
        default=None, alias="from", description="The time of the first day; its start by default."
    )
    until: str | None = Field(
        default=None, description="The time of the last day; its end by default."
    )
    zone: str = Field(description="An IANA time zone, such as Asia/Seoul.")

    @model_validator(mode="after")
    def _is_one(self) -> "Freeze":
        self.rule()
        return self

    def rule(self) -> CalendarFreeze:
        """Return the freeze. Raises Unfit where it is none."""
        dates = [text.replace("..", "/") for text in self.dates or ()]
        try:
            return calendar_freeze(
                self.zone, self.days or (), dates, self.from_ or "", self.until or ""
            )
        except ValueError as error:
            days = [self.days] if isinstance(self.days, str) else self.days or []
            said = {"zone": [self.zone], "from": [self.from_ or ""], "until": [self.until or ""]}
            raise unfit(error, {**said, "days": days, "dates": dates}) from error


class Checks(Part):
    """Which checks a commit has to pass."""

    required: list[CheckName] = Field(
        default_factory=list, description="By name; none: everything that was reported."
    )


class NoChecks(Checks):
    """Written ``false``: nothing that CI reports is asked for."""


@dataclass(frozen=True, slots=True)
class _OrFalse:
    """Takes ``false`` in place of a mapping."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_checks, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"const": False}], "description": _CHECKS}


_CHECKS = "Which checks a commit has to pass; `false`: none, as where there is no CI."


def _checks(value: object) -> object:
    if value is True:
        raise Unfit(
            "`true` says nothing", "leave it out to ask for everything reported, or write false"
        )
    return NoChecks() if value is False else value


MaybeChecks = Annotated[Checks | None, _OrFalse()]
"""What checks are asked for; None: it says nothing of them."""


Rights = dict[str, list[Team]]


class Permissions(Part):
    """Which GitHub teams may do what, by environment. Nothing listed: nobody."""

    deploy: Rights | None = None
    promote: Rights | None = Field(default=None, description="As `deploy` by default.")
    rollback: Rights | None = Field(default=None, description="As `deploy` by default.")
    approve: Rights | None = None
    lock: Rights | None = None
    freeze: Rights | None = None
    override: Rights | None = Field(default=None, description="Break-glass.")


class People(Part):
    """How Slack users come to GitHub accounts."""

    source: list[Annotated[Source, BeforeValidator(_source)]] = Field(
        default_factory=lambda: [Source.MAP],
        min_length=1,
        description="What is believed, the first one first.",
    )
    map: dict[User, Login] = Field(
        default_factory=dict, description="GitHub logins by Slack user id."
    )
    profile_field: ProfileField | None = Field(
        default=None, description="The Slack profile field that holds the login."
    )
    link: bool | None = Field(
        default=None, description="Whether `/ship link` is offered; where `link` is a source."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "People":
        if Source.PROFILE in self.source and self.profile_field is None:
            raise Unfit("names the source `profile` and no `profile_field`", "give the field's id")
        if Source.LINK in self.source and self.link is False:
            raise Unfit("names the source `link`, which `link: false` switches off")
        if len(set(self.source)) < len(self.source):
            raise Unfit("names a source twice", "each one is asked once")
        return self


class Emergency(Part):
    """What holds while GitHub does not answer, for a rollback by Argo CD and for nothing else."""

    remember: Duration | None = Field(
        default=None,
        description="How long a right that GitHub confirmed stands while GitHub does not answer, "
        "for a rollback by Argo CD and its approval; left out: not at all.",
    )


class Registry(Part):
    """One image registry."""

    url: Url | None = Field(
        default=None, description="Its address, where it is not https:// and the host."
    )
