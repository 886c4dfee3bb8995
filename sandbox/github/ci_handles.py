"""The handles by which tests and the demo let CI run, fail and recover; no HTTP here."""

from collections.abc import Sequence

from sandbox.github.actions import Annotation, Permission, Work, WorkflowRun
from sandbox.github.actions_api import told_of_run, told_of_suite
from sandbox.github.handles import Handles
from sandbox.github.webhooks import Delivery

ACTIONS = "github-actions"
GREEN = (Work("build"), Work("test"))


class CiHandles(Handles):
    """A world whose CI can be moved from outside."""

    def run_workflow(
        self,
        full_name: str,
        works: Sequence[Work] = GREEN,
        *,
        workflow: str = "ci",
        branch: str | None = None,
        sha: str | None = None,
        by: str = "alice-kim",
        event: str = "push",
        conclusion: str | None = None,
        fork: str | None = None,
        tell: bool = True,
    ) -> WorkflowRun:
        """Let a workflow run to its end on a branch's head, and send its webhook if *tell*.

        *conclusion* ends it otherwise than its jobs do. *fork* is the repository of the branch.
        """
        home = self.repository(full_name)
        on = branch or home.default_branch
        commit = sha or self.head(full_name, on)
        head = self.repository(fork).id if fork else None
        with self.lock:
            suite = self.state.checks.suite(home.id, commit, ACTIONS)
            run = self.state.actions.begin(
                home.id,
                workflow,
                event,
                on,
                commit,
                by,
                self.state.clock.now(),
                suite=suite,
                head=head,
            )
        self.end_workflow(run, works, conclusion=conclusion, tell=tell)
        return run

    def end_workflow(
        self,
        run: WorkflowRun,
        works: Sequence[Work] = GREEN,
        *,
        conclusion: str | None = None,
        tell: bool = True,
    ) -> None:
        """End the attempt that is under way, and send its webhook if *tell*."""
        with self.lock:
            home = self.state.repositories.by_id(run.repository)
        assert home is not None
        reported = {
            self.report_check(home.full_name, run.sha, work.name, conclusion=work.ending).id: work
            for work in works
        }
        with self.lock:
            self.state.actions.end(run, reported, self.state.clock.now(), conclusion)
        if tell:
            self.tell_of_run(run)

    def rerun_workflow(self, run: WorkflowRun, by: str = "alice-kim") -> None:
        """Begin another attempt, as a person does on GitHub's page."""
        with self.lock:
            self.state.actions.again(run, by, self.state.clock.now())

    def tell_of_run(self, run: WorkflowRun, guid: str | None = None) -> Delivery:
        """Send the webhook of a run that has ended."""
        with self.lock:
            payload = told_of_run(self.state, run)
        return self.deliver("workflow_run", payload, guid)

    def end_suite(
        self,
        full_name: str,
        app: str,
        checks: Sequence[tuple[str, str]],
        *,
        branch: str | None = None,
        annotations: Sequence[Annotation] = (),
        tell: bool = True,
    ) -> int:
        """Let another CI system report *checks* (name, conclusion) on a branch's head.

        The *annotations* are those of the first. Return the suite's number; its webhook is sent if
        *tell*.
        """
        home = self.repository(full_name)
        on = branch or home.default_branch
        sha = self.head(full_name, on)
        for index, (name, conclusion) in enumerate(checks):
            made = self.report_check(full_name, sha, name, conclusion=conclusion, suite=app)
            if index == 0:
                with self.lock:
                    self.state.actions.annotations[made.id] = list(annotations)
        with self.lock:
            suite = self.state.checks.suite(home.id, sha, app)
            payload = told_of_suite(self.state, home, suite, app, on, sha)
        if tell:
            self.deliver("check_suite", payload)
        return suite

    def let(self, full_name: str, login: str, permission: str) -> None:
        """Give somebody ``admin``, ``write``, ``read`` or ``none`` in a repository."""
        with self.lock:
            account, home = self.state.accounts.add(login), self.repository(full_name)
            key = (home.id, account.login.lower())
            self.state.actions.collaborators[key] = Permission(permission)
