"""What Slack makes of typed words before an app sees them.

Sources: https://docs.slack.dev/interactivity/implementing-slash-commands (``should_escape``) and
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Callable
from itertools import pairwise

from sandbox.slack.workspace import Kind, Workspace

_TOP_LEVEL = "com|net|org|io|dev|app|ai|co|kr|me|sh|cloud|example"
_TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>]+)"
    r"|(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]+\w)"
    rf"|(?P<domain>(?<![\w./@-])(?:[A-Za-z0-9-]+\.)+(?:{_TOP_LEVEL})(?:/[^\s<>]*)?(?![\w.-]))"
    r"|(?<![\w/])@(?P<user>[\w.-]+)"
    r"|(?<![\w/&])#(?P<channel>[\w-]+)"
)


def on_a_mac(text: str) -> str:
    """Return *text* as macOS and iOS keyboards send it: curly quotes, ``--`` as a long dash."""
    text = text.replace("--", "—").replace("'", "’")
    marks = iter("“”" * (text.count('"') // 2 + 1))
    return re.sub('"', lambda _: next(marks), text)


def entities(text: str) -> str:
    """Return *text* with ``&``, ``<`` and ``>`` as entities, as every message text has them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped(text: str, workspace: Workspace) -> str:
    """Return *text* as a command with ``should_escape`` gets it: names as ids, links marked.

    ``@name`` becomes ``<@U1|name>``, ``#name`` ``<#C1|name>`` (private ``<#C1|>``), ``@group``
    ``<!subteam^S1|@group>``, ``web.io`` ``<http://web.io|web.io>``. Unknown names stay words.
    """
    return _rewritten(text, lambda name: _person(name, workspace, labelled=True), workspace)


def in_a_message(text: str, workspace: Workspace) -> str:
    """Return *text* as a message event has it: like ``escaped``, but people have no label."""
    return _rewritten(text, lambda name: _person(name, workspace, labelled=False), workspace)


def _rewritten(text: str, person: Callable[[str], str | None], workspace: Workspace) -> str:
    found = list(_TOKEN.finditer(text))
    edges = [0, *(edge for match in found for edge in match.span()), len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    # Even pieces stand between the tokens, odd ones are the tokens.
    return "".join(
        entities(piece) if index % 2 == 0 else _token(found[index // 2], person, workspace)
        for index, piece in enumerate(pieces)
    )


def _token(match: re.Match[str], person: Callable[[str], str | None], workspace: Workspace) -> str:
    typed = match.group()
    match match.lastgroup:
        case "url":
            return f"<{entities(typed)}>"
        case "mail":
            return f"<mailto:{typed}|{typed}>"
        case "domain":
            return f"<http://{entities(typed)}|{entities(typed)}>"
        case "user":
            return person(match["user"]) or entities(typed)
        case _:
            return _channel(match["channel"], workspace) or entities(typed)


def _person(name: str, workspace: Workspace, *, labelled: bool) -> str | None:
    for user in workspace.users.values():
        if user.name == name:
            return f"<@{user.id}|{name}>" if labelled else f"<@{user.id}>"
    for group in workspace.groups.values():
        if group.handle == name:
            return f"<!subteam^{group.id}|@{name}>" if labelled else f"<!subteam^{group.id}>"
    return None


def _channel(name: str, workspace: Workspace) -> str | None:
    for channel in workspace.channels.values():
        if channel.name == name and channel.kind is not Kind.DIRECT:
            return f"<#{channel.id}|{name if channel.kind is Kind.PUBLIC else ''}>"
    return None
