"""What a request asks: its content type, body and deadline, and which applications it covers."""

import json
import re
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.argocd.refusals import INVALID, Refusal, plain

GRPC_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


def asked_for(request: Request, document: dict[str, Any], *, watch: bool = False) -> bool:
    """Tell whether the query of a List or Watch covers *document*."""
    arguments, metadata, spec = request.args, document["metadata"], document["spec"]
    projects = [*arguments.getlist("projects"), *arguments.getlist("project")]
    name, namespace = arguments.get("name"), arguments.get("appNamespace")
    repo = arguments.get("repo")
    return (
        (not projects or spec.get("project") in projects)
        and (not name or metadata["name"] == name)
        # On a watch the namespace counts only beside a name.
        and (not namespace or (watch and not name) or metadata["namespace"] == namespace)
        and (not repo or spec["source"]["repoURL"] == repo)
        and selected(arguments.get("selector"), metadata.get("labels") or {})
    )


def selected(selector: str | None, labels: dict[str, str]) -> bool:
    """Tell whether *labels* satisfy an equality selector."""
    for part in (selector or "").split(","):
        key, equals, value = part.partition("=")
        if not part:
            continue
        if key.endswith("!"):
            if labels.get(key[:-1]) == value:
                return False
        elif (equals and labels.get(key) != value.lstrip("=")) or key not in labels:
            return False
    return True


def wrong_content_type(request: Request) -> Response | None:
    """Return the 415 of a change whose Content-Type is not exactly ``application/json``."""
    if request.method == "GET" or request.headers.get("Content-Type") == "application/json":
        return None
    return plain("Invalid content type", 415)


def body_of(request: Request) -> Any:
    """Return the JSON of the body; an empty one is an empty mapping.

    Raises:
        Refusal: 400, in the gateway's words.
    """
    text = request.get_data()
    if not text:
        return {}
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refusal(INVALID, f"invalid character in request body: {error}") from error


def deadline_of(request: Request) -> timedelta | None:
    """Return the span of the Grpc-Timeout header, in the sandbox's time; None when there is none.

    Raises:
        Refusal: 400 for a header that is not a timeout.
    """
    text = request.headers.get("Grpc-Timeout")
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,8})([HMSmun])", text)
    if found is None:
        raise Refusal(INVALID, f"invalid grpc-timeout: {text}")
    return timedelta(seconds=int(found[1]) * GRPC_UNITS[found[2]])
