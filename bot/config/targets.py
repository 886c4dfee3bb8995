"""One target from what its service says, else the environment's override first, else defaults."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.config import models
from bot.config.pieces import Pieces, Report
from bot.config.policies import NoChecks
from bot.config.problems import Path
from bot.config.values import image_problem
from bot.domain.catalog import Application, Target
from bot.domain.locations import At, Container, Containers, Key, Kustomize, Location
from bot.domain.tags import FULL_SHA, TagTemplate

DEFAULT_BRANCH = "main"
DEFAULT_APPLICATION = "{service}-{env}"

_KUBERNETES_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class _Found:
    """A value and the place it was written at."""

    value: Any
    path: Path


@dataclass(frozen=True, slots=True)
class TargetOf:
    """What is needed to build the target of *service* in *env*; mistakes go to *report*."""

    service: str
    env: str
    piece: models.Service
    pieces: Pieces
    report: Report

    def build(self) -> Target | None:
        """Return the target, or None after noting why there is none."""
        source = self._needed("source", "name the repository of its code, owner/name")
        image = self._checked(
            self._needed("image", "name the image repository, without a tag"), image_problem
        )
        tags = self._tags(self._needed("tag", 'write one such as "{sha}" or "main-{sha:7}"'))
        location = self._location()
        application = self._application()
        if not (source and image and tags and location and application):
            return None
        return Target(
            self.service,
            self.env,
            source.value,
            image,
            location,
            application,
            tags,
            required_checks=self._checks(),
        )

    def _checks(self) -> tuple[str, ...] | None:
        """Return the required checks, those of the most special level; None: none are asked."""
        pieces, defaults = self.pieces, self.pieces.defaults
        general = [pieces.environments.get(self.env), defaults]
        for piece in (*(piece for piece, _ in self._levels()), *general):
            if piece is not None and piece.checks is not None:
                return None if isinstance(piece.checks, NoChecks) else tuple(piece.checks.required)
        return ()

    def _location(self) -> Location | None:
        at = self._needed("at", "name the file, and the place in it where the tag stands")
        repo = self._repo()
        branch = self._first("gitops", "branch")
        if not at:
            return None
        file = self._filled(at.value.file)
        place = self._place(at)
        if not (repo and place):
            return None
        return Location(repo, branch.value if branch else DEFAULT_BRANCH, file, place)

    def _repo(self) -> str | None:
        if found := self._first("gitops", "repo"):
            return str(found.value)
        if "gitops" not in self.pieces.broken:
            self.report.at_key(
                ("services", self.service),
                "`gitops.repo` is missing",
                "say it here, or once for all at the top of the file",
            )
        return None

    def _place(self, at: _Found) -> At | None:
        """Return the one place that *at* names; the models made sure that it is one."""
        piece: models.At = at.value
        if piece.kustomize is not None:
            return Kustomize(self._filled(piece.kustomize))
        if piece.key is not None:
            return Key(self._filled(piece.key))
        if piece.containers is not None:
            found = _Found(piece.containers, (*at.path, "containers"))
            together = self._checked(found, image_problem)
            return Containers(together) if together else None
        found = _Found(piece.container, (*at.path, "container"))
        repository = self._checked(found, image_problem)
        return Container(repository) if repository else None

    def _application(self) -> Application | None:
        instance = self._instance()
        app = self._first("argocd", "app") or _Found(
            DEFAULT_APPLICATION, ("services", self.service)
        )
        name = self._checked(app, _application_problem)
        if not (instance and name):
            return None
        own = self.pieces.instances[instance]
        project, namespace = self._first("argocd", "project"), self._first("argocd", "namespace")
        return Application(
            instance,
            name,
            namespace=namespace.value if namespace else own.namespace,
            project=project.value if project else own.project,
        )

    def _instance(self) -> str | None:
        """Return the Argo CD of this target, or None; an unknown one was reported already."""
        known = self.pieces.names("argocd")
        found = self._first("argocd", "instance")
        if not found and len(known) != 1:
            if known and "defaults" not in self.pieces.broken:
                self.report.at_key(
                    ("services", self.service),
                    "`argocd.instance` is missing",
                    f"say which here or in `defaults`: {', '.join(known)}",
                )
            return None
        name = found.value if found else known[0]
        return name if name in self.pieces.instances else None

    def _tags(self, found: _Found | None) -> tuple[TagTemplate, ...] | None:
        if not found:
            return None
        templates = tuple(TagTemplate.parse(text) for text in found.value)
        for template in templates:
            try:
                template.render(
                    service=self.service, env=self.env, sha="0" * FULL_SHA, version="v1.2.3"
                )
            except ValueError as error:
                self.report.at_value(found.path, str(error))
                return None
        return templates

    def _needed(self, name: str, hint: str) -> _Found | None:
        """Return what this target's own levels say of *name*; that nobody does is a problem."""
        for piece, path in self._levels():
            value = getattr(piece, name)
            if value is not None:
                return _Found(value, (*path, name))
        where = "" if self.piece.environments is None else f" for `{self.env}`"
        self.report.at_key(("services", self.service), f"`{name}` is missing{where}", hint)
        return None

    def _first(self, group: str, name: str) -> _Found | None:
        """Return the first value of *name* in *group*, from the most special level on."""
        levels: list[tuple[object, Path]] = [
            (getattr(piece, group), (*path, group)) for piece, path in self._levels()
        ]
        if group == "argocd":
            defaults = self.pieces.defaults
            levels.append((defaults and defaults.argocd, ("defaults", group)))
        else:
            levels.append((self.pieces.gitops, (group,)))
        for piece, path in levels:
            value = getattr(piece, name, None)
            if value is not None:
                return _Found(value, (*path, name))
        return None

    def _levels(self) -> list[tuple[models.Override, Path]]:
        path: Path = ("services", self.service)
        override = (self.piece.environments or {}).get(self.env)
        special = [(override, (*path, "environments", self.env))] if override else []
        return [*special, (self.piece, path)]

    def _filled(self, text: str) -> str:
        return text.replace("{service}", self.service).replace("{env}", self.env)

    def _checked(self, found: _Found | None, judge: Callable[[str], str]) -> str | None:
        """Return the text with its placeholders filled in, or None after noting what is wrong."""
        if not found:
            return None
        text = self._filled(found.value)
        if problem := judge(text):
            self.report.at_value(found.path, f"`{text}` {problem}")
            return None
        return text


def _application_problem(text: str) -> str:
    if _KUBERNETES_NAME.fullmatch(text):
        return ""
    return "is no name that Kubernetes takes: small letters, digits, `-` and `.`"
