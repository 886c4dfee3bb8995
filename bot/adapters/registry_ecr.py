"""Images in AWS ECR, by AWS's own API and credentials: environment, profile, role of the pod.

boto3 is an extra (``shipmate[ecr]``); it is imported when the first image in ECR is asked for.

Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

import re
import threading
from http import HTTPStatus
from typing import Any

from bot.domain.facts import ImageAbsent, ImageFound
from bot.domain.images import is_digest
from bot.domain.unknown import Silence, Unknown

HOST = re.compile(r"([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
"""The account and the region of a registry's host."""

INSTALL = "images in ECR need boto3: install shipmate[ecr]"

_ABSENT = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})
_BUSY = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
"""Told with 400, and may be asked again all the same.

Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html
"""


class Ecr:
    """Looks for images in any account and region. *connect* and *read* are seconds on the wall."""

    def __init__(self, connect: float = 5.0, read: float = 10.0) -> None:
        self._connect, self._read = connect, read
        self._guard = threading.Lock()
        self._clients: dict[str, Any] = {}

    def image(self, host: str, path: str, reference: str) -> ImageFound | ImageAbsent | Unknown:
        """Return what ECR says of a tag or digest in the repository *path*. It never raises."""
        named = HOST.fullmatch(host)
        if named is None:
            return Unknown(f"{host} is no registry of ECR")
        try:
            import botocore.exceptions  # An extra; most have no ECR.
        except ImportError:
            return Unknown(INSTALL)
        account, region = named.groups()
        wanted = "imageDigest" if is_digest(reference) else "imageTag"
        try:
            answer = self._client(region).describe_images(
                registryId=account, repositoryName=path, imageIds=[{wanted: reference}]
            )
        except botocore.exceptions.ClientError as error:
            return _refusal(host, error.response)
        except ImportError:
            return Unknown(INSTALL)
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            said = f"{host} could not be asked ({type(error).__name__})"
            on_the_way = botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError
            return _silent(host, said) if isinstance(error, on_the_way) else Unknown(said)
        return _found(host, answer)

    def close(self) -> None:
        """Close all connections."""
        with self._guard:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, region: str) -> Any:
        """Return the region's client. Clients may be shared by threads; making them may not."""
        import boto3
        from botocore.config import Config

        with self._guard:
            if region not in self._clients:
                config = Config(
                    connect_timeout=self._connect,
                    read_timeout=self._read,
                    retries={"total_max_attempts": 1},  # Who asked decides whether to ask again.
                )
                session = boto3.Session(region_name=region)  # The default one is everybody's.
                self._clients[region] = session.client("ecr", config=config)
            return self._clients[region]


def _refusal(host: str, response: Any) -> ImageAbsent | Unknown:
    """Return what an error of ECR says; only its code, as its text may quote what we sent."""
    code = str(response.get("Error", {}).get("Code", "no code"))
    if code in _ABSENT:
        return ImageAbsent()
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{host} answered {code:.100}"
    passing = code in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return _silent(host, said) if passing else Unknown(said)


def _silent(host: str, why: str) -> Unknown:
    """Return *why* ECR told nothing this time; it may when asked again."""
    return Unknown(why, Silence(host, "look for the image", why))


def _found(host: str, answer: Any) -> ImageFound | Unknown:
    try:
        digest = answer["imageDetails"][0]["imageDigest"]
    except (KeyError, IndexError, TypeError):
        return Unknown(f"{host} answered without a digest")
    if not (isinstance(digest, str) and is_digest(digest)):
        return Unknown(f"{host} answered without a digest")
    return ImageFound(digest)
