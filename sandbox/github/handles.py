"""The handles by which tests and the demo move the fake GitHub's world; no HTTP here."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request

from sandbox.github import pulls
from sandbox.github.access import App, Installation, Token
from sandbox.github.accounts import Account
from sandbox.github.checks import CheckRun, CommitStatus
from sandbox.github.limits import Wording
from sandbox.github.objects import Commit, Person
from sandbox.github.pulls import Pull
from sandbox.github.repositories import Repository, View
from sandbox.github.state import State, Time
from sandbox.github.teams import Membership, Team
from sandbox.github.webhooks import Delivery
from sandbox.wire import Wire

SOMEBODY = ("Somebody Else", "somebody@example.com")


class Handles(Wire):
    """A world below *root* that can be changed from outside; what serves it builds on this."""

    def __init__(self, root: Path, clock: Time) -> None:
        super().__init__("github")
        self.state = State(root, clock, lambda: self.url, self.lock)

    # repositories

    def create_repository(
        self,
        full_name: str,
        files: Mapping[str, bytes | str],
        *,
        branch: str = "main",
        executable: Collection[str] = (),
        message: str = "Initial commit",
    ) -> str:
        """Make a repository with a first commit of *files* and return its id; "" without files."""
        with self.lock:
            self.state.accounts.add(full_name.partition("/")[0], "Organization")
            repository = self.state.repositories.create(full_name, branch)
        if not files:
            return ""
        author = self._person(SOMEBODY, None)
        entries = repository.entries(files, None, executable)
        sha = repository.commit(entries, message, author, author, onto=None)
        assert repository.move(f"refs/heads/{branch}", sha, None)
        return sha

    def adopt(self, full_name: str, source: Path, *, branch: str = "main") -> str:
        """Make a repository with the branches and tags of a clone; return the head of *branch*."""
        self.create_repository(full_name, {}, branch=branch)
        self.repository(full_name).fetch(source)
        return self.head(full_name, branch)

    def repository(self, full_name: str) -> Repository:
        """Return a repository; KeyError when there is none of that name now."""
        found = self.state.repositories.get(full_name)
        if found is None:
            raise KeyError(full_name)
        return found

    def path(self, full_name: str) -> Path:
        """Return where the bare repository lies, for git itself."""
        return self.repository(full_name).path

    def push(
        self,
        full_name: str,
        branch: str,
        files: Mapping[str, bytes | str | None],
        *,
        message: str = "A change by somebody else",
        author: tuple[str, str] = SOMEBODY,
        when: datetime | None = None,
    ) -> str:
        """Commit *files* (None removes) onto the branch as it is now; return the commit's id."""
        repository = self.repository(full_name)
        person = self._person(author, when)
        with repository.lock:
            head = repository.head(branch)
            tree = repository.objects.commit(head).tree if head else None
            entries = repository.entries(files, tree, ())
            sha = repository.commit(entries, message, person, person, onto=head)
            assert repository.move(f"refs/heads/{branch}", sha, head)
        for tell in self.state.when_pushed:
            tell(full_name, branch, sha)
        self.touch()
        return sha

    def head(self, full_name: str, branch: str = "main") -> str:
        """Return a branch's head; KeyError when there is no such branch."""
        found = self.repository(full_name).head(branch)
        if found is None:
            raise KeyError(f"{full_name} has no branch {branch}")
        return found

    def file(self, full_name: str, ref: str, path: str) -> bytes:
        """Return a file's bytes at a branch, tag or commit; KeyError when it is not there."""
        repository = self.repository(full_name)
        commit = repository.objects.commit(self._commit(full_name, ref))
        entry = repository.objects.at(commit.tree, path)
        if entry is None:
            raise KeyError(f"{full_name} has no {path} at {ref}")
        return repository.objects.blob(entry.sha)

    def mode(self, full_name: str, ref: str, path: str) -> str:
        """Return a file's mode as git writes it: ``100644`` or ``100755``."""
        repository = self.repository(full_name)
        commit = repository.objects.commit(self._commit(full_name, ref))
        entry = repository.objects.at(commit.tree, path)
        if entry is None:
            raise KeyError(f"{full_name} has no {path} at {ref}")
        return f"{entry.mode:06o}"

    def log(self, full_name: str, ref: str = "main") -> list[Commit]:
        """Return the commits reachable from *ref*, newest first."""
        repository = self.repository(full_name)
        return list(repository.history(self._commit(full_name, ref)))

    def create_branch(self, full_name: str, branch: str, start: str = "main") -> None:
        """Make a branch at what *start* names."""
        sha = self._commit(full_name, start)
        assert self.repository(full_name).move(f"refs/heads/{branch}", sha, None), branch

    def delete_branch(self, full_name: str, branch: str) -> None:
        """Remove a branch."""
        sha = self.head(full_name, branch)
        assert self.repository(full_name).move(f"refs/heads/{branch}", None, sha), branch

    def tag(self, full_name: str, name: str, sha: str, message: str | None = None) -> None:
        """Make a tag; an annotated one when it has a *message*."""
        repository, commit = self.repository(full_name), sha
        if message is not None:
            by = "tagger Somebody <somebody@example.com> 0 +0000"
            text = f"object {sha}\ntype commit\ntag {name}\n{by}\n\n{message}"
            sha = repository.objects.write("tag", text.encode())
        assert repository.move(f"refs/tags/{name}", sha, None), name
        for tell in self.state.when_tagged:
            tell(full_name, name, commit)

    def force(self, full_name: str, branch: str, sha: str) -> None:
        """Point a branch anywhere, as a force push does."""
        repository = self.repository(full_name)
        with repository.lock:
            assert repository.move(f"refs/heads/{branch}", sha, repository.head(branch)), branch
        self.touch()

    def protect(self, full_name: str, branch: str = "main", *, ruleset: bool = False) -> None:
        """Let a branch change only through pull requests."""
        self.repository(full_name).protected[branch] = ruleset

    def unprotect(self, full_name: str, branch: str = "main") -> None:
        """Let a branch be written directly again."""
        self.repository(full_name).protected.pop(branch, None)

    def rename(self, old: str, new: str) -> None:
        """Rename a repository: from now on reads of the old name get 301, writes 307."""
        with self.lock:
            self.state.repositories.rename(old, new)

    def stale(
        self, full_name: str, *, calls: int | None = None, seconds: float | None = None
    ) -> None:
        """Let reads see the references as they are now, for so many reads or clock seconds."""
        span = None if seconds is None else timedelta(seconds=seconds)
        self.repository(full_name).lag(calls, span)

    def _commit(self, full_name: str, ref: str) -> str:
        repository = self.repository(full_name)
        found = View(repository, repository.refs()).commit(ref)
        if found is None:
            raise KeyError(f"{full_name} has no {ref}")
        return found

    def _person(self, who: tuple[str, str], when: datetime | None) -> Person:
        return Person(*who, when or self.state.clock.now())

    # people and teams

    def add_user(
        self,
        login: str,
        *,
        number: int | None = None,
        name: str | None = None,
        email: str | None = None,
    ) -> Account:
        """Make a user; *number* is the id that outlives a change of login."""
        with self.lock:
            return self.state.accounts.add(login, number=number, name=name, email=email)

    def rename_user(self, old: str, new: str) -> None:
        """Give a user another login."""
        with self.lock:
            self.state.accounts.rename(old, new)

    def add_organization(self, login: str, owners: Sequence[str] = ()) -> Account:
        """Make an organization, or add to its owners."""
        with self.lock:
            organization = self.state.accounts.add(login, "Organization")
            organization.owners |= {owner.lower() for owner in owners}
            return organization

    def add_team(
        self,
        org: str,
        slug: str,
        members: Sequence[str] = (),
        *,
        parent: str | None = None,
        privacy: str = "closed",
    ) -> Team:
        """Make a team with active *members*, nested in *parent* if that is given."""
        with self.lock:
            self.state.accounts.add(org, "Organization")
            above = self.state.teams.get(org, parent) if parent else None
            assert (above is None) == (parent is None), f"{org} has no team {parent}"
            team = self.state.teams.add(org, slug, slug.replace("-", " ").title(), above, privacy)
            for login in members:
                self.add_member(org, slug, login)
            return team

    def add_member(
        self, org: str, slug: str, login: str, *, role: str = "member", state: str = "active"
    ) -> None:
        """Put somebody into a team; *state* ``pending`` is an invitation not yet accepted."""
        with self.lock:
            account = self.state.accounts.add(login)
            team = self.state.teams.get(org, slug)
            assert team is not None, f"{org} has no team {slug}"
            team.members[login.lower()] = Membership(account.login, role, state)

    def remove_member(self, org: str, slug: str, login: str) -> None:
        """Take somebody out of a team."""
        with self.lock:
            team = self.state.teams.get(org, slug)
            assert team is not None, f"{org} has no team {slug}"
            del team.members[login.lower()]

    def remove_team(self, org: str, slug: str) -> None:
        """Delete a team and those nested in it."""
        with self.lock:
            self.state.teams.remove(org, slug)

    # checks

    def report_check(
        self,
        full_name: str,
        sha: str,
        name: str,
        status: str = "completed",
        conclusion: str | None = "success",
        *,
        started: datetime | None = None,
        suite: str = "github-actions",
        url: str = "",
    ) -> CheckRun:
        """Report a check run on a commit; one of the same name and *suite* is a re-run."""
        number, at = self.repository(full_name).id, started or self.state.clock.now()
        with self.lock:
            return self.state.checks.add_run(
                number, sha, name, status, conclusion, at, suite=suite, url=url
            )

    def forget_checks(self, full_name: str, sha: str) -> None:
        """Let a commit be one that nothing was ever reported on."""
        number = self.repository(full_name).id
        with self.lock:
            self.state.checks.forget(number, sha)

    def report_status(
        self,
        full_name: str,
        sha: str,
        context: str,
        state: str = "success",
        *,
        description: str = "",
        url: str = "",
    ) -> CommitStatus:
        """Report a commit status."""
        number = self.repository(full_name).id
        with self.lock:
            return self.state.checks.add_status(
                number, sha, context, state, self.state.clock.now(), description, url
            )

    def open_pull(
        self, full_name: str, head: str, base: str = "main", *, title: str = "A change", by: str
    ) -> Pull:
        """Open a pull request as the user *by*."""
        words = {"head": head, "base": base, "title": title}
        return pulls.open_pull(self.state, self.repository(full_name), self.add_user(by), words)

    def pull(self, full_name: str, number: int) -> Pull:
        """Return a pull request as it stands."""
        found = self.state.pulls.get(self.repository(full_name), number)
        assert found is not None, number
        return found

    def merge_pull(
        self, full_name: str, number: int, *, by: str, method: str = "merge", tell: bool = True
    ) -> str:
        """Merge a pull request as the user *by*, on the page; return the branch's new commit.

        Without *tell* the webhook is lost on its way.
        """
        home, pull = self.repository(full_name), self.pull(full_name, number)
        words = {"merge_method": method}
        sha = pulls.merge_pull(self.state, home, pull, self.add_user(by), words)
        self.touch()
        if tell:
            self._tell_of(home, pull)
        return sha

    def close_pull(self, full_name: str, number: int, *, by: str) -> None:
        """Close a pull request as the user *by*, on the page."""
        home, pull = self.repository(full_name), self.pull(full_name, number)
        pulls.close_pull(self.state, home, pull, self.add_user(by))
        self.touch()
        self._tell_of(home, pull)

    def _tell_of(self, home: Repository, pull: Pull) -> None:
        """Send the webhook of a pull request that has ended, where somebody subscribed."""
        if self.state.webhooks.url is not None:
            shown = pulls.shown(self.state, home, pull)
            repository = {"full_name": home.full_name}
            payload = {"action": "closed", "pull_request": shown, "repository": repository}
            self.deliver("pull_request", payload)

    # credentials

    def add_app(
        self,
        app_id: int,
        public_key: str,
        installation_id: int,
        permissions: Mapping[str, str],
        *,
        slug: str = "shipmate",
        repositories: Collection[str] | None = None,
        events: Collection[str] = (),
    ) -> Installation:
        """Install an App whose JWTs *public_key* (PEM) checks; *repositories* None: all of them.

        The App is registered with the *permissions* and *events* that its installation has.
        """
        with self.lock:
            bot = self.state.accounts.add(f"{slug}[bot]", "Bot")
            heard = frozenset(events)
            fresh = App(app_id, slug, public_key, bot, dict(permissions), heard)
            app = self.state.access.apps.setdefault(app_id, fresh)
            chosen = None if repositories is None else frozenset(repositories)
            made = Installation(installation_id, app, dict(permissions), chosen, events=heard)
            self.state.access.installations[installation_id] = made
            return made

    def add_token(
        self,
        value: str,
        login: str,
        permissions: Mapping[str, str] | None = None,
        *,
        repositories: Collection[str] | None = None,
    ) -> Token:
        """Make a personal token of a user; *permissions* None: it may do everything."""
        with self.lock:
            chosen = None if repositories is None else frozenset(repositories)
            account = self.state.accounts.add(login)
            classic = value.startswith("ghp_") and permissions is None
            scopes = ("read:org", "repo") if classic else None
            token = Token(value, account, permissions, repositories=chosen, scopes=scopes)
            self.state.access.tokens[value] = token
            return token

    def tokens(self) -> list[Token]:
        """Return every token that was ever made, oldest first."""
        with self.lock:
            return list(self.state.access.tokens.values())

    def revoke(self, value: str | None = None) -> None:
        """Let a token (None: every one made so far) be refused from now on."""
        for token in self._chosen(value):
            token.revoked = True

    def expire(self, value: str | None = None) -> None:
        """Let a token (None: every one made so far) have expired."""
        for token in self._chosen(value):
            token.expires = self.state.wall.now()

    def _chosen(self, value: str | None) -> list[Token]:
        with self.lock:
            return self.tokens() if value is None else [self.state.access.tokens[value]]

    def grant(self, installation_id: int, permissions: Mapping[str, str]) -> None:
        """Change what an installation, and every token of it, may do."""
        with self.lock:
            installation = self.state.access.installations[installation_id]
            installation.permissions = dict(permissions)
            for token in self.state.access.tokens.values():
                if token.installation is installation:
                    token.permissions = installation.permissions

    def suspend(self, installation_id: int) -> None:
        """Suspend an installation: its tokens end and no new one is made."""
        with self.lock:
            installation = self.state.access.installations[installation_id]
            installation.suspended = True
            for token in self.state.access.tokens.values():
                token.revoked = token.revoked or token.installation is installation

    def allow_device_flow(self, client_id: str, *, enabled: bool = True) -> None:
        """Register an App by its client id; *enabled*: it may use the device flow."""
        with self.lock:
            self.state.device_flows.clients[client_id] = enabled

    def approve_device(self, user_code: str, login: str) -> None:
        """Let a person type *user_code* on GitHub's page and authorize; KeyError: no such code."""
        with self.lock:
            flow = self.state.device_flows.of_user(user_code)
            flow.person = self.state.accounts.add(login)

    def deny_device(self, user_code: str) -> None:
        """Let a person type *user_code* on GitHub's page and cancel; KeyError: no such code."""
        with self.lock:
            self.state.device_flows.of_user(user_code).denied = True

    # limits

    def rate_limit(
        self,
        bucket: str = "core",
        *,
        remaining: int = 0,
        resets: timedelta = timedelta(hours=1),
        status: int = 403,
        wording: Wording = Wording.RATE_LIMITED,
    ) -> None:
        """Leave everybody *remaining* of ``core`` or ``graphql`` until *resets* from now."""
        with self.lock:
            self.state.limits.status, self.state.limits.wording = status, wording
            self.state.limits.leave(bucket, remaining, resets)

    def secondary_limit(
        self,
        *,
        status: int = 403,
        retry_after: int | None = None,
        times: int | None = 1,
        when: Callable[[Request], bool] | None = None,
    ) -> None:
        """Refuse the next *times* requests (None: all) for which *when* holds as too many."""
        with self.lock:
            self.state.limits.arm(status, retry_after, times, when or (lambda _request: True))

    def content_limit(self, per_minute: int | None = 80) -> None:
        """Refuse more writes than this in a minute; GitHub's number is 80, None lifts it.

        Source: GitHub Docs, "Rate limits for the REST API", secondary limits.
        """
        with self.lock:
            self.state.limits.per_minute = per_minute

    def lift_limits(self) -> None:
        """Forget every limit."""
        with self.lock:
            self.state.limits.lift()

    # webhooks

    def subscribe(self, url: str, secret: str) -> None:
        """Send webhooks to *url*, signed by *secret*."""
        with self.lock:
            self.state.webhooks.url, self.state.webhooks.secret = url, secret

    def deliver(self, event: str, payload: Mapping[str, Any], guid: str | None = None) -> Delivery:
        """Send one webhook now and return the attempt; a *guid* given again is a redelivery."""
        return self.state.webhooks.deliver(event, payload, self.state.clock.now(), guid)

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send a webhook again under its GUID, as a person does on GitHub's page."""
        return self.state.webhooks.redeliver(delivery, self.state.clock.now())
