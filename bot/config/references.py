"""Names that lead nowhere. They are looked for in raw data, so that no other mistake hides one."""

from bot.config.pieces import Pieces, Report, section
from bot.config.policies import Source


def look_for_dead_references(pieces: Pieces, report: Report) -> None:
    """Note every environment and Argo CD that is named and not there."""
    known = pieces.names("environments")
    for name in known:
        _before(name, pieces, report)
        _soak(name, pieces, report)
    _instance(("defaults", "argocd"), pieces, report)
    for service in pieces.names("services"):
        path = ("services", service)
        _instance((*path, "argocd"), pieces, report)
        for name in section(pieces.data, *path, "environments"):
            where = (*path, "environments", name)
            _instance((*where, "argocd"), pieces, report)
            if name not in known:
                report.unknown_key(where, "environment", name, known)


def look_for_shared_logins(pieces: Pieces, report: Report) -> None:
    """Warn of two people who are one on GitHub, and of a map that nobody believes."""
    people = pieces.people
    if people is None or not people.map:
        return
    if Source.MAP not in people.source:
        report.warn(
            ("people", "map"), "the map is not among the sources", "add `map` to `people.source`"
        )
    seen: dict[str, str] = {}
    for user, login in people.map.items():
        first = seen.setdefault(login.casefold(), user)
        if first != user:
            report.warn(
                ("people", "map", user),
                f"{first} and {user} are both `{login}`",
                "they count as one person, also for approvals",
            )


def look_for_confused_names(pieces: Pieces, report: Report) -> None:
    """Note names that nobody could tell apart in a command, where case does not count."""
    seen: dict[str, str] = {}
    for kind in ("environments", "services"):
        for name in pieces.names(kind):
            if other := seen.get(name.casefold()):
                report.at_key(
                    (kind, name),
                    f"`{name}` and `{other}` cannot be told apart in a command",
                    "give each environment and each service a name of its own",
                )
            seen[name.casefold()] = name


def look_for_empty_sections(pieces: Pieces, report: Report) -> None:
    """Note sections that are there and hold nothing."""
    for kind in ("argocd", "environments", "services"):
        if pieces.data.get(kind) == {}:
            report.at_value((kind,), "is empty", "name at least one below it")
    for service in pieces.names("services"):
        path = ("services", service)
        if section(pieces.data, *path).get("environments") == {}:
            report.at_value((*path, "environments"), "is empty", "leave it out to mean all of them")


def _before(name: str, pieces: Pieces, report: Report) -> None:
    names = pieces.names("environments")
    path = ("environments", name, "after")
    after = section(pieces.data, "environments", name).get("after")
    if not isinstance(after, str):
        return
    if after not in names:
        report.unknown(path, "environment", after, names)
    elif names.index(after) >= names.index(name):
        what = "itself" if after == name else f"`{after}`, which stands below it"
        report.at_value(
            path,
            f"`{name}` cannot come after {what}",
            "environments stand in promotion order, the first one on top",
        )


def _soak(name: str, pieces: Pieces, report: Report) -> None:
    written = section(pieces.data, "environments", name)
    if "soak" in written and "after" not in written:
        message = "has no environment to be healthy in"
        report.at_key(("environments", name, "soak"), message, "name it in `after`")


def _instance(path: tuple[str, ...], pieces: Pieces, report: Report) -> None:
    name = section(pieces.data, *path).get("instance")
    if isinstance(name, str) and name not in pieces.names("argocd"):
        report.unknown((*path, "instance"), "Argo CD of this file", name, pieces.names("argocd"))
