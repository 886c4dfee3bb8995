"""YAML read as Go reads it for Kubernetes: what is a number or a bool there is one here.

Source: sigs.k8s.io/yaml (go-yaml v2's resolver), which kustomize, Helm and Argo CD stand on. It
decides whether an unquoted tag deploys, so no other reader will do.
"""

import re
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

NULL = {"", "~", "null", "Null", "NULL"}
TRUE = {each for word in ("y", "yes", "true", "on") for each in (word, word.title(), word.upper())}
FALSE = {
    each for word in ("n", "no", "false", "off") for each in (word, word.title(), word.upper())
}
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
SPECIAL = {
    ".nan": float("nan"),
    ".inf": float("inf"),
    "+.inf": float("inf"),
    "-.inf": -float("inf"),
}


def load_all(text: str) -> list[Any]:
    """Return every document of *text*; raises ruamel's YAMLError where it is none."""
    nodes = YAML(typ="safe", pure=True).compose_all(StringIO(text))
    return [_construct(node, text) for node in nodes]


def _construct(node: Node | None, source: str) -> Any:
    if isinstance(node, ScalarNode):
        return _scalar(node, source)
    if isinstance(node, SequenceNode):
        return [_construct(each, source) for each in node.value]
    if isinstance(node, MappingNode):
        return _mapping(node, source)
    return None


def _mapping(node: MappingNode, source: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, value in node.value:
        if isinstance(key, ScalarNode) and key.value == "<<" and not key.style:
            parts = value.value if isinstance(value, SequenceNode) else [value]
            for part in reversed(parts):
                merged |= _construct(part, source)
        else:
            own[printed(_construct(key, source))] = _construct(value, source)
    return merged | own


def _scalar(node: ScalarNode, source: str) -> Any:
    # ruamel gives what it takes for a text the same tag as an explicit one: the source tells.
    written = source[node.start_mark.index : node.end_mark.index]
    text = str(node.value)
    if node.style or "!!str" in written.removesuffix(text):
        return text
    return plain(text)


def plain(text: str) -> Any:
    """Return what an unquoted scalar is: None, bool, int, float or, else, the text."""
    if text in NULL:
        return None
    if text in TRUE or text in FALSE:
        return text in TRUE
    if text.lower() in SPECIAL:
        return SPECIAL[text.lower()]
    bare = text.replace("_", "")
    if INTEGER.fullmatch(bare) and text[0] in "+-0123456789":
        return _integer(bare)
    if FLOAT.fullmatch(bare) and text[0] in "+-.0123456789":
        value = float(bare)
        # Go refuses what overflows, and then it is a text.
        return text if value in {float("inf"), -float("inf")} else value
    return text


def _integer(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").lower()
    if digits.startswith("0x"):
        return sign * int(digits, 16)
    if digits.startswith("0b"):
        return sign * int(digits, 2)
    if digits.startswith("0o"):
        return sign * int(digits, 8)
    return sign * (int(digits, 8) if digits.startswith("0") else int(digits))


def printed(value: Any) -> str:
    """Return *value* as a Go template prints it: numbers are float64 and lose their face."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _float(float(value))
    return str(value)


def _float(value: float) -> str:
    """Return Go's ``%v`` of a float64: an exponent below 1e-4 and from 1e6 on.

    Hence a tag 12345678 in a values file deploys as 1.2345678e+07.
    """
    shortest = repr(value)
    power = int(f"{value:.17e}".partition("e")[2])
    if -4 <= power < 6:
        return shortest.removesuffix(".0")
    mantissa, _, _ = shortest.lstrip("-").partition("e")
    digits = mantissa.removesuffix(".0").replace(".", "").strip("0")
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"
