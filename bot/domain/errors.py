"""Every error the bot raises on purpose, sorted by what the caller should do.

* BotError
  - Unavailable   no answer, a timeout, 5xx or a rate limit: make the same call again later
  - Rejected      any other refusal: the same call will fail again, stop and tell
    + Conflict    it changed since we looked: look again, decide again
    + NotFound    the thing is not there, or we may not see it
      · BranchMissing   the repository is there, its branch is not
    + Ambiguous   the name fits several things: ask for a clearer one
    + BranchProtected   the branch takes no direct commits: a rule of its owners
    + Forbidden   we are known, but may not do it
    + Unauthorized   our own token is missing, expired or revoked
  - Garbled       a success that lacks a field we need, or has the wrong shape: distrust

A refusal by policy is not an error. It is a value: ``bot.domain.problems.Problem``.
"""

from datetime import timedelta


class BotError(Exception):
    """*system* failed us while *doing* something.

    *system* is a name people know (``GitHub``, ``Argo CD main``, ``Slack``). *doing* completes
    "could not …". *detail* is a cut, redacted piece of what the system said, or empty.
    """

    def __init__(self, system: str, doing: str, detail: str = "") -> None:
        self.system, self.doing, self.detail = system, doing, detail[:300]
        super().__init__(f"{system} could not {doing}: {self.detail or type(self).__name__}")


class Unavailable(BotError):  # noqa: N818  # the tree is read as what is true
    """No answer, a timeout, 5xx or a rate limit; the effect may or may not have happened.

    *retry_after* is how long the system asked us to stay away; None when it did not say.
    """

    def __init__(
        self, system: str, doing: str, detail: str = "", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(system, doing, detail)
        self.retry_after = retry_after


class Rejected(BotError):  # noqa: N818  # as above
    """The same call will fail again."""


class Conflict(Rejected):
    """The thing changed since we looked at it."""


class NotFound(Rejected):
    """The thing is not there, or hidden from us."""


class BranchMissing(NotFound):
    """The repository is there, but it has no such branch."""


class Ambiguous(Rejected):
    """The name fits several things."""


class BranchProtected(Rejected):
    """The branch takes changes only through pull requests, or another rule forbids this commit."""


class Forbidden(Rejected):
    """We are known, but may not do it."""


class Unauthorized(Rejected):
    """Our own token is missing, expired or revoked."""


class Garbled(BotError):  # noqa: N818  # as above
    """A 2xx answer that lacks a field we need or has it in the wrong shape."""
