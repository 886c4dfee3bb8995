"""A fake of the one call of AWS ECR that a deploy needs: DescribeImages, as AWS's JSON protocol.

It is held to the names and errors of the service's model; it does not check the signature's value,
only that there is one for the right service and region.
"""

import re

from werkzeug.wrappers import Request, Response

from sandbox.wire import Wire, answer

TARGET = "AmazonEC2ContainerRegistry_V20150921.DescribeImages"
JSON = "application/x-amz-json-1.1"
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/ecr/aws4_request, ")


class Refused(Exception):  # noqa: N818  # it is an answer, not a failure of ours
    """ECR says no, by one of its model's errors."""

    def __init__(self, kind: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.kind, self.message, self.status = kind, message, status


class Ecr(Wire):
    """ECR of one *region* on loopback, with repositories by account."""

    def __init__(self, region: str = "ap-northeast-2") -> None:
        super().__init__("ecr")
        self._region = region
        self._images: dict[tuple[str, str], dict[str, str]] = {}
        self._denied: str | None = None
        self.route("api", ["POST"], "/", self._api)

    def push(self, account: str, repository: str, tag: str, digest: str) -> None:
        """Put an image under *tag*."""
        with self.lock:
            self._images.setdefault((account, repository), {})[tag] = digest

    def untag(self, account: str, repository: str, tag: str) -> None:
        """Remove a tag, and the image if no other tag names it."""
        with self.lock:
            del self._images[account, repository][tag]

    def deny(self, kind: str | None = "AccessDeniedException") -> None:
        """Refuse everything by the error *kind*; None: nothing."""
        with self.lock:
            self._denied = kind

    def _api(self, request: Request) -> Response:
        try:
            with self.lock:
                found = self._described(request)
            response = answer(found)
        except Refused as refused:
            body = {"__type": refused.kind, "message": refused.message}
            response = answer(body, refused.status, {"x-amzn-ErrorType": refused.kind})
        response.content_type = JSON
        return response

    def _described(self, request: Request) -> dict[str, object]:
        if request.headers.get("X-Amz-Target") != TARGET or request.mimetype != JSON:
            raise Refused("UnknownOperationException", "")
        signed = _SIGNED.match(request.headers.get("Authorization", ""))
        if signed is None or signed[1] != self._region:
            raise Refused("InvalidSignatureException", "Credential should be scoped to the region.")
        if self._denied:
            raise Refused(self._denied, "You are not to know arn:aws:iam::1:user/deploy")
        asked = request.get_json(force=True)
        account, name = asked["registryId"], asked["repositoryName"]
        tags = self._images.get((account, name))
        if tags is None:
            words = f"The repository with name '{name}' does not exist in the registry"
            raise Refused("RepositoryNotFoundException", f"{words} with id '{account}'")
        (wanted,) = asked["imageIds"]
        digest = tags.get(wanted.get("imageTag", ""), wanted.get("imageDigest"))
        if digest not in tags.values():
            raise Refused("ImageNotFoundException", f"The image with imageId {wanted} is not there")
        listed = [tag for tag, one in tags.items() if one == digest]
        details = {"registryId": account, "repositoryName": name, "imageDigest": digest}
        return {"imageDetails": [details | {"imageTags": listed}]}
