"""How stories of drift are told: what somebody breaks past the bot, and what the report says."""

import json
from dataclasses import replace

from bot.messages.drifting.drift import ACKNOWLEDGE, DIFF, MORE, SYNC

BUTTONS = (SYNC, DIFF, ACKNOWLEDGE, MORE)


def asks(told, text="/ship drift", by="U0ALICE"):
    """Type *text*; return the message that follows the first answer."""
    return told.answer_to(text, by, 30)


def calm(told):
    """Ask until no row is left: a machine that is busy reads its first answer late."""
    for _ in range(5):
        message = asks(told)
        if not rows(message):
            break
    return message


def says(message):
    """Return the words of *message*'s blocks as one line."""
    return " ".join(" ".join(_texts(message.blocks)).split())


def _texts(value):
    if isinstance(value, dict):
        if value.get("type") in {"text", "link"}:
            yield value.get("text", "")
        if value.get("type") == "user":
            yield f"@{value['user_id']}"
        for key in ("elements", "blocks"):
            yield from _texts(value.get(key))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)


def rows(message):
    """Return each row of a report as its words and the action ids of its buttons."""
    found, blocks = [], list(message.blocks)
    for place, block in enumerate(blocks):
        name = block.get("block_id", "")
        if name.removeprefix("drift:").isdecimal():
            after = blocks[place + 1] if place + 1 < len(blocks) else {}
            mine = after.get("block_id") == f"{name}:do"
            ids = [one["action_id"] for one in after["elements"]] if mine else []
            found.append((" ".join(" ".join(_texts([block])).split()), ids))
    return found


def row(message, *words):
    """Return the one row that holds all *words*."""
    fitting = [one for one in rows(message) if all(word in one[0] for word in words)]
    assert len(fitting) == 1, (words, rows(message))
    return fitting[0]


def sees(told, text, *words):
    """Ask until one row holds all *words*: pods end some seconds after the new ones run."""
    for _ in range(10):
        message = asks(told, text)
        if any(all(word in one[0] for word in words) for one in rows(message)):
            break
    return row(message, *words)


def value_of(message, *words):
    """Return the id that the buttons of the row with *words* carry."""
    for block in message.blocks:
        name = block.get("block_id", "")
        if name.removeprefix("drift:").isdecimal():
            text = " ".join(" ".join(_texts([block])).split())
            if all(word in text for word in words):
                return name.removeprefix("drift:")
    raise AssertionError((words, json.dumps(message.blocks)[:2000]))


def writes(told, path, old, new, author=("홍길동", "gildong@example.com")):
    """Somebody commits to the GitOps branch, past the bot."""
    repo, branch = told.system.gitops, told.system.branch
    text = told.github.file(repo, branch, path).decode()
    assert old in text, text
    return told.github.push(
        repo, branch, {path: text.replace(old, new)}, message="by hand", author=author
    )


def settles(told, app, sync="Synced", health="Healthy"):
    """Wait until Argo CD says so of *app*."""

    def stands():
        status = told.argocd.application(app)["status"]
        return (status["sync"]["status"], status["health"].get("status")) == (sync, health)

    assert told.world.until(stands, 40), told.argocd.application(app)["status"]


def only(message, value):
    """Return *message* as if it had only the buttons of one row, to be clicked on."""
    mine = tuple(one for one in message.blocks if one.get("block_id") == f"drift:{value}:do")
    assert mine, value
    return replace(
        message, versions=(*message.versions, replace(message.versions[-1], blocks=mine))
    )
