"""Text that others wrote, without what is, looks like, or is called a secret. Pure.

For texts that are shown to people: a job's log, a difference between cluster and Git. The log of
the bot itself has rules of its own (``bot.log``), for there whole keys are ours to name.
"""

import re
from collections.abc import Iterable

MASK = "***"

_SECRETS = re.compile(
    r"-----BEGIN[^-]*-----[\s\S]*?(?:-----END[^-]*-----|\Z)"
    r"|\bgh[a-z]_[A-Za-z0-9_.-]{10,}"
    r"|\bgithub_pat_\w{10,}"
    r"|\bglpat-[\w-]{10,}"
    r"|\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}"
    r"|\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?"
    r"|\bAIza[\w-]{30,}"
    r"|\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{16,}|\bdckr_pat_[\w-]{16,}"
    r"|\b[sr]k_(?:live|test)_\w{10,}|\bsk-[\w-]{20,}|\bhvs\.[\w-]{20,}|\bdop_v1_\w{20,}"
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|https://hooks\.slack\.com/\S+"
)
"""Shapes of tokens that are secret wherever they stand."""

_IN_ADDRESS = re.compile(r"(?<=://)([^\s/@:]*):([^\s/@]+)@")
_BEARER = re.compile(r"(?i)\b(bearer|basic|token)(\s+)[A-Za-z0-9+/=_.~-]{12,}")
_NAMED = re.compile(
    r"(?i)((?<![\w.-])(?=[\w.-]*?(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|credential|auth(?:orization)?))[\w.-]++[\"']?\s*[:=]\s*)"
    r"(\"[^\"]*\"?|'[^']*'?|[^\s,;\"'&]+)"
)
"""A value that its own name calls a secret. Each name is read once: the text is anybody's."""


def without_secrets(text: str, secrets: Iterable[str] = (), mask: str = MASK) -> str:
    """Return *text* with *mask* for each secret that can be recognised. *secrets* are our own."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, mask)
    text = _SECRETS.sub(mask, text)
    text = _IN_ADDRESS.sub(rf"\1:{mask}@", text)
    text = _BEARER.sub(rf"\1\2{mask}", text)
    return _NAMED.sub(rf"\1{mask}", text)
