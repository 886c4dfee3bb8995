"""Tag templates: a version into an image tag, and an image tag back into its version."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from bot.domain.suggestions import nearest

LEGAL_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""What a registry takes as a tag.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

FULL_SHA = 40
SHORTEST_SHA = 4  # Git itself takes no shorter abbreviation

_VARIABLES = ("service", "env", "sha", "version")
_PIECE = re.compile(r"\{(?P<variable>[^{}]*)\}|(?P<literal>[^{}]+)|(?P<stray>[{}])")
_LITERAL = re.compile(r"[A-Za-z0-9._-]+")
_HEX = re.compile(r"[0-9a-f]+")
_FREE = "[A-Za-z0-9._-]+"
_SERVICE_AS_LONG_AS_POSSIBLE = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_ENVIRONMENT_WITHOUT_DASH = "[A-Za-z0-9](?:[A-Za-z0-9._]*[A-Za-z0-9])?"


@dataclass(frozen=True, slots=True)
class TagParts:
    """What a tag says. A part that its template does not hold is None.

    *sha* has as many hex digits as the template writes.
    """

    service: str | None = None
    environment: str | None = None
    sha: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    length: int = FULL_SHA  # hex digits; only of a sha


@dataclass(frozen=True, slots=True)
class TagTemplate:
    """A pattern such as ``{service}-{env}-{sha:8}``. Made by ``parse``; equal by its text."""

    text: str
    pieces: tuple[str | _Variable, ...] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> "TagTemplate":
        """Return the template that *text* writes.

        Its variables are ``{service}``, ``{env}``, ``{sha}`` (all 40 digits), ``{sha:N}`` (the
        first N, 4 to 40) and ``{version}``, each at most once, and at least one of the last three.

        Raises:
            ValueError: *text* is no template; the sentence says what to write instead.
        """
        pieces = tuple(_pieces(text))
        names = [piece.name for piece in pieces if isinstance(piece, _Variable)]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"`{text}` holds {{{twice}}} twice; once is enough")
        if not {"sha", "version"} & set(names):
            raise ValueError(
                f"`{text}` is the same for every version, so a deploy would change nothing in Git; "
                "add {sha}, {sha:7} or {version}"
            )
        if isinstance(pieces[0], str) and pieces[0][0] in ".-":
            raise ValueError(f"`{text}` starts with `{pieces[0][0]}`, which no image tag may")
        return cls(text, pieces)

    def __str__(self) -> str:
        """Return the text as it was written."""
        return self.text

    @property
    def needs_version(self) -> bool:
        """Tell whether ``render`` must be given a version (a name such as ``v1.2.3``)."""
        return self._holds("version")

    @property
    def needs_sha(self) -> bool:
        """Tell whether ``render`` must be given a SHA."""
        return self._holds("sha")

    def render(
        self, *, service: str, env: str, sha: str | None = None, version: str | None = None
    ) -> str:
        """Return the image tag.

        *sha* is lower-case hex with at least as many digits as the template writes. None is right
        for what the template does not hold.

        Raises:
            ValueError: a part is missing, or the result is no legal image tag.
        """
        values = {"service": service, "env": env, "version": version}
        tag = "".join(
            piece
            if isinstance(piece, str)
            else self._sha(sha, piece.length)
            if piece.name == "sha"
            else self._given(piece.name, values[piece.name])
            for piece in self.pieces
        )
        if not LEGAL_TAG.fullmatch(tag):
            raise ValueError(f"`{tag}` is no legal image tag")
        return tag

    def read(
        self, tag: str, *, services: Sequence[str] = (), environments: Sequence[str] = ()
    ) -> TagParts | None:
        """Return what *tag* says, or None when this template did not write it.

        Names hold dashes, so give the known *services* and *environments*: then only these count,
        and a tag that two pairs of them would both write is None, for nobody can tell. Without
        known names the service takes as much as it can and the environment has no dash.
        """
        if not LEGAL_TAG.fullmatch(tag):
            return None
        readings = set(self._readings(tag, services, environments))
        return readings.pop() if len(readings) == 1 else None

    def _readings(
        self, tag: str, services: Sequence[str], environments: Sequence[str]
    ) -> Iterator[TagParts]:
        service_patterns = self._patterns("service", services, _SERVICE_AS_LONG_AS_POSSIBLE)
        environment_patterns = self._patterns("env", environments, _ENVIRONMENT_WITHOUT_DASH)
        for service, env in product(service_patterns, environment_patterns):
            if found := re.fullmatch(self._expression(service, env), tag):
                parts = found.groupdict()
                yield TagParts(
                    parts.get("service"), parts.get("env"), parts.get("sha"), parts.get("version")
                )

    def _patterns(self, variable: str, names: Sequence[str], free: str) -> list[str]:
        if not names or not self._holds(variable):
            return [free]
        return [re.escape(name) for name in names]

    def _expression(self, service: str, env: str) -> str:
        patterns = {"service": service, "env": env, "version": _FREE}
        return "".join(
            re.escape(piece)
            if isinstance(piece, str)
            else f"(?P<sha>[0-9a-f]{{{piece.length}}})"
            if piece.name == "sha"
            else f"(?P<{piece.name}>{patterns[piece.name]})"
            for piece in self.pieces
        )

    def _holds(self, variable: str) -> bool:
        return any(isinstance(piece, _Variable) and piece.name == variable for piece in self.pieces)

    def _given(self, name: str, value: str | None) -> str:
        if not value:
            raise ValueError(f"`{self.text}` needs a {name}")
        return value

    def _sha(self, sha: str | None, length: int) -> str:
        given = self._given("sha", sha)
        if len(given) < length or not _HEX.fullmatch(given):
            raise ValueError(f"`{self.text}` needs {length} digits of a SHA, not `{given}`")
        return given[:length]


def _pieces(text: str) -> Iterator[str | _Variable]:
    if not text:
        raise ValueError("the tag template is empty; write one such as {sha:7}")
    for found in _PIECE.finditer(text):
        if found["stray"]:
            raise ValueError(f"`{text}` has a `{found['stray']}` without its partner")
        if found["variable"] is not None:
            yield _variable(found["variable"])
        elif not _LITERAL.fullmatch(found["literal"]):
            raise ValueError(
                f"`{text}` holds a character that no image tag may; "
                "allowed are letters, digits, `.`, `_` and `-`"
            )
        else:
            yield found["literal"]


def _variable(written: str) -> _Variable:
    name, colon, length = written.partition(":")
    if name not in _VARIABLES:
        near = nearest(name, _VARIABLES, most=1)
        meant = f"did you mean {{{near[0]}}}?" if near else "known are {service} {env} {sha} "
        raise ValueError(
            f"{{{written}}} is no variable; {meant}" + ("" if near else "{sha:7} {version}")
        )
    if not colon:
        return _Variable(name)
    if name != "sha":
        raise ValueError(f"{{{written}}}: only a sha can be cut, as in {{sha:7}}")
    if not re.fullmatch(r"[0-9]{1,2}", length) or not SHORTEST_SHA <= int(length) <= FULL_SHA:
        raise ValueError(f"{{{written}}}: the number of digits is {SHORTEST_SHA} to {FULL_SHA}")
    return _Variable(name, int(length))
