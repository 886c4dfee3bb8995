"""What an operation will do, made from the facts of one moment, and the bytes that do it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.domain.catalog import Target
from bot.domain.edit import EditError, read_tag, set_tag
from bot.domain.operations import Change, Kind, Plan
from bot.domain.problems import Problem, Reason

SHA = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class Version:
    """The commit a version names: full *sha*, and *name* if a Git tag of that name was meant."""

    sha: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """One file as it stands: its bytes and its Git object id."""

    content: bytes
    blob: str


@dataclass(frozen=True, slots=True)
class Edits:
    """The plan's changes, and the whole new bytes of each file that changes."""

    changes: tuple[Change, ...]
    files: Mapping[str, bytes]


def reference(version: str, targets: Iterable[Target]) -> str:
    """Return the Git reference that *version* means: itself, or the SHA inside an image tag.

    People copy whole image tags: ``core-stage-a1b2c3d4`` names the commit ``a1b2c3d4``.
    """
    if SHA.fullmatch(version):
        return version
    for target in targets:
        for template in target.tags:
            parts = template.read(version)
            if parts is not None and parts.sha is not None and SHA.fullmatch(parts.sha):
                return parts.sha
    return version


def tag_for(target: Target, version: Version, typed: str) -> str | Problem:
    """Render *version* by the first of the target's templates that fits it.

    A template with ``{version}`` fits only a Git tag: a branch name as an image tag would move.
    """
    fitting = sorted(target.tags, key=lambda one: one.needs_version is not bool(version.name))
    for template in fitting:
        if template.needs_version and version.name is None:
            continue
        try:
            return template.render(
                service=target.service,
                env=target.environment,
                sha=version.sha,
                version=version.name or "",
            )
        except ValueError:
            continue
    facts = {
        "version": typed,
        "service": target.service,
        "template": " or ".join(str(one) for one in target.tags),
    }
    return Problem(Reason.VERSION_UNFIT, facts)


def plan_edits(tags: Mapping[Target, str], texts: Mapping[str, Text | None]) -> Edits | Problem:
    """Edit *texts* (by path; None: the file is not there) so that every target has its tag.

    The change of a target whose file has the tag already keeps ``old == new``, and its file is
    left out of ``files`` unless another target changes it.
    """
    contents: dict[str, bytes] = {}
    changes: list[Change] = []
    for target in sorted(tags, key=lambda one: one.name):
        location = target.location
        text = texts.get(location.file)
        if text is None:
            facts = {"repo": location.repo, "branch": location.branch, "file": location.file}
            return Problem(Reason.FILE_MISSING, facts)
        content = contents.get(location.file, text.content)
        tag = tags[target]
        try:
            old = read_tag(content, location.file, location.at)
            if old != tag:
                contents[location.file] = set_tag(content, location.file, location.at, tag).text
        except EditError as refused:
            return uneditable(refused)
        changes.append(Change(target.service, location.file, old, tag, text.blob))
    return Edits(tuple(changes), contents)


def uneditable(refused: EditError) -> Problem:
    """Return why a file could not be edited, as a problem with its facts."""
    facts = {
        "file": refused.file,
        "code": refused.code.value,
        "path": refused.path or "",
        "line": str(refused.line or ""),
        "candidates": ", ".join(refused.candidates),
        "hint": refused.hint,
    }
    return Problem(Reason.UNEDITABLE, facts)


def moved(planned: Iterable[Change], found: Iterable[Change]) -> Problem | None:
    """Tell whether a value is no longer what the plan was made from.

    Another operation's commit to other values of the same file is no reason to stop.
    """
    before = {change.service: change for change in planned}
    for change in found:
        plan = before[change.service]
        if change.old not in {plan.old, plan.new}:
            facts = {
                "file": change.file,
                "expected": plan.old or "",
                "found": change.old or "",
            }
            return Problem(Reason.VALUE_MOVED, facts)
    return None


def named_as(planned: Iterable[Change], found: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes *found* in the files now, with what the plan knows of them besides."""
    before = {change.service: change for change in planned}
    return tuple(
        replace(
            change,
            commit=before[change.service].commit,
            undoes=before[change.service].undoes,
            committed_at=before[change.service].committed_at,
        )
        for change in found
    )


def rebased(plan: Plan, since: Iterable[Change]) -> Plan:
    """Return *plan* as it stands after our own operations made the changes *since*, oldest first.

    A change counts only where it starts from what the plan stands on: the plan may have been made
    after it, and what anybody else changed in between still stops the plan.
    """
    now = {change.service: change.old for change in plan.changes}
    for change in since:
        if change.service in now and now[change.service] == change.old:
            now[change.service] = change.new
    changes = tuple(replace(change, old=now[change.service]) for change in plan.changes)
    return replace(plan, changes=changes)


DOING = {
    Kind.DEPLOY: ("Deploy", "to"),
    Kind.PROMOTE: ("Promote", "to"),
    Kind.ROLLBACK: ("Roll back", "in"),
}
"""How a commit message begins, and how it names the environment."""


def headline(changes: Iterable[Change], environment: str, kind: Kind = Kind.DEPLOY) -> str:
    """Return the first line of the commit message, at most 100 characters."""
    made = [change for change in changes if change.old != change.new]
    verb, at = DOING[kind]
    if len(made) == 1:
        return f"{verb} {made[0].service} {at} {environment}: {made[0].new}"[:100]
    names = ", ".join(change.service for change in made)
    return f"{verb} {names} {at} {environment}"[:100]


def message_body(
    changes: Iterable[Change], trailers: Iterable[tuple[str, str]], reason: str | None
) -> str:
    """Return the rest of the commit message: each change, the reason, and the trailers.

    Outside text is one line each, so that nobody forges a trailer by a line break.
    """
    lines = [
        f"{change.service}: {change.old or '(none)'} -> {change.new}"
        for change in changes
        if change.old != change.new
    ]
    if reason:
        lines += ["", f"Because: {one_line(reason)}"]
    lines += [""] + [f"{name}: {one_line(value)}" for name, value in trailers]
    return "\n".join(lines)


def one_line(text: str) -> str:
    """Return *text* without line breaks and control characters, at most 500 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
