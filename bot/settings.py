"""Secrets and addresses from the environment; every mistake at once, and never a value in one.

Each variable ``NAME`` may also be given as ``NAME_FILE``, the path of a file that holds it, as
Docker and Kubernetes mount secrets. An empty variable counts as absent. A secret in a file follows
the file (``bot.secret_files``): who holds it asks for its value whenever it is used.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.domain.suggestions import nearest
from bot.secret_files import FileSecret, UnusableError, accepted
from bot.variables import misspelt

SLACK_API = "https://slack.com/api/"
GITHUB_API = "https://api.github.com"
SQLITE_HERE = "sqlite:///shipmate.db"

_KEY = "GITHUB_APP_PRIVATE_KEY"
_APP = ("GITHUB_APP_ID", _KEY, "GITHUB_INSTALLATION_ID")
_DATABASE = "DATABASE_URL"
_ARGOCD = "ARGOCD_AUTH_TOKEN"
_REGISTRY = re.compile(r"REGISTRY_(.+)_(USERNAME|PASSWORD)")
_NOTIFY = "NOTIFY_"
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg", "postgres": "psycopg"}
_DATABASES = tuple(_DRIVERS)
_SLASHES = "needs three slashes before a relative path and four before an absolute one"
_QUOTED = "cannot be taken apart: write @ : / # ? in a password as %40 %3A %2F %23 %3F"
_NO_SLACK: Mapping[str, object] = {"slack_bot_token": "", "slack_signing_secret": ""}
_LONGEST_SECRET_FILE = 65_536  # bytes
_MOST_SECRETS = 2
_BETWEEN_SECRETS = re.compile(r"[,\n]")


@dataclass(frozen=True, slots=True)
class Token:
    """A personal, fine-grained or machine token of GitHub that never changes."""

    token: SecretStr


@dataclass(frozen=True, slots=True)
class AppKey:
    """A GitHub App's *private_key* (PEM text) and the installation it acts for."""

    app_id: str
    private_key: SecretStr
    installation_id: int


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """How we prove to an image registry who we are."""

    username: str
    password: SecretStr


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """What is wrong with the environment variable *name*, and what to do. No value stands in it."""

    name: str
    message: str

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{self.name} {self.message}"

    @property
    def wrong(self) -> str:
        """Return what is wrong alone, as the end of a sentence."""
        return self.message.partition(": ")[0]

    @property
    def advice(self) -> str:
        """Return what to do alone; may be empty."""
        return self.message.partition(": ")[2]


class SettingsInvalid(Exception):  # noqa: N818  # it names what is true of the environment
    """The environment is not enough to run; *problems* holds every mistake."""

    def __init__(self, problems: Iterable[SettingProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Needs:
    """What the configuration asks of the environment.

    A token for each Argo CD of *instances*, an address for each of *receivers*, and where it
    *hears_ci* the secret of GitHub's webhook, by which alone CI is heard.
    """

    instances: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    hears_ci: bool = False


class Settings(BaseModel):
    """Everything the bot is told by its environment. Made by ``load``.

    It is no ``BaseSettings``: that one stops at the wrong types, knows no ``NAME_FILE``, and says
    the names of our fields where people need those of their variables.

    *argocd_auth_tokens* holds the tokens of single instances, by the end of the variable's name,
    *registry_logins* those of image registries, by the middle of it. *notify_addresses* are those
    of who is told beside Slack, by the end of the variable's name. *github_client_id* is the
    App's for ``/ship link``, or None. *slack_manifest* is the app's manifest where that renames our
    commands. *github_webhook_secret* and *argocd_webhook_token* hold one
    secret, or two while one is changed, as the properties named in the plural tell.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    slack_bot_token: SecretStr
    slack_signing_secret: SecretStr
    slack_app_token: SecretStr | None = None
    slack_api_url: str = SLACK_API
    slack_manifest: Path | None = None
    github_token: SecretStr | None = None
    github_app_id: str | None = None
    github_app_private_key: SecretStr | None = None
    github_installation_id: int | None = None
    github_api_url: str = GITHUB_API
    github_client_id: str | None = None
    github_webhook_secret: SecretStr | None = None
    argocd_auth_token: SecretStr | None = None
    argocd_auth_tokens: Mapping[str, SecretStr] = Field(default_factory=dict)
    argocd_webhook_token: SecretStr | None = None
    registry_logins: Mapping[str, RegistryLogin] = Field(default_factory=dict)
    notify_addresses: Mapping[str, SecretStr] = Field(default_factory=dict)
    database_url: SecretStr = SecretStr(SQLITE_HERE)
    shipmate_config: Path = Path("shipmate.yaml")
    port: int = 8080

    @classmethod
    def load(
        cls, environment: Mapping[str, str] | None = None, needs: Needs | None = None
    ) -> "Settings":
        """Return the settings in *environment*, by default the process's own.

        *needs* are those of the configuration; None: they are asked for later, one by one.

        Raises:
            SettingsInvalid: with all mistakes.
        """
        reader = _Reader(os.environ if environment is None else environment)
        if needs is not None:
            reader.look_for(needs)
        return cls._read(reader)

    @classmethod
    def to_write(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings of who only writes into the database: nobody's secret is asked for.

        Raises:
            SettingsInvalid: with all mistakes.
        """
        return cls._read(_Reader(environment, with_slack=False, with_github=False))

    @classmethod
    def to_look(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings of who asks the outside on a terminal: all of them but Slack's.

        Raises:
            SettingsInvalid: with all mistakes.
        """
        return cls._read(_Reader(environment, with_slack=False))

    @classmethod
    def _read(cls, reader: "_Reader") -> "Settings":
        values = reader.values()
        if reader.problems:
            raise SettingsInvalid(reader.problems)
        return cls.model_validate(values)

    @property
    def uses_socket_mode(self) -> bool:
        """Tell whether Slack is reached by a socket we open, and not by HTTP to us."""
        return self.slack_app_token is not None

    @property
    def slack_signing_secrets(self) -> tuple[str, ...]:
        """Return what Slack may sign with now: after a change also the one before, for a while."""
        return accepted(self.slack_signing_secret)

    @property
    def github_webhook_secrets(self) -> tuple[SecretStr, ...]:
        """Return what GitHub may sign with now; empty where nobody listens."""
        return _each(self.github_webhook_secret)

    @property
    def argocd_webhook_tokens(self) -> tuple[SecretStr, ...]:
        """Return what Argo CD's notifications may carry now; empty where nobody listens."""
        return _each(self.argocd_webhook_token)

    def held(self) -> tuple[SecretStr, ...]:
        """Return every secret there is, each as it came."""
        found = [value for _, value in self if isinstance(value, SecretStr)]
        found += self.argocd_auth_tokens.values()
        found += self.notify_addresses.values()
        return (*found, *(login.password for login in self.registry_logins.values()))

    def from_files(self) -> tuple[FileSecret, ...]:
        """Return the secrets that stand in files, and so may change while we run."""
        return tuple(one for one in self.held() if isinstance(one, FileSecret))

    def github_credentials(self) -> Token | AppKey:
        """Return how we prove to GitHub who we are."""
        if self.github_token is not None:
            return Token(self.github_token)
        assert self.github_app_id is not None
        assert self.github_app_private_key is not None
        assert self.github_installation_id is not None
        return AppKey(self.github_app_id, self.github_app_private_key, self.github_installation_id)

    def argocd_token(self, instance: str) -> SecretStr | None:
        """Return the token for *instance*: its own, else the one for all, else None."""
        return self.argocd_auth_tokens.get(_suffix(instance), self.argocd_auth_token)

    def argocd_variable(self, instance: str) -> str:
        """Return the variable that the token for *instance* comes from, or would come from."""
        own = _suffix(instance)
        return f"{_ARGOCD}_{own}" if own in self.argocd_auth_tokens else _ARGOCD

    def argocd_tokens(self, instances: Iterable[str]) -> Mapping[str, SecretStr]:
        """Return the token of each of *instances*.

        Raises:
            SettingsInvalid: with every instance that has none.
        """
        found = {instance: self.argocd_token(instance) for instance in instances}
        if missing := [instance for instance, token in found.items() if token is None]:
            raise SettingsInvalid(map(_no_token, missing))
        return {instance: token for instance, token in found.items() if token is not None}

    def registry_login(self, host: str) -> RegistryLogin | None:
        """Return the login for the registry *host* (``ghcr.io``), or None: it is asked as anybody.

        ``ghcr.io`` is ``REGISTRY_GHCR_IO_USERNAME`` and ``…_PASSWORD``.
        """
        return self.registry_logins.get(re.sub(r"[^A-Z0-9]", "_", host.upper()))

    def secrets(self) -> tuple[str, ...]:
        """Return every secret as text, so that the log can hide them wherever they turn up."""
        whole = [one.get_secret_value() for one in self.held()]
        plain = dict.fromkeys(each for text in whole for each in (text, *_both(text)))
        password = urlsplit(self.database_url.get_secret_value()).password
        return tuple(text for text in (*plain, password or "") if text and text != SQLITE_HERE)


def config_path(environment: Mapping[str, str]) -> Path:
    """Return where the configuration stands, whatever else is wrong with *environment*."""
    return _Reader(environment).config_path()


def _no_token(instance: str) -> SettingProblem:
    return SettingProblem(
        f"{_ARGOCD}_{_suffix(instance)}", f"is missing: set it, or {_ARGOCD} for every Argo CD"
    )


def database_url(environment: Mapping[str, str]) -> str:
    """Return the address of the database in *environment*, for who needs nothing else.

    Raises:
        SettingsInvalid: it is none, or its file cannot be read.
    """
    reader = _Reader(environment)
    found = reader.database(_DATABASE)
    if reader.problems:
        raise SettingsInvalid(reader.problems)
    return found or SQLITE_HERE


class _Reader:
    """Reads one environment into field values and problems.

    What is needed of Slack and of GitHub is asked for only *with_slack* and *with_github*.
    """

    def __init__(
        self, environment: Mapping[str, str], *, with_slack: bool = True, with_github: bool = True
    ) -> None:
        self._environment = environment
        self._with_slack, self._with_github = with_slack, with_github
        self.problems: list[SettingProblem] = []

    def values(self) -> dict[str, object]:
        """Return what the fields of ``Settings`` are to be; those absent keep their defaults."""
        values = {
            **(self._slack() if self._with_slack else _NO_SLACK),
            "slack_api_url": self._url("SLACK_API_URL", SLACK_API) + "/",
            "slack_manifest": self._manifest(),
            **(self._github() if self._with_github else {}),
            "github_api_url": self._url("GITHUB_API_URL", GITHUB_API),
            "github_client_id": self._client_id(),
            "github_webhook_secret": self._held("GITHUB_WEBHOOK_SECRET", _Reader.several),
            "argocd_auth_token": self._held(_ARGOCD, _Reader.secret),
            "argocd_auth_tokens": dict(self._instance_tokens()),
            "argocd_webhook_token": self._held("ARGOCD_WEBHOOK_TOKEN", _Reader.several),
            "registry_logins": dict(self._registry_logins()),
            "notify_addresses": dict(self._named(_NOTIFY)),
            "database_url": self._held(_DATABASE, _Reader.database),
            "shipmate_config": self.config_path(),
            "port": self._port(),
        }
        if self._with_slack and self._with_github:  # a person's shell holds names of others, too
            for name, meant in misspelt(name for name, value in self._environment.items() if value):
                self._problem(name, f"is read by nobody: did you mean {meant}?")
        return {name: value for name, value in values.items() if value is not None}

    def _manifest(self) -> Path | None:
        """Return where the manifest stands that says what our commands are called."""
        path = self._text("SLACK_MANIFEST")
        return Path(path) if path else None

    def config_path(self) -> Path:
        """Return where the configuration stands."""
        return Path(self._text("SHIPMATE_CONFIG") or "shipmate.yaml")

    def look_for(self, needs: Needs) -> None:
        """Note what the configuration *needs* and nobody set."""
        given, named = self._ends(f"{_ARGOCD}_"), {_suffix(one) for one in needs.instances}
        for instance in needs.instances:
            if not self._is_given(_ARGOCD) and _suffix(instance) not in given:
                self.problems.append(_no_token(instance))
        for name in sorted(given - named):
            if near := nearest(name, sorted(named - given), most=1):
                meant = f"{_ARGOCD}_{near[0]}"
                self._problem(
                    f"{_ARGOCD}_{name}",
                    f"names no Argo CD of the configuration: did you mean {meant}?",
                )
        for name in needs.receivers:
            if not self._is_given(f"{_NOTIFY}{name}"):
                self._problem(
                    f"{_NOTIFY}{name}", "is missing: give the address, as a URL of apprise"
                )
        if needs.hears_ci and not self._is_given("GITHUB_WEBHOOK_SECRET"):
            self._problem(
                "GITHUB_WEBHOOK_SECRET",
                "is missing: `failures` of the configuration are heard by GitHub's webhook alone",
            )

    def _slack(self) -> dict[str, object]:
        return {
            "slack_bot_token": self._held("SLACK_BOT_TOKEN", _Reader.bot_token),
            "slack_app_token": self._held("SLACK_APP_TOKEN", _Reader.app_token),
            "slack_signing_secret": self._held("SLACK_SIGNING_SECRET", _Reader.signing_secret),
        }

    def _held(self, name: str, read: "_Read") -> SecretStr | None:
        """Return the secret *name* as *read* reads it; one that stands in a file follows it."""
        before = len(self.problems)
        text = read(self, name)
        if text is None:
            return None
        path = self._environment.get(f"{name}_FILE") or None
        if path is None and name == _KEY and "-----BEGIN" not in (given := self._text(name) or ""):
            path = given
        if path is None or len(self.problems) > before:
            return SecretStr(text)
        return FileSecret(text, name, Path(path), partial(_again, self._environment, name, read))

    def _problem(self, name: str, message: str) -> None:
        self.problems.append(SettingProblem(name, message))

    def _text(self, name: str) -> str | None:
        """Return the variable, or what its file holds without one last line break, or None."""
        text = self._environment.get(name) or None
        path = self._environment.get(f"{name}_FILE") or None
        if path is None:
            return text
        if text is not None:
            self._problem(name, f"and {name}_FILE are both set: keep one of them")
            return text
        return self._file(f"{name}_FILE", Path(path))

    def _file(self, name: str, path: Path) -> str | None:
        try:
            with path.open("rb") as file:
                content = file.read(_LONGEST_SECRET_FILE + 1)
            if len(content) > _LONGEST_SECRET_FILE:
                self._problem(name, "names a file that is too large to be a secret")
                return None
            text = content.decode("utf-8")
        except OSError as error:
            why = error.strerror or type(error).__name__
            self._problem(name, f"names a file that cannot be read ({why}): mount it, or fix it")
        except ValueError:
            self._problem(name, "names a file that is no text")
        else:
            text = text.removesuffix("\n").removesuffix("\r")
            if not text:
                self._problem(name, "names a file that is empty")
            return text or None
        return None

    def secret(self, name: str) -> str | None:
        """Return a secret on one line, or None."""
        text = self._text(name)
        if text and not (text.isprintable() and text.isascii() and text == text.strip()):
            self._problem(
                name, "holds a line break, an outer blank or a strange letter: copy it anew"
            )
        return text

    def several(self, name: str) -> str | None:
        """Return the text of a variable that may hold two secrets, or None.

        They stand on lines of their own or by commas. Both are good while one takes the place of
        the other.
        """
        text = self._text(name) or ""
        found = _both(text)
        if not all(secret.isprintable() and secret.isascii() for secret in found):
            self._problem(name, "holds a strange letter: copy it anew")
        if len(found) > _MOST_SECRETS:
            self._problem(name, "holds more than two secrets: keep the new one and the old one")
        return text if found else None

    def _client_id(self) -> str | None:
        name = "GITHUB_CLIENT_ID"
        text = self._text(name)
        if text and not re.fullmatch(r"[A-Za-z0-9.]+", text):
            self._problem(name, "is no client id: copy the Client ID from the App's page")
        return text

    def _needed(self, name: str, message: str) -> str | None:
        before = len(self.problems)
        text = self.secret(name)
        if text is None and len(self.problems) == before:
            self._problem(name, message)
        return text

    def bot_token(self, name: str) -> str | None:
        """Return the token, which must be there."""
        where = "copy the Bot User OAuth Token from the app's page OAuth & Permissions"
        token = self._needed(name, f"is missing: {where}")
        if token and token.startswith(("xapp-", "xoxp-")):
            self._problem(name, f"is a token of another kind: {where}, it begins with xoxb-")
        return token

    def app_token(self, name: str) -> str | None:
        """Return the token, or None: then Slack comes to us."""
        token = self.secret(name)
        if token and token.startswith("xox"):
            self._problem(
                name,
                "is a token of another kind: make an App-Level Token with connections:write on the "
                "app's page Basic Information, it begins with xapp-; or leave it out to use HTTP",
            )
        return token

    def signing_secret(self, name: str) -> str | None:
        """Return the secret. A socket needs none: then nobody knows it, and HTTP stays shut."""
        if self._is_given("SLACK_APP_TOKEN") and not self._is_given(name):
            return secrets.token_hex()
        return self._needed(
            name,
            "is missing: copy the Signing Secret from the app's page Basic Information; with "
            "Socket Mode set SLACK_APP_TOKEN in its place",
        )

    def _github(self) -> dict[str, object]:
        given = [name for name in _APP if self._is_given(name)]
        token = self._held("GITHUB_TOKEN", _Reader.secret)
        if self._is_given("GITHUB_TOKEN"):
            if given:
                named = " and ".join(given)
                self._problem(
                    "GITHUB_TOKEN", f"and {named} are both set: keep the token or the App"
                )
            return {"github_token": token}
        if not given:
            self._problem("GITHUB_TOKEN", f"is missing: set it, or {', '.join(_APP)} for an App")
        for name in _APP if given else ():
            if name not in given:
                self._problem(name, f"is missing: a GitHub App needs it beside {given[0]}")
        return {
            "github_app_id": self._app_id(),
            "github_app_private_key": self._held(_KEY, _Reader.private_key),
            "github_installation_id": self._number("GITHUB_INSTALLATION_ID"),
        }

    def _app_id(self) -> str | None:
        name = "GITHUB_APP_ID"
        text = self._text(name)
        if text and not re.fullmatch(r"[A-Za-z0-9.]+", text):
            self._problem(name, "is no App id: copy the App ID or Client ID from the App's page")
        return text

    def private_key(self, name: str) -> str | None:
        """Return the key's PEM text, given as such, with line breaks written out, or by path."""
        text = self._text(name)
        if text is None:
            return None
        if "-----BEGIN" not in text:
            if "\n" in text:
                self._problem(name, "is neither a private key nor a path: give the .pem file")
                return None
            text = self._file(name, Path(text))
        else:
            text = text.replace("\\n", "\n")
        if text and not _PEM.search(text):
            self._problem(name, "is no private key: give the .pem file the App's page made")
        return text

    def _instance_tokens(self) -> Iterator[tuple[str, SecretStr]]:
        """Yield the tokens of single instances by the end of the variable's name."""
        return self._named(f"{_ARGOCD}_")

    def _named(self, prefix: str) -> Iterator[tuple[str, SecretStr]]:
        """Yield the secrets whose variables begin with *prefix*, by the rest of the name."""
        for name in sorted(f"{prefix}{end}" for end in self._ends(prefix)):
            if secret := self._held(name, _Reader.secret):
                yield name.removeprefix(prefix), secret

    def _ends(self, prefix: str) -> set[str]:
        """Return how the variables go on that begin with *prefix* and are set."""
        return {
            name.removesuffix("_FILE").removeprefix(prefix)
            for name, value in self._environment.items()
            if name.startswith(prefix) and name != f"{prefix}FILE" and value
        }

    def _registry_logins(self) -> Iterator[tuple[str, RegistryLogin]]:
        """Yield the logins of registries by the middle of their variables' names."""
        given = {
            found[1]
            for name, value in self._environment.items()
            if value and (found := _REGISTRY.fullmatch(name.removesuffix("_FILE")))
        }
        for host in sorted(given):
            halves = [f"REGISTRY_{host}_USERNAME", f"REGISTRY_{host}_PASSWORD"]
            for name, other in zip(halves, reversed(halves), strict=True):
                if not self._is_given(name):
                    self._problem(name, f"is missing beside {other}: set both, or none")
            username = self.secret(halves[0])
            password = self._held(halves[1], _Reader.secret)
            if username and password:
                yield host, RegistryLogin(username, password)

    def database(self, name: str) -> str | None:
        """Return the address of the database, or None where none is set."""
        text = self._text(name)
        if text and (why := _odd_database(text)):
            self._problem(name, why)
        return text

    def _url(self, name: str, default: str) -> str:
        """Return an address without its last slash."""
        text = self._text(name) or default
        if not _is_plain_address(text):
            self._problem(name, f"is no plain http(s) address: write one such as {default}")
        return text.rstrip("/")

    def _port(self) -> int | None:
        port = self._number("PORT")
        if port is not None and port > 65_535:  # noqa: PLR2004  # TCP has no more
            self._problem("PORT", "is no port: write a number up to 65535")
        return port

    def _number(self, name: str) -> int | None:
        text = self._text(name)
        if text is None:
            return None
        if not re.fullmatch(r"[0-9]{1,18}", text):
            self._problem(name, "is no number")
            return None
        return int(text)

    def _is_given(self, name: str) -> bool:
        return bool(self._environment.get(name) or self._environment.get(f"{name}_FILE"))


def _odd_database(url: str) -> str:
    """Return why *url* leads to no database of ours; empty where it does. It is never quoted."""
    scheme, _, rest = url.partition(":")
    backend, _, driver = scheme.partition("+")
    if backend not in _DATABASES or not rest.startswith("//"):
        return (
            "names no database we know: write sqlite:///shipmate.db or "
            "postgresql://user:password@host/database"
        )
    if driver and driver != _DRIVERS[backend]:
        return f"names a driver that is not here: write {backend}:// alone"
    if backend == "sqlite":
        return "" if rest.startswith("///") or rest == "//" else _SLASHES
    return _odd_server(url)


def _odd_server(url: str) -> str:
    """Return why the address of a PostgreSQL cannot be used; empty where it can."""
    try:
        parts = urlsplit(url)
        named = parts.path.strip("/")
        _ = parts.port
    except ValueError:
        return _QUOTED
    if "@" in (parts.password or "") or parts.fragment or "/" in named:
        return _QUOTED
    if not named and "service=" not in parts.query:
        return "names no database on the server: write postgresql://user:password@host/database"
    return ""


_Read = Callable[[_Reader, str], str | None]
"""Reads a variable by name, and notes what is wrong with it."""


def _again(environment: Mapping[str, str], name: str, read: _Read) -> str:
    """Return what the file of the variable *name* holds now.

    Raises:
        UnusableError: nothing good.
    """
    reader = _Reader(environment)
    text = read(reader, name)
    if reader.problems:
        raise UnusableError(str(reader.problems[0]))
    if not text:
        raise UnusableError(f"{name} is gone")
    return text


def _both(text: str) -> tuple[str, ...]:
    """Return the one or two secrets in *text*, and of any other secret its parts."""
    return tuple(filter(None, map(str.strip, _BETWEEN_SECRETS.split(text))))


def _each(secret: SecretStr | None) -> tuple[SecretStr, ...]:
    found = dict.fromkeys(each for text in accepted(secret) for each in _both(text))
    return tuple(map(SecretStr, found))


def _is_plain_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port_is_number = parts.port != 0
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and port_is_number
        and parts.username is None
        and not parts.query
        and not parts.fragment
        and not re.search(r"\s", text)
    )


def _suffix(instance: str) -> str:
    return instance.upper().replace("-", "_")
