"""Asks one Argo CD: its version, our token and rights, and each application that is configured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_emergency import Emergency, Standing
from bot.adapters.argocd_rights import Rights
from bot.domain.catalog import Application, Target
from bot.domain.doctor import Area, Finding, Path, judge_sources, judge_token
from bot.domain.errors import BotError, Forbidden, NotFound, Rejected, Unauthorized
from bot.domain.observation import Observation, OwnerKind
from bot.domain.problems import Reason
from bot.domain.rollback.emergency import Ownership, Unread, revert_feared
from bot.domain.symptoms import Symptom
from bot.operations.doctor import places
from bot.operations.doctor.asking import ask, failed

found = partial(Finding, Area.ARGOCD)


@dataclass(frozen=True, slots=True)
class Held:
    """An application as it was *seen*, and what our token may do to it.

    *bars* is why a rollback by Argo CD would not last, or None.
    """

    seen: Observation
    sync: bool
    update: bool
    delete: bool
    bars: Reason | None


@dataclass(frozen=True, slots=True)
class InstanceWanted:
    """One Argo CD by our *name* for it, the *variable* its token came from, what lives there."""

    name: str
    variable: str
    targets: tuple[Target, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return where the configuration names it."""
        return (("argocd", self.name, "url"), ("argocd", self.name))

    @property
    def applications(self) -> dict[Application, tuple[Target, ...]]:
        """Return the targets by their application, in the configuration's order."""
        found_: dict[Application, list[Target]] = {}
        for target in self.targets:
            found_.setdefault(target.application, []).append(target)
        return {one: tuple(targets) for one, targets in found_.items()}


def examine(
    argocd: ArgoCD, wanted: InstanceWanted
) -> tuple[tuple[Finding, ...], dict[Application, Observation]]:
    """Return what is found of one Argo CD, and the applications that it showed."""
    login = tuple(_login(argocd, wanted))
    if not any(one.symptom is Symptom.LOGIN_WORKS for one in login):
        return login, {}
    held: dict[Application, Held] = {}
    jobs = [
        partial(_application, argocd, application, targets, held)
        for application, targets in wanted.applications.items()
    ]
    told = ask(jobs)
    shown = [held[one] for one in wanted.applications if one in held]
    seen = {application: one.seen for application, one in held.items()}
    return (*login, *told, *_rights(wanted, shown)), seen


def _login(argocd: ArgoCD, wanted: InstanceWanted) -> Iterator[Finding]:
    try:
        version = argocd.version()
    except BotError as error:
        yield failed(Area.ARGOCD, wanted.name, error, paths=wanted.paths)
        return
    yield found(wanted.name, Symptom.VERSION_TOLD, {"version": version})
    left = argocd.token_left
    lasts = judge_token(left)
    facts = {"ends": "" if left is None else f"{max(left, timedelta()).days}"}
    yield found(wanted.name, lasts, facts, wanted.variable)
    if lasts is Symptom.LOGIN_ENDED:
        return
    try:
        who = Rights(argocd).subject()
    except Unauthorized as error:
        yield found(wanted.name, Symptom.LOGIN_REFUSED, {"detail": error.detail}, wanted.variable)
        return
    except BotError as error:
        yield failed(Area.ARGOCD, wanted.name, error, variable=wanted.variable)
        return
    if who:
        facts = {"who": who, "where": argocd.instance.url}
        yield found(wanted.name, Symptom.LOGIN_WORKS, facts)
    else:
        detail = "it takes our token for nobody's"
        yield found(wanted.name, Symptom.LOGIN_REFUSED, {"detail": detail}, wanted.variable)


def _application(
    argocd: ArgoCD,
    application: Application,
    targets: Sequence[Target],
    held: dict[Application, Held],
) -> Iterator[Finding]:
    name = application.name
    paths = places.of(targets[0], "argocd", "app")
    facts = {"app": name, "project": application.project or ""}
    try:
        standing = Emergency(argocd).read(application)
    except NotFound:
        yield found(name, Symptom.APPLICATION_MISSING, facts, "", paths)
        return
    except Forbidden as error:
        facts["detail"] = error.detail
        yield found(name, Symptom.APPLICATION_FORBIDDEN, facts, "", paths)
        return
    except BotError as error:
        yield failed(Area.ARGOCD, name, error, paths=paths)
        return
    yield from _sources(standing.seen, targets)
    try:
        mine = _held(argocd, application, standing)
    except BotError as error:
        yield failed(Area.ARGOCD, name, error)
        return
    held[application] = mine
    yield from _judged(mine, paths)


def _held(argocd: ArgoCD, application: Application, standing: Standing) -> Held:
    """Return what we may do to an application, and who would undo it.

    Raises:
        BotError: somebody did not tell.
    """
    rights, seen = Rights(argocd), standing.seen
    sync, update, delete = (
        rights.may(action, seen, standing.control_plane) for action in ("sync", "update", "delete")
    )
    feared = revert_feared(seen, _ownership(argocd, application, seen))
    return Held(seen, sync, update, delete, feared.reason if feared else None)


def _ownership(argocd: ArgoCD, application: Application, seen: Observation) -> Ownership:
    owner = seen.owner
    try:
        if owner.kind is OwnerKind.APPLICATION_SET:
            return Emergency(argocd).application_set(owner.name, seen.namespace, seen.name)
        if owner.kind is OwnerKind.APPLICATION:
            return argocd.look(Application(application.instance, owner.name, application.namespace))
    except Rejected as refused:
        return Unread(refused.detail)
    return None


def _sources(seen: Observation, targets: Sequence[Target]) -> Iterator[Finding]:
    """Yield one finding for each target that the application does not read, else one for all."""
    wrong = False
    for target in targets:
        symptom, source = judge_sources(seen, target)
        if symptom is Symptom.APPLICATION_FITS:
            continue
        wrong = True
        facts = {
            "target": target.name,
            "repo": target.location.repo,
            "branch": target.location.branch,
            "file": target.location.file,
            "url": source.repo_url if source else "",
            "path": source.path if source else "",
            "revision": source.target_revision if source else "",
        }
        keys = {Symptom.OTHER_BRANCH: ("gitops", "branch"), Symptom.FILE_OUTSIDE: ("at",)}
        paths = places.of(target, *keys.get(symptom, ("gitops", "repo")))
        yield found(seen.name, symptom, facts, "", paths)
    if not wrong:
        yield found(seen.name, Symptom.APPLICATION_FITS, _described(seen, targets))


def _described(seen: Observation, targets: Sequence[Target]) -> dict[str, str]:
    auto = ("on, with self-heal" if seen.self_heal else "on") if seen.auto_sync else "off"
    owner = f"{seen.owner.kind.value.replace('_', ' ')} {seen.owner.name}".strip()
    return {
        "targets": ", ".join(one.name for one in targets),
        "auto": auto,
        "owner": "nobody" if seen.owner.kind is OwnerKind.NONE else owner,
    }


def _judged(mine: Held, paths: tuple[Path, ...]) -> Iterator[Finding]:
    seen = mine.seen
    facts = {"app": seen.name, "project": seen.project}
    if seen.deleting:
        yield found(seen.name, Symptom.APPLICATION_GOES, facts, "", paths)
    if not mine.sync and not seen.auto_sync:
        yield found(seen.name, Symptom.MAY_NOT_SYNC, facts, "", paths)
    if _works(mine):
        yield found(seen.name, Symptom.ROLLBACK_WORKS, facts)
    else:
        yield found(seen.name, Symptom.ROLLBACK_BARRED, {**facts, "why": _why(mine).value})


def _works(mine: Held) -> bool:
    """Tell whether a rollback by Argo CD itself could be made, and would last."""
    return mine.bars is None and mine.sync and (mine.update or not mine.seen.auto_sync)


def _why(mine: Held) -> Reason:
    return mine.bars or (Reason.NO_UPDATE_RIGHT if mine.sync else Reason.APP_FORBIDDEN)


def _rights(wanted: InstanceWanted, held: Sequence[Held]) -> Iterator[Finding]:
    """Yield what is held beyond need, once for the instance."""
    deleting = [one.seen.name for one in held if one.delete]
    updating = [one for one in held if one.update]
    used = any(_works(one) and one.seen.auto_sync for one in updating)
    if deleting:
        facts = {"apps": ", ".join(deleting)}
        yield found(wanted.name, Symptom.MAY_DELETE, facts, wanted.variable)
    if updating and not used:
        facts = {"apps": ", ".join(one.seen.name for one in updating)}
        yield found(wanted.name, Symptom.UPDATE_UNUSED, facts, wanted.variable)
    if held and not deleting and (used or not updating):
        yield found(wanted.name, Symptom.RIGHTS_HELD, {"apps": str(len(held))})
