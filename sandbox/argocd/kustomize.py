"""What ``kustomize build`` makes of a directory, for the parts of it that real overlays use.

Resources, bases and components are followed; images, replicas, namespace and patches are applied.
Name prefixes, common labels and generators leave images alone and are passed over.
"""

import copy
import posixpath
import re
from collections.abc import Callable
from typing import Any

from sandbox.argocd import goyaml

Manifest = dict[str, Any]
NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CLUSTER_WIDE = {
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "Namespace",
    "PersistentVolume",
    "StorageClass",
}


class Broken(Exception):  # noqa: N818  # said of a manifest
    """The committed files cannot be rendered; the sentence is Argo CD's or kustomize's."""


Load = Callable[[str], list[Any]]
"""Path of a file → its YAML documents; raises Broken when there is none."""


class Kustomize:
    """Builds directories of one tree. *paths* are all files of it, *load* reads one."""

    def __init__(self, paths: set[str], load: Load) -> None:
        self._paths = paths
        self._load = load

    def file_of(self, directory: str) -> str | None:
        """Return the kustomization file of *directory*, or None."""
        for name in NAMES:
            if (path := posixpath.normpath(posixpath.join(directory, name))) in self._paths:
                return path
        return None

    def build(self, directory: str, onto: list[Manifest] | None = None) -> list[Manifest]:
        """Return the manifests of *directory*; a component changes those it is put *onto*.

        Raises:
            Broken: a file is missing or not what it should be.
        """
        path = self.file_of(directory)
        if path is None:
            raise Broken(f"unable to find one of {', '.join(NAMES)} in directory '{directory}'")
        documents = self._load(path)
        if len(documents) != 1 or not isinstance(documents[0], dict):
            raise Broken(f"invalid Kustomization: {path} is not one mapping")
        kustomization: dict[str, Any] = documents[0]
        found = list(onto or [])
        for entry in [*_list(kustomization, "resources"), *_list(kustomization, "bases")]:
            found += self._resource(directory, entry)
        for entry in _list(kustomization, "components"):
            found = self.build(posixpath.normpath(posixpath.join(directory, entry)), found)
        found = [copy.deepcopy(manifest) for manifest in found]
        self._transform(directory, kustomization, found)
        return found

    def _resource(self, directory: str, entry: str) -> list[Manifest]:
        path = posixpath.normpath(posixpath.join(directory, entry))
        if path in self._paths:
            return [_manifest(path, each) for each in self._load(path) if each is not None]
        if self.file_of(path):
            return self.build(path)
        raise Broken(
            f"accumulating resources: accumulation err='accumulating resources from '{entry}': "
            f"open {path}: no such file or directory'"
        )

    def _transform(self, directory: str, kustomization: Manifest, found: list[Manifest]) -> None:
        self._patch(directory, kustomization, found)
        images = [_image_entry(entry) for entry in _list(kustomization, "images")]
        for manifest in found:
            namespace = kustomization.get("namespace")
            if namespace and manifest["kind"] not in CLUSTER_WIDE:
                manifest["metadata"]["namespace"] = namespace
            for entry in _list(kustomization, "replicas"):
                if manifest["metadata"].get("name") == entry["name"] and "spec" in manifest:
                    manifest["spec"]["replicas"] = entry["count"]
            for image in images:
                rename_images(manifest, image)

    def _patch(self, directory: str, kustomization: Manifest, found: list[Manifest]) -> None:
        for entry in _list(kustomization, "patchesStrategicMerge"):
            for patch in self._load(posixpath.normpath(posixpath.join(directory, entry))):
                apply_patch(found, patch, None)
        for entry in _list(kustomization, "patches"):
            if "path" in entry:
                patches = self._load(posixpath.normpath(posixpath.join(directory, entry["path"])))
            else:
                patches = goyaml.load_all(entry["patch"])
            for patch in patches:
                apply_patch(found, patch, entry.get("target"))


def _list(kustomization: Manifest, key: str) -> list[Any]:
    value = kustomization.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Broken(f"invalid Kustomization: {key} is not a list")
    return value


def _manifest(path: str, value: Any) -> Manifest:
    if not isinstance(value, dict) or not isinstance(value.get("metadata"), dict):
        raise Broken(f"{path}: missing metadata.name in object")
    if not value.get("kind"):
        raise Broken(f"{path}: Object 'Kind' is missing")
    return value


def _image_entry(entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict) or "name" not in entry:
        raise Broken("invalid Kustomization: an entry of images has no name")
    for key in ("name", "newName", "newTag", "digest"):
        if key in entry and entry[key] is not None and not isinstance(entry[key], str):
            kind = "bool" if isinstance(entry[key], bool) else "number"
            raise Broken(
                "invalid Kustomization: json: cannot unmarshal "
                f"{kind} into Go struct field Image.images.{key} of type string"
            )
    return {key: value for key, value in entry.items() if isinstance(value, str)}


def rename_images(node: Any, entry: dict[str, str]) -> None:
    """Change every container image of *node* that *entry* names, in place."""
    if isinstance(node, list):
        for each in node:
            rename_images(each, entry)
    if not isinstance(node, dict) or node.get("kind") == "CustomResourceDefinition":
        return
    for key, value in node.items():
        if key in {"containers", "initContainers"} and isinstance(value, list):
            for container in value:
                if isinstance(container, dict) and isinstance(container.get("image"), str):
                    container["image"] = renamed(container["image"], entry)
        else:
            rename_images(value, entry)


def renamed(image: str, entry: dict[str, str]) -> str:
    """Return *image* as the images entry makes it; unchanged when it names another."""
    name, tag, digest = split_image(image)
    if name != entry["name"]:
        return image
    name = entry.get("newName") or name
    if entry.get("newTag") or entry.get("digest"):
        tag, digest = entry.get("newTag", ""), entry.get("digest", "")
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def split_image(image: str) -> tuple[str, str, str]:
    """Return name, tag and digest; empty where absent."""
    rest, _, digest = image.partition("@")
    found = re.fullmatch(r"(?P<name>.+?)(?::(?P<tag>[^/:]+))?", rest)
    assert found, image
    return found["name"], found["tag"] or "", digest


def apply_patch(found: list[Manifest], patch: Any, target: dict[str, str] | None) -> None:
    """Apply one patch (strategic merge, or a list of JSON 6902 operations) to what it targets."""
    for manifest in found:
        if isinstance(patch, list):
            if target and _targets(target, manifest):
                for operation in patch:
                    _operate(manifest, operation)
        elif _targets(
            target or {"kind": patch["kind"], "name": patch["metadata"]["name"]}, manifest
        ):
            changes = {key: patch[key] for key in patch if key not in {"apiVersion", "kind"}}
            changes["metadata"] = {
                key: value for key, value in patch.get("metadata", {}).items() if key != "name"
            }
            _merge(manifest, changes)


def _targets(target: dict[str, str], manifest: Manifest) -> bool:
    name = manifest["metadata"].get("name", "")
    return target.get("kind", manifest["kind"]) == manifest["kind"] and bool(
        re.fullmatch(target.get("name", ".*"), name)
    )


def _merge(into: Any, changes: Any) -> None:
    for key, value in changes.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif _named(value) and _named(into.get(key)):
            for each in value:
                known = next((one for one in into[key] if one["name"] == each["name"]), None)
                if known is None:
                    into[key].append(copy.deepcopy(each))
                else:
                    _merge(known, each)
        else:
            into[key] = copy.deepcopy(value)


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and "name" in one for one in value)


def _operate(manifest: Any, operation: dict[str, Any]) -> None:
    *parents, last = [
        part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]
    ]
    node = manifest
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    if isinstance(node, list):
        if operation["op"] == "add":
            node.insert(len(node) if last == "-" else int(last), operation["value"])
        elif operation["op"] == "replace":
            node[int(last)] = operation["value"]
        else:
            del node[int(last)]
    elif operation["op"] == "remove":
        del node[last]
    else:
        node[last] = operation["value"]
