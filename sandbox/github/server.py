"""The fake GitHub as a server: its routes, and the handles by which tests move its world."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox.github import (
    access,
    checks,
    commits,
    contents,
    git_data,
    limits,
    pulls,
    teams,
    webhooks,
)
from sandbox.github.access import App, Installation, Token
from sandbox.github.accounts import Account
from sandbox.github.checks import CheckRun, CommitStatus
from sandbox.github.graphql import checked, is_mutation, run
from sandbox.github.limits import STRANGER, Wording
from sandbox.github.mutations import Mutation
from sandbox.github.nodes import Asking, Query
from sandbox.github.objects import Commit, Person
from sandbox.github.pulls import Pull
from sandbox.github.repositories import Repository, View
from sandbox.github.rest import Asked, Refused, Route, conditional, missing
from sandbox.github.state import State, Time
from sandbox.github.teams import Membership, Team
from sandbox.github.webhooks import Delivery
from sandbox.wire import Wire, answer

ROUTES: tuple[Route, ...] = (
    *access.ROUTES,
    *limits.ROUTES,
    *teams.ROUTES,
    *webhooks.ROUTES,
    *contents.ROUTES,
    *commits.ROUTES,
    *checks.ROUTES,
    *git_data.ROUTES,
    *pulls.ROUTES,
)
SOMEBODY = ("Somebody Else", "somebody@example.com")


class GitHub(Wire):
    """GitHub Enterprise-like addresses on loopback over real bare repositories below *root*.

    REST is under ``/api/v3``, GraphQL at ``/api/graphql``. *clock* dates commits, limits and
    reports; tokens expire by real time, because clients renew them by real time.
    """

    def __init__(self, root: Path, clock: Time) -> None:
        super().__init__("github")
        self.state = State(root, clock, lambda: self.url, self.lock)
        for route in ROUTES:
            handler = partial(self._rest, route)
            if route.of_repository:
                rule = f"/api/v3/repos/<owner>/<repository>{route.rule}"
                self.route(route.name, [route.method], rule, handler)
                rule = f"/api/v3/repositories/<int:repository_id>{route.rule}"
                self.route(route.name, [route.method], rule, handler)
            else:
                self.route(route.name, [route.method], f"/api/v3{route.rule}", handler)
        self.route("graphql", ["POST"], "/api/graphql", self._graphql)

    @property
    def api_url(self) -> str:
        """Return what a client is given as the API's base URL."""
        return self.state.api

    def stop(self) -> None:
        """Stop listening and end every reading process."""
        super().stop()
        for repository in self.state.repositories.all():
            repository.close()

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
        repository = self.repository(full_name)
        if message is not None:
            by = "tagger Somebody <somebody@example.com> 0 +0000"
            text = f"object {sha}\ntype commit\ntag {name}\n{by}\n\n{message}"
            sha = repository.objects.write("tag", text.encode())
        assert repository.move(f"refs/tags/{name}", sha, None), name

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
    ) -> Installation:
        """Install an App whose JWTs *public_key* (PEM) checks; *repositories* None: all of them."""
        with self.lock:
            bot = self.state.accounts.add(f"{slug}[bot]", "Bot")
            app = self.state.access.apps.setdefault(app_id, App(app_id, slug, public_key, bot))
            chosen = None if repositories is None else frozenset(repositories)
            made = Installation(installation_id, app, dict(permissions), chosen)
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
            token = Token(value, account, permissions, repositories=chosen)
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

    # serving

    def unknown(self, request: Request, missing: HTTPException) -> Response:  # noqa: ARG002
        """Answer what is no route as GitHub does."""
        return Refused(404, "Not Found").response()

    def _rest(self, route: Route, request: Request, **words: Any) -> Response:
        whose = STRANGER
        try:
            self._secondary(request)
            token = self._token(route, request)
            whose = token.whose if token else STRANGER
            if not (route.free or route.jwt):
                self._spend(request, whose)
            response = self._answered(route, request, token, words)
        except Refused as refused:
            response = refused.response()
        if response.status_code == 304:
            with self.lock:
                self.state.limits.give_back(whose)
        return self._signed(response, "core", whose)

    def _secondary(self, request: Request) -> None:
        with self.lock:
            self.state.limits.secondary(request)

    def _spend(self, request: Request, whose: str) -> None:
        with self.lock:
            self.state.limits.spend(whose)
            if request.method not in {"GET", "HEAD"}:
                self.state.limits.write()

    def _token(self, route: Route, request: Request) -> Token | None:
        if route.jwt:
            return None
        with self.lock:
            return self.state.access.token(request, self.state.wall.now())

    def _answered(
        self, route: Route, request: Request, token: Token | None, words: Mapping[str, Any]
    ) -> Response:
        home = None
        if route.of_repository:
            home = self._home(words, token)
            if home is None:
                return self._moved(request, words, token)
        if route.needs and token is None:
            raise Refused(401, "Requires authentication")
        if route.needs and token is not None and not token.may(*route.needs):
            raise Refused(403, token.refusal())
        response = route.answering(self.state, Asked(request, token, words, home))
        return conditional(request, response)

    def _home(self, words: Mapping[str, Any], token: Token | None) -> Repository | None:
        with self.lock:
            if "repository_id" in words:
                found = self.state.repositories.by_id(words["repository_id"])
            else:
                full_name = f"{words['owner']}/{words['repository']}"
                found = self.state.repositories.get(full_name)
        visible = found is not None and token is not None and token.sees(found.full_name)
        return found if visible else None

    def _moved(self, request: Request, words: Mapping[str, Any], token: Token | None) -> Response:
        """Answer for a repository under a former name; the query is not carried over."""
        full_name = f"{words.get('owner')}/{words.get('repository')}"
        with self.lock:
            now = self.state.repositories.former(full_name)
        if now is None or token is None or not token.sees(now.full_name):
            raise missing()
        tail = request.path.partition(f"/repos/{full_name}")[2]
        url = f"{self.state.api}/repositories/{now.id}{tail}"
        read = request.method in {"GET", "HEAD"}
        message = "Moved Permanently" if read else "Temporary Redirect"
        body = {"message": message, "url": url}
        return answer(body, 301 if read else 307, {"Location": url})

    def _signed(self, response: Response, bucket: str, whose: str) -> Response:
        with self.lock:
            response.headers.extend(self.state.limits.headers(bucket, whose))
            response.headers["X-GitHub-Request-Id"] = f"FAKE:{len(self.calls)}"
        response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        return response

    def _graphql(self, request: Request) -> Response:
        whose = STRANGER
        try:
            self._secondary(request)
            with self.lock:
                token = self._known(request)
                whose = token.whose
                spent = self.state.limits.spend_point(whose)
            body = spent if spent is not None else self._executed(request, token)
            response = answer(body)
        except Refused as refused:
            response = refused.response()
        return self._signed(response, "graphql", whose)

    def _known(self, request: Request) -> Token:
        token = self.state.access.token(request, self.state.wall.now())
        if token is None:
            raise Refused(401, "This endpoint requires you to be authenticated.")
        return token

    def _executed(self, request: Request, token: Token) -> dict[str, Any]:
        asked = Asked(request, token, {}).body()
        query = asked.get("query")
        if not isinstance(query, str):
            raise Refused(400, "A query attribute must be specified and must be a string.")
        asking = Asking(self.state, token)
        document, _ = checked(query)
        writes = document is not None and is_mutation(document)
        if writes:
            with self.lock:
                self.state.limits.write()
        root = Mutation(asking) if writes else Query(asking)
        return run(query, asked.get("variables") or {}, root, asking, self._strange)

    def _strange(self, what: str) -> None:
        with self.lock:
            self.strange.append(f"{self.name}: {what}")


def mutates(request: Request) -> bool:
    """Tell whether a request to ``graphql`` holds a mutation; for faults that wait for a write."""
    try:
        document, _ = checked(json.loads(request.data)["query"])
    except (ValueError, KeyError, TypeError):
        return False
    return document is not None and is_mutation(document)


def reads(request: Request) -> bool:
    """Tell whether a request to ``graphql`` only reads."""
    return not mutates(request)
