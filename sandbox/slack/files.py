"""Files: an address for the bytes, the bytes, and the word that they are there; then messages.

A file is not there at once: for ``SETTLE`` a message that shows it is refused, as Slack does.

Source: https://docs.slack.dev/messaging/working-with-files#upload
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.slack.arguments import Arguments
from sandbox.slack.refused import Refused
from sandbox.slack.workspace import Ticking

SETTLE = timedelta(seconds=1)
ALT = 1_000
_ID = re.compile(r"F[A-Z0-9]{8,}")
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")


@dataclass
class File:
    """One file; *done_at* is when the bot said that its *content* is whole."""

    id: str
    name: str
    length: int
    alt: str
    content: bytes | None = None
    done_at: datetime | None = None


class Files:
    """The files of one workspace. *base* returns where the server is; the caller holds the lock."""

    def __init__(self, clock: Ticking) -> None:
        self._clock = clock
        self.files: dict[str, File] = {}
        self.base = ""

    def begin(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``files.getUploadURLExternal``."""
        try:
            length = int(arguments["length"])
        except ValueError as broken:
            raise Refused("invalid_arguments") from broken
        name, alt = str(arguments["filename"]), str(arguments.get("alt_txt", ""))
        if length <= 0 or not name or len(alt) > ALT:
            raise Refused("invalid_arguments")
        made = File(f"F0SHIP{len(self.files):04d}", name, length, alt)
        self.files[made.id] = made
        return {"upload_url": f"{self.base}/upload/v1/{made.id}", "file_id": made.id}

    def take(self, request: Request, file: str) -> Response:
        """Take the bytes at the address that was given for them."""
        found, content = self.files.get(file), request.get_data()
        if found is None or found.done_at is not None:
            return Response("not found", 404)
        if len(content) != found.length:
            return Response(f"{found.length} bytes were announced", 400)
        found.content = content
        return Response(f"OK - {len(content)}")

    def complete(self, arguments: Arguments) -> dict[str, Any]:
        """Do ``files.completeUploadExternal``; without a channel nobody but the app sees them."""
        asked = arguments["files"]
        if not isinstance(asked, list) or not asked:
            raise Refused("invalid_arguments")
        found = [self.files.get(str(one.get("id"))) for one in asked if isinstance(one, dict)]
        if len(found) != len(asked) or any(
            one is None or one.content is None or one.done_at is not None for one in found
        ):
            raise Refused("file_not_found")
        for one in found:
            assert one is not None
            one.done_at = self._clock.now()
        return {"files": [{"id": one.id, "title": one.name} for one in found if one is not None]}

    def flaws(self, blocks: Sequence[Any]) -> Iterator[str]:
        """Yield what is wrong with the files that *blocks* show."""
        for place, block in enumerate(blocks):
            shown = block.get("slack_file") if isinstance(block, dict) else None
            if shown is None:
                continue
            at = f"[json-pointer:/blocks/{place}/slack_file"
            file = shown.get("id") if isinstance(shown, Mapping) and set(shown) == {"id"} else None
            if not isinstance(file, str) or not _ID.fullmatch(file):
                yield f"input must match regex pattern: ^[F][A-Z0-9]{{8,}}$ {at}/id]"
            elif not self._is_shown(self.files.get(file)):
                yield f"invalid slack file {at}]"

    def _is_shown(self, file: File | None) -> bool:
        if file is None or file.content is None or file.done_at is None:
            return False
        settled = self._clock.now() - file.done_at >= SETTLE
        return settled and file.content.startswith(_IMAGES)
