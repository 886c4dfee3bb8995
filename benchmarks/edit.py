"""One tag in a values file: our edit, verification included, beside the tools people use."""

import io
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from bot.domain.edit import set_tag
from bot.domain.locations import Key, Kustomize

SIZES = {"1 kB": 1_000, "10 kB": 10_000, "100 kB": 100_000, "1 MB": 1_000_000}
BUDGET = 3.0
"""Seconds spent on one measurement at most, after the first run."""

GOAL = 25
"""How many times faster than ruamel.yaml's round trip we want to be at 100 kB."""

HEAD = """\
# Values of every service in this environment.
# Changed by the deploy bot; talk to the platform team before editing by hand.
global:
  imageRegistry: 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com
  imagePullSecrets: [ecr-credentials]

"""
SERVICE = """\
# ---------------------------------------------------------------------------
# service-{n}: owned by team {team}
# ---------------------------------------------------------------------------
service-{n}:
  enabled: true
  image:
    repository: 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/service-{n}
    tag: "stage-{n:08x}"   # set by the bot
    pullPolicy: IfNotPresent
  replicaCount: {replicas}
  # Limits measured under load, do not lower without asking
  resources:
    requests: {{cpu: 100m, memory: 256Mi}}
    limits:
      cpu: "1"
      memory: 512Mi
  env:
    - name: DATABASE_URL
      value: 'postgres://service-{n}@db.internal.example.com:5432/service_{n}'
    - name: LOG_LEVEL
      value: info    # debug fills the disk

  ingress:
    host: service-{n}.stage.example.com
    annotations:
      nginx.ingress.kubernetes.io/configuration-snippet: |
        more_set_headers "X-Frame-Options: DENY";
        more_set_headers "X-Service: service-{n}";
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A values file, one service in the middle of it, and a kustomization of that size."""

    values: bytes
    service: str
    kustomization: bytes
    image: str


def sample(size: int) -> Sample:
    """Return files of about *size* bytes; a small one holds one service."""
    values, images = [HEAD], ["apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"]
    images.append("resources:\n  - ../../base\nimages:\n")
    length = len(HEAD)
    count = 0
    while length < size * 0.98 and (not count or length + 1100 < size):
        text = SERVICE.format(n=count, team="abcdef"[count % 6], replicas=count % 5 + 1)
        values.append(text)
        length += len(text)
        count += 1
    while sum(map(len, images)) < size:
        for n in range(len(images) - 2, len(images) + 48):
            images.append(f"  - name: service-{n}\n    newTag: stage-{n:08x} # by the bot\n")
            if len(images) * 55 > size:
                break
        else:
            continue
        break
    middle = count // 2
    return Sample(
        "".join(values).encode(),
        f"service-{middle}",
        "".join(images).encode(),
        f"service-{(len(images) - 2) // 2}",
    )


def run(console: Console) -> None:
    """Measure and print one table."""
    console.print(f"[bold]edit[/]: one tag of a file · Python {platform.python_version()}")
    samples = {name: sample(size) for name, size in SIZES.items()}
    table = Table("median CPU ms (times ours)", *SIZES)
    ours = [median(shipmate, s) for s in samples.values()]
    table.add_row("Shipmate, verified", *(f"{ms:.2f}" for ms in ours))
    for name, tool in TOOLS.items():
        cells = [_cell(tool, each, own) for each, own in zip(samples.values(), ours, strict=True)]
        table.add_row(name, *cells)
    list_ = [median(shipmate_kustomize, s) for s in samples.values()]
    table.add_section()
    table.add_row("Shipmate, kustomization", *(f"{ms:.2f}" for ms in list_))
    cells = [_cell(kustomize, s, own) for s, own in zip(samples.values(), list_, strict=True)]
    table.add_row("kustomize edit set image", *cells)
    console.print(table)
    times = median(ruamel, samples["100 kB"]) / ours[2]
    verdict = "reached" if times >= GOAL else "MISSED"
    console.print(f"Goal: ≥ {GOAL} times ruamel.yaml at 100 kB: {times:.1f} times, {verdict}.")
    console.print("The command-line tools include the start of their process.\n")


def _cell(tool: Callable[[Sample], object], each: Sample, own: float) -> str:
    try:
        ms = median(tool, each)
    except FileNotFoundError:
        return "not here"
    return f"{ms:.1f} ({ms / own:.1f}×)"


def median(action: Callable[[Sample], object], each: Sample) -> float:
    """Return the median CPU milliseconds of *action*, child processes included.

    At most 15 runs, fewer of a slow one. CPU time, so that a busy machine does not blur it.
    """
    action(each)
    times: list[float] = []
    while len(times) < 3 or (len(times) < 15 and sum(times) < BUDGET * 1000):
        start = _cpu()
        action(each)
        times.append((_cpu() - start) * 1000)
    return statistics.median(times)


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def shipmate(each: Sample) -> None:
    """Edit by ourselves."""
    edited = set_tag(each.values, "values.yaml", Key(f"{each.service}.image.tag"), "stage-a1b2c3d4")
    assert len(edited.lines) == 1


def shipmate_kustomize(each: Sample) -> None:
    """Edit the kustomization by ourselves."""
    edited = set_tag(each.kustomization, "kustomization.yaml", Kustomize(each.image), "stage-new")
    assert len(edited.lines) == 1


def ruamel(each: Sample) -> None:
    """Load and dump by ruamel.yaml, quotes kept."""
    yaml = YAML()
    yaml.preserve_quotes = True
    data = yaml.load(each.values)
    data[each.service]["image"]["tag"] = "stage-a1b2c3d4"
    yaml.dump(data, io.BytesIO())


def sed(each: Sample) -> None:
    """Replace the old tag wherever it stands."""
    old = f"stage-{int(each.service.rpartition('-')[2]):08x}"
    _in_file(each.values, "values.yaml", ["sed", "-i", f"s/{old}/stage-a1b2c3d4/"])


def yq(each: Sample) -> None:
    """Edit by mikefarah's yq; the Python yq of the same name is not meant."""
    if not _is_mikefarah():
        raise FileNotFoundError("yq")
    expression = f'."{each.service}".image.tag = "stage-a1b2c3d4"'
    _in_file(each.values, "values.yaml", ["yq", "-i", expression])


def _is_mikefarah() -> bool:
    if shutil.which("yq") is None:
        return False
    told = subprocess.run(["yq", "--version"], capture_output=True, text=True, check=False)
    return "mikefarah" in told.stdout


def kustomize(each: Sample) -> None:
    """Edit by kustomize itself."""
    _in_file(
        each.kustomization,
        "kustomization.yaml",
        ["kustomize", "edit", "set", "image", f"{each.image}=:stage-new"],
        name_file=False,
    )


def _in_file(content: bytes, name: str, command: list[str], *, name_file: bool = True) -> None:
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(command[0])
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, name).write_bytes(content)
        Path(directory, "base").mkdir()
        arguments = [*command, name] if name_file else command
        subprocess.run(arguments, cwd=directory, check=True, stdout=sys.stderr)


TOOLS: dict[str, Callable[[Sample], object]] = {
    "ruamel.yaml round trip": ruamel,
    "mikefarah yq -i": yq,
    "sed -i old→new": sed,
}
