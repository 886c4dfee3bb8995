"""Files and commits of a GitOps repository: read a branch as one snapshot, commit onto it.

Two GitHub requests change any number of files. The commit names the head it was made from, so a
branch that moved in between refuses it; whoever calls looks again and edits the fresh text.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.adapters.github import gitdata, graph
from bot.adapters.github.addresses import commit_page
from bot.adapters.github.client import GitHub, NoGraphQL
from bot.adapters.github.snapshots import REGULAR, Committed, File, Found, Recent, Snapshot

__all__ = ["Committed", "File", "Found", "GitOps", "Recent", "Snapshot"]

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far GitHub's clock, which dates our commits, may lie behind ours."""


class GitOps:
    """Reads and commits branches of any repository that the login may write."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def page(self, repo: str, sha: str) -> str:
        """Return the web address of a commit."""
        return commit_page(self._github.web, repo, sha)

    def read(self, repo: str, branch: str, files: Sequence[str]) -> Snapshot:
        """Return *branch* as it stands now, with the named *files* and its newest 100 messages.

        One request, but for binary, cut or oddly encoded files, which cost one more each, and for
        servers without GraphQL.

        Raises:
            BranchMissing: the repository has no such branch.
            NotFound: there is no such repository, or we may not see it.
            Rejected: a path is a directory, a symbolic link or a submodule.
        """
        files = tuple(dict.fromkeys(files))
        try:
            return graph.read(self._github, repo, branch, files, self._blob)
        except NoGraphQL:
            return gitdata.read(self._github, repo, branch, files)

    def find(self, repo: str, branch: str, trailer: str, since: datetime) -> Found | None:
        """Return the newest commit on *branch* that has the line *trailer*, or None.

        Commits older than *since* are not looked at; allowance is made for clocks that differ.
        One request for each 100 commits since then.

        Raises:
            BranchMissing: the repository has no such branch.
        """
        since -= CLOCKS_DIFFER
        try:
            return graph.find(self._github, repo, branch, trailer, since)
        except NoGraphQL:
            return gitdata.find(self._github, repo, branch, trailer, since)

    def commit(
        self,
        snapshot: Snapshot,
        files: Mapping[str, bytes],
        headline: str,
        body: str,
        key: str,
    ) -> Committed:
        """Write *files*, all of them read with the *snapshot*, in one commit onto its head.

        *key* must stand in *body*: after a lost answer the commit is found again by it.

        Raises:
            Conflict: the branch has moved, nothing was done: look again, edit the fresh text.
            BranchProtected: the branch takes no direct commits; nothing was done.
            Unavailable: the commit may or may not be there: look for it before writing again.
            ValueError: *key* is not in *body*, a file was not read, or nothing would change.
        """
        if key not in body:
            raise ValueError(f"the commit's message does not name its operation {key}")
        changed = _changed(snapshot, files)
        if all(_is_regular(snapshot.files[path]) for path in changed):
            try:
                return graph.commit(self._github, snapshot, changed, headline, body, key)
            except NoGraphQL:
                pass  # Nothing was done; the way below needs none.
        return gitdata.commit(self._github, snapshot, changed, headline, body)

    def _blob(self, repo: str, sha: str) -> bytes:
        return gitdata.blob(self._github, repo, sha)


def _changed(snapshot: Snapshot, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return those *files* whose bytes are new; one that was not read might be overwritten."""
    if unread := [path for path in files if path not in snapshot.files]:
        raise ValueError(f"not read before writing: {', '.join(unread)}")
    changed = {path: new for path, new in files.items() if new != _bytes(snapshot.files[path])}
    if not changed:
        raise ValueError("nothing would change")
    return changed


def _bytes(file: File | None) -> bytes | None:
    return file.text if file else None


def _is_regular(file: File | None) -> bool:
    """Tell whether GraphQL may write it: it gives every file it writes the regular mode."""
    return file is None or file.mode == REGULAR
