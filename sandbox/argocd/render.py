"""Manifests of an application's source at a commit: kustomize, plain files or a values file."""

import posixpath
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from sandbox.argocd import goyaml
from sandbox.argocd.kustomize import Broken, Kustomize, Manifest, rename_images, split_image
from sandbox.argocd.repository import Commit, Repository, Unresolved


@dataclass(frozen=True, slots=True)
class ValuesWorkload:
    """One Deployment that a chart or helmfile would make of a values file.

    *key* is the dotted path of its tag; the image is *image*:tag. *file* None means the
    application's own path. *tag* reads the tag from the file's bytes where a dotted path does not
    lead to it; it raises Broken where there is none.
    """

    name: str
    image: str
    key: str
    file: str | None = None
    tag: Callable[[bytes], str] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What is rendered: a path of a repository, by which renderer."""

    repo_url: str
    path: str
    workloads: tuple[ValuesWorkload, ...] = ()
    images: tuple[str, ...] = ()


class Renderer:
    """Renders sources at commits and remembers what it made."""

    def __init__(self, repositories: Callable[[str], Path]) -> None:
        self._paths = repositories
        self._repositories: dict[str, Repository] = {}
        self._made: dict[tuple[Source, str], tuple[Manifest, ...]] = {}
        self._parsed: dict[str, list[Any]] = {}
        self._lock = threading.Lock()

    def repository(self, repo_url: str) -> Repository:
        """Return the bare repository behind *repo_url*."""
        with self._lock:
            if repo_url not in self._repositories:
                self._repositories[repo_url] = Repository(self._paths(repo_url))
            return self._repositories[repo_url]

    def resolve(self, repo_url: str, revision: str) -> str:
        """Return the commit that *revision* names now; raises Unresolved."""
        return self.repository(repo_url).resolve(revision)

    def commit(self, repo_url: str, sha: str) -> Commit:
        """Return what a commit says of itself; raises Unresolved."""
        return self.repository(repo_url).commit(sha)

    def render(self, source: Source, sha: str, *, hard: bool = False) -> tuple[Manifest, ...]:
        """Return the manifests of *source* at *sha*; *hard* makes them anew.

        Raises:
            Broken: they do not render.
        """
        key = (source, sha)
        with self._lock:
            if not hard and key in self._made:
                return self._made[key]
        made = tuple(self._render(source, sha))
        with self._lock:
            self._made[key] = made
            while len(self._made) > 1024:
                del self._made[next(iter(self._made))]
        return made

    def _render(self, source: Source, sha: str) -> list[Manifest]:
        repository = self.repository(source.repo_url)
        try:
            files = repository.files(sha)
        except Unresolved as gone:
            raise Broken(f"failed to checkout revision {sha}: {gone}") from gone
        path = posixpath.normpath(source.path or ".")

        def blob(name: str) -> str:
            if name not in files:
                raise Broken(f"open {name}: no such file or directory")
            return files[name]

        def load(name: str) -> list[Any]:
            return self._parse(name, blob(name), repository)

        def read(name: str) -> bytes:
            return repository.blob(blob(name))

        if source.workloads:
            return [
                _deployment(each, _tag(each, _values(each, path), load, read))
                for each in source.workloads
            ]
        return _of_folder(source, path, files, load)

    def _parse(self, name: str, blob: str, repository: Repository) -> list[Any]:
        with self._lock:
            if blob in self._parsed:
                return self._parsed[blob]
        text = repository.blob(blob).decode("utf-8", "replace")
        try:
            documents = goyaml.load_all(text)
        except (YAMLError, ValueError) as error:
            said = " ".join(str(error).split())
            raise Broken(f"Failed to unmarshal {name!r}: {said}") from error
        with self._lock:
            self._parsed[blob] = documents
        return documents


def _of_folder(
    source: Source, path: str, files: Collection[str], load: Callable[[str], list[Any]]
) -> list[Manifest]:
    """Return what Kustomize builds of *path*, or the plain manifests that stand there."""
    if path in files:
        return _plain([path], load)
    prefix = "" if path == "." else f"{path}/"
    if not any(name.startswith(prefix) for name in files):
        raise Broken(f"{source.path}: app path does not exist")
    kustomize = Kustomize(set(files), load)
    if kustomize.file_of(path):
        manifests = kustomize.build(path)
        for image in source.images:
            _override(manifests, image)
        return manifests
    direct = [
        name for name in sorted(files) if posixpath.dirname(f"{prefix}x") == posixpath.dirname(name)
    ]
    return _plain([name for name in direct if name.endswith((".yaml", ".yml", ".json"))], load)


def _plain(names: Sequence[str], load: Callable[[str], list[Any]]) -> list[Manifest]:
    manifests = []
    for name in names:
        for document in load(name):
            if document is None:
                continue
            if not isinstance(document, dict) or not document.get("kind"):
                raise Broken(f"Failed to unmarshal {name!r}: Object 'Kind' is missing")
            manifests.append(document)
    return manifests


def _override(manifests: list[Manifest], image: str) -> None:
    """Apply one entry of ``spec.source.kustomize.images``: ``[old=]new[:tag][@digest]``."""
    old, equals, new = image.rpartition("=")
    name, tag, digest = split_image(new)
    entry = {"name": old if equals else name, "newName": name, "newTag": tag, "digest": digest}
    for manifest in manifests:
        rename_images(manifest, {key: value for key, value in entry.items() if value})


def _values(workload: ValuesWorkload, path: str) -> str:
    """Return the path of the file that holds the workload's tag."""
    own = path if path.endswith((".yaml", ".yml")) else f"{path}/values.yaml"
    return posixpath.normpath(workload.file or own)


def _tag(
    workload: ValuesWorkload,
    file: str,
    load: Callable[[str], list[Any]],
    read: Callable[[str], bytes],
) -> str:
    if workload.tag is not None:
        return workload.tag(read(file))
    documents = load(file)
    node: Any = documents[0] if documents else None
    for part in workload.key.split("."):
        if not isinstance(node, dict) or part not in node:
            raise Broken(
                f"execution error at ({workload.name}/templates/deployment.yaml): "
                f"nil pointer evaluating interface {{}}.{workload.key}"
            )
        node = node[part]
    return goyaml.printed(node)


def _deployment(workload: ValuesWorkload, tag: str) -> Manifest:
    labels = {"app.kubernetes.io/name": workload.name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": workload.name, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": [{"name": workload.name, "image": f"{workload.image}:{tag}"}]
                },
            },
        },
    }
