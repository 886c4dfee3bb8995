"""The ground of the fake GitHub's tests: a world with one repository, a still clock, clients."""

import base64
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import github
import httpx
import urllib3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.github import GitHub

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
REPO = "acme/gitops"
TOKEN = "ghp_everything"
FILES = {
    "apps/api/values.yaml": "# the API\nimage:\n  tag: v1  # set by the bot\n",
    "apps/web/values.yaml": "image:\n  tag: v1\n",
    "run.sh": "#!/bin/sh\necho run\n",
}


class Still:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def pause(self, span: timedelta) -> float:
        return span.total_seconds()

    def advance(self, **span: float) -> None:
        self.at += timedelta(**span)


@contextmanager
def world(root: Path, clock: Still | None = None) -> Iterator[GitHub]:
    """Give a started GitHub with ``acme/gitops`` and a token that may do everything."""
    fake = GitHub(root, clock or Still())
    fake.start()
    try:
        fake.create_repository(REPO, FILES, executable=["run.sh"])
        fake.add_token(TOKEN, "alice")
        yield fake
    finally:
        fake.stop()


def pygithub(fake: GitHub, token: str = TOKEN) -> github.Github:
    """Return PyGithub as the fact sheet configures it: reads are repeated, writes never."""
    return client(fake, github.Auth.Token(token))


def client(fake: GitHub, auth: github.Auth.Auth) -> github.Github:
    """Return PyGithub with that authentication."""
    retry = urllib3.Retry(
        total=2,
        backoff_factor=0,
        allowed_methods=frozenset({"GET", "HEAD"}),
        raise_on_status=False,
        status_forcelist=[502, 503, 504],
        respect_retry_after_header=False,
    )
    return github.Github(
        auth=auth,
        base_url=fake.api_url,
        retry=retry,
        timeout=10,
        lazy=True,
        per_page=100,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


@contextmanager
def http(fake: GitHub, token: str | None = TOKEN) -> Iterator[httpx.Client]:
    """Give a plain client whose paths begin at the API's root."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=fake.api_url, headers=headers, timeout=10) as plain:
        yield plain


def ask(plain: httpx.Client, query: str, **variables: Any) -> dict[str, Any]:
    """Return GraphQL's answer, which is HTTP 200 whatever it says."""
    url = str(plain.base_url).rstrip("/").removesuffix("/v3") + "/graphql"
    response = plain.post(url, json={"query": query, "variables": variables})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


COMMIT = """mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { clientMutationId commit { oid url message } ref { name } }
}"""


def change(
    head: str, files: dict[str, str | bytes | None], *, repo: str = REPO, branch: str = "main"
) -> dict[str, Any]:
    """Return the input of createCommitOnBranch; None deletes a file."""
    additions = [
        {
            "path": path,
            "contents": base64.b64encode(text.encode() if isinstance(text, str) else text).decode(),
        }
        for path, text in files.items()
        if text is not None
    ]
    deletions = [{"path": path} for path, text in files.items() if text is None]
    return {
        "branch": {"repositoryNameWithOwner": repo, "branchName": branch},
        "expectedHeadOid": head,
        "clientMutationId": "op-1",
        "message": {"headline": "deploy api v2", "body": "Deploy-Op: op-1"},
        "fileChanges": {"additions": additions, "deletions": deletions},
    }


@functools.cache
def keys() -> tuple[str, str]:
    """Return a private and a public key, PEM; made once per process."""
    return new_keys()


def new_keys() -> tuple[str, str]:
    """Return a private and a public key, PEM, that nobody has had before."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
