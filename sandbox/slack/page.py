"""A message of the pretend Slack as a page of HTML: what a browser makes pictures of."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from sandbox.slack.terminal import Names, emoji
from sandbox.slack.workspace import Version

STYLE = """
body { margin: 0; background: #fff; }
main { width: 640px; padding: 14px 16px; color: #1d1c1d; display: flex; gap: 10px;
  font: 15px/1.47 "Noto Sans", "DejaVu Sans", "NanumGothic", "Noto Color Emoji", sans-serif; }
.avatar { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #1f3a5f;
  color: #fff; font-weight: bold; font-size: 20px; line-height: 36px; text-align: center; }
.said { flex: 1; min-width: 0; }
.who { font-weight: bold; } .app { background: #e8e8e8; color: #5c5c5c; font-size: 10px;
  padding: 1px 3px; border-radius: 2px; margin: 0 5px; vertical-align: 1px; }
.when, .only, .context { color: #616061; font-size: 12px; } .only { margin-bottom: 2px; }
h1 { font-size: 17px; margin: 6px 0; line-height: 1.35; }
.block { margin: 6px 0; overflow-wrap: anywhere; } .lines { white-space: pre-wrap; }
ul { margin: 2px 0; padding-left: 22px; } hr { border: 0; border-top: 1px solid #ddd; }
code, pre { font: 12px/1.5 "DejaVu Sans Mono", "NanumGothicCoding", monospace; }
code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 1px 3px;
  color: #c01343; overflow-wrap: anywhere; }
pre { background: #f6f6f6; border: 1px solid #ddd; border-radius: 4px; padding: 7px; margin: 4px 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
a { color: #1264a3; text-decoration: none; } .at { color: #1264a3; background: #e8f5fa;
  border-radius: 3px; padding: 0 2px; }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 4px 11px;
  margin: 2px 6px 2px 0; font-weight: bold; font-size: 13px; }
.primary { background: #007a5a; border-color: #007a5a; color: #fff; }
.danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
img { max-width: 100%; }
"""

_MARK = re.compile(
    r"<(?P<angle>[^<>]+)>"
    r"|```(?P<pre>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<!\w)\*(?P<b>[^*\n]+)\*(?!\w)"
    r"|(?<!\w)_(?P<i>[^_\n]+)_(?!\w)"
    r"|(?<!\w)~(?P<s>[^~\n]+)~(?!\w)"
    r"|:(?P<emoji>[a-z0-9_+-]+):",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Page:
    """Draws messages: *names* and *files* (PNG) by their ids; *privately* means to one alone."""

    names: Names
    files: Mapping[str, bytes] = field(default_factory=dict)
    privately: bool = False

    def draw(self, version: Version) -> str:
        """Return the whole page of one message as it stood in *version*."""
        blocks = "".join(self._block(block) for block in version.blocks)
        said = blocks or f'<div class="block lines">{self._mrkdwn(version.text)}</div>'
        only = '<div class="only">Only visible to you</div>' if self.privately else ""
        return (
            f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><main>'
            f'<div class="avatar">S</div><div class="said">{only}<span class="who">shipmate</span>'
            f'<span class="app">APP</span><span class="when">{version.at:%H:%M}</span>'
            f"{said}</div></main>"
        )

    def _block(self, block: Mapping[str, Any]) -> str:
        draw: dict[str, Callable[[Mapping[str, Any]], str]] = {
            "header": self._header,
            "section": self._section,
            "context": self._context,
            "actions": self._actions,
            "rich_text": self._rich,
            "image": self._image,
            "divider": lambda _block: "<hr>",
        }
        return f'<div class="block">{draw[block["type"]](block)}</div>'

    def _header(self, block: Mapping[str, Any]) -> str:
        return f"<h1>{self._text(block['text'])}</h1>"

    def _section(self, block: Mapping[str, Any]) -> str:
        texts = [block["text"]] if "text" in block else []
        shown = "<br>".join(self._text(one) for one in (*texts, *block.get("fields", ())))
        button = self._button(block["accessory"]) if "accessory" in block else ""
        return f'<div class="lines">{shown}</div>{button}'

    def _context(self, block: Mapping[str, Any]) -> str:
        return f'<div class="context">{" ".join(map(self._text, block["elements"]))}</div>'

    def _actions(self, block: Mapping[str, Any]) -> str:
        return "".join(map(self._button, block["elements"]))

    def _button(self, element: Mapping[str, Any]) -> str:
        if element["type"] != "button":
            label = element.get("placeholder", {}).get("text", "")
            return f'<span class="button">{escape(label)} ▾</span>'
        return (
            f'<span class="button {element.get("style", "")}">{self._text(element["text"])}</span>'
        )

    def _image(self, block: Mapping[str, Any]) -> str:
        shown = b64encode(self.files[block["slack_file"]["id"]]).decode()
        return f'<img src="data:image/png;base64,{shown}" alt="{escape(block["alt_text"])}">'

    def _text(self, value: Mapping[str, Any]) -> str:
        return self._mrkdwn(value["text"]) if value["type"] == "mrkdwn" else escape(value["text"])

    # rich text

    def _rich(self, block: Mapping[str, Any]) -> str:
        return "".join(map(self._part, block["elements"]))

    def _part(self, part: Mapping[str, Any]) -> str:
        if part["type"] == "rich_text_list":
            return f"<ul>{''.join(f'<li>{self._part(one)}</li>' for one in part['elements'])}</ul>"
        inside = "".join(map(self._leaf, part["elements"]))
        if part["type"] == "rich_text_preformatted":
            return f"<pre>{inside}</pre>"
        return f'<div class="lines">{inside}</div>'

    def _leaf(self, leaf: Mapping[str, Any]) -> str:
        match leaf["type"]:
            case "text":
                return _styled(escape(leaf["text"]), leaf.get("style", {}))
            case "link":
                return f"<a>{escape(leaf.get('text') or leaf['url'])}</a>"
            case "user":
                return self._angle(f"@{leaf['user_id']}")
            case "channel":
                return self._angle(f"#{leaf['channel_id']}")
            case "emoji":
                return emoji(leaf["name"])
            case other:
                return escape(leaf.get("fallback", other))

    # mrkdwn

    def _mrkdwn(self, text: str) -> str:
        shown, end = "", 0
        for match in _MARK.finditer(text):
            shown += text[end : match.start()]  # Slack's own text is escaped already
            end = match.end()
            shown += self._marked(match.lastgroup or "", match[match.lastgroup or 0])
        return shown + text[end:]

    def _marked(self, kind: str, inside: str) -> str:
        match kind:
            case "angle":
                return self._angle(inside)
            case "emoji":
                return emoji(inside)
            case "pre" | "code":
                return f"<{kind}>{inside}</{kind}>"
            case _:
                return f"<{kind}>{self._mrkdwn(inside)}</{kind}>"

    def _angle(self, inside: str) -> str:
        target, _, label = inside.partition("|")
        if target[:1] in "@#":
            named = self.names.get(target[1:], label or target[1:])
            return f'<span class="at">{target[0]}{escape(named)}</span>'
        if target.startswith("!"):
            return label or f'<span class="at">@{target[1:]}</span>'
        return f"<a>{label or target}</a>"


_WRAPS: Mapping[str, Callable[[str], str]] = {
    "code": "<code>{}</code>".format,
    "bold": "<b>{}</b>".format,
    "italic": "<i>{}</i>".format,
    "strike": "<s>{}</s>".format,
}


def _styled(text: str, style: Mapping[str, bool]) -> str:
    for name, wrap in _WRAPS.items():
        text = wrap(text) if style.get(name) else text
    return text
