"""How Argo CD says no: gRPC codes, their HTTP statuses and the exact sentences."""

import json
from dataclasses import dataclass

from werkzeug.wrappers import Response

STATUS = {
    1: 408,
    2: 500,
    3: 400,
    4: 504,
    5: 404,
    6: 409,
    7: 403,
    9: 400,
    10: 409,
    12: 501,
    13: 500,
    14: 503,
    16: 401,
}
"""gRPC code to HTTP status, as grpc-gateway v1.16 translates it."""

UNKNOWN, INVALID, DEADLINE, NOT_FOUND, DENIED, PRECONDITION, INTERNAL, UNAUTHENTICATED = (
    2,
    3,
    4,
    5,
    7,
    9,
    13,
    16,
)


@dataclass
class Refusal(Exception):  # noqa: N818  # a refusal is what it is
    """An answer other than 200: the gRPC *code* and the sentence."""

    code: int
    message: str

    @property
    def status(self) -> int:
        """Return the HTTP status that the gateway makes of the code."""
        return STATUS[self.code]

    def unary(self) -> Response:
        """Return the answer of a plain call."""
        body = {"error": self.message, "code": self.code, "message": self.message}
        return Response(json.dumps(body), self.status, content_type="application/json")

    def stream_error(self) -> dict[str, object]:
        """Return the object that a stream sends instead of a result."""
        phrase = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 400: "Bad Request"}
        return {
            "error": {
                "grpc_code": self.code,
                "http_code": self.status,
                "message": self.message,
                "http_status": phrase.get(self.status, "Internal Server Error"),
            }
        }


def denied(detail: str = "") -> Refusal:
    """Return the 403, bare or with what was asked."""
    return Refusal(DENIED, f"permission denied: {detail}" if detail else "permission denied")


def missing_field(name: str) -> Refusal:
    """Return the 500 of a required field that the request did not carry."""
    return Refusal(
        INTERNAL, f'grpc: error while marshaling: proto: required field "{name}" not set'
    )


def plain(text: str, status: int) -> Response:
    """Return an answer of Go's http.Error: text, a line feed, and no JSON."""
    return Response(f"{text}\n", status, content_type="text/plain; charset=utf-8")
