"""The names of our variables, and which other name was probably meant as one of them. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping

SINGLE = (
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_APP_TOKEN",
    "SLACK_API_URL",
    "SLACK_MANIFEST",
    "GITHUB_TOKEN",
    "GITHUB_APP_ID",
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_INSTALLATION_ID",
    "GITHUB_API_URL",
    "GITHUB_CLIENT_ID",
    "GITHUB_WEBHOOK_SECRET",
    "ARGOCD_AUTH_TOKEN",
    "ARGOCD_WEBHOOK_TOKEN",
    "DATABASE_URL",
    "SHIPMATE_CONFIG",
)

FAMILIES = ("ARGOCD_AUTH_TOKEN_", "REGISTRY_", "NOTIFY_")
"""Beginnings of names that people end: all that begin so are ours, or somebody else's."""

OTHER_WORDS: Mapping[str, str] = {
    "SLACK_TOKEN": "SLACK_BOT_TOKEN",
    "SLACK_OAUTH_TOKEN": "SLACK_BOT_TOKEN",
    "SLACK_BOT_USER_OAUTH_TOKEN": "SLACK_BOT_TOKEN",
    "SLACK_APP_LEVEL_TOKEN": "SLACK_APP_TOKEN",
    "SLACK_SECRET": "SLACK_SIGNING_SECRET",
    "GITHUB_APP_KEY": "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_PRIVATE_KEY": "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_APP_INSTALLATION_ID": "GITHUB_INSTALLATION_ID",
    "GITHUB_APP_WEBHOOK_SECRET": "GITHUB_WEBHOOK_SECRET",
    "GITHUB_APP_CLIENT_ID": "GITHUB_CLIENT_ID",
    "ARGOCD_TOKEN": "ARGOCD_AUTH_TOKEN",
    "ARGOCD_WEBHOOK_SECRET": "ARGOCD_WEBHOOK_TOKEN",
    "SHIPMATE_CONFIG_PATH": "SHIPMATE_CONFIG",
    "SHIPMATE_CONFIG_FILE": "SHIPMATE_CONFIG",
    "SHIPMATE_DATABASE_URL": "DATABASE_URL",
}
"""What other programs call the same: meant as ours where ours is absent."""

OWN = re.compile(r"(?:SLACK|GITHUB|ARGOCD|DATABASE|SHIPMATE)_", re.IGNORECASE)

_TYPO = 1
_LONG = 16
"""From so many letters on, two of them may be wrong."""

_CALLED = frozenset(SINGLE) | {f"{name}_FILE" for name in SINGLE}


def misspelt(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each of the names *given* that nobody reads, with that of ours which was meant."""
    names = sorted(given)
    there = {name.removesuffix("_FILE") for name in names if name in _CALLED}
    for name in names:
        if name in _CALLED or name.startswith(FAMILIES):
            continue
        stem, end = (name[:-5], "_FILE") if name.endswith("_FILE") else (name, "")
        meant = OTHER_WORDS.get(name) or OTHER_WORDS.get(stem)
        if meant is not None:
            if meant not in there:
                yield name, meant + ("" if name in OTHER_WORDS else end)
        elif OWN.match(name) and (near := _near(name)):
            yield name, near


def _near(name: str) -> str | None:
    """Return the name of ours that *name* is but for a slip of the finger, or None."""
    plain = _plain(name)
    for known in sorted(_CALLED):
        if plain == _plain(known):
            return known
    allowed = _TYPO + (len(name) >= _LONG)
    apart = {known: _distance(name.upper(), known, allowed) for known in sorted(_CALLED)}
    best = min(apart, key=apart.__getitem__)
    return best if apart[best] <= allowed else None


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z]", "", name.upper())


def _distance(one: str, other: str, most: int) -> int:
    """Return how many letters to put in, take out or change make *other* of *one*.

    What is more than *most* is only said to be more.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, 1):
        before, row[0] = row[0], count
        for place, wanted in enumerate(other, 1):
            changed = before + (letter != wanted)
            before = row[place]
            row[place] = min(changed, row[place] + 1, row[place - 1] + 1)
    return row[-1]
