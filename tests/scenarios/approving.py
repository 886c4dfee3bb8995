"""The words in which stories of approvals are told: ask, click, and read what came of it."""

from contextlib import contextmanager

from bot.domain.operations import Phase

CODE = "pingvas/pingvas-studio"
ORG = "pingvas"
APPROVE, REJECT, ANEW = "approve_operation", "reject_operation", "ask_anew"
DEV_OVERLAY = "apps/overlays/dev/kustomization.yaml"


def with_more_rules(text):
    """Return Pingvas's ``shipmate.yaml`` with rules that production does not have.

    In dev nobody approves what they wrote; ``brief`` waits only some minutes.
    """
    dev = "  dev: {channel: C0DEV, deadline: 10m}\n"
    rule = "approvals: {count: 1, from: [sre], "
    assert dev in text
    text = text.replace(
        dev,
        f"  dev: {{channel: C0DEV, deadline: 10m, {rule}authors: false}}}}\n"
        f"  brief: {{channel: C0DEV, deadline: 10m, {rule}expires: 4m}}}}\n",
    )
    text = text.replace("deploy: {dev:", "deploy: {brief: [developers], dev:")
    before, gallery, after = text.partition("  gallery-service:\n")
    return before + gallery + after.replace("      dev:\n", "      brief:\n", 1)


class Approving:
    """What people do about approvals in one story, and what they then read."""

    def __init__(self, told):
        self.told, self.slack, self.github, self.world = told, told.slack, told.github, told.world
        self.store = told.store

    # asking

    def version(self, branch="main", message="fix the login", author=None):
        """Push a new version and return its SHA; its checks are green and its images there."""
        number = len(self.github.log(CODE, branch))
        files = {"change.txt": f"{number}\n"}
        wrote = {"author": author} if author else {}
        return self.github.push(CODE, branch, files, message=message, **wrote)

    def asks(self, service, by="U0ALICE", environment="prod", version=None, because="it is time"):
        """Ask for a deploy; return its id once the approvers' card stands."""
        if version is None:
            version = self.version("main" if environment == "prod" else "develop")
        reply = self.told.types(f"/deploy {service} {version} {environment} because {because}", by)
        number = self.told.operation(reply).id
        assert self.world.until(lambda: self.told.waits(number)), self.told.timeline(number)
        return number

    # deciding

    def clicks(self, action, number, by):
        """Click *action* on the operation's card; return what *by* alone then reads."""
        card = self.told.card(number)
        return self.reads(lambda: self.slack.click(action, by=by, message=card), by)

    def approves(self, number, by="U0BOB"):
        return self.clicks(APPROVE, number, by)

    def rejects(self, number, reason, by="U0BOB"):
        """Click Reject, say why; return what *by* then reads."""
        self.slack.click(REJECT, by=by, message=self.told.card(number))
        assert self.world.until(lambda: self.slack.modal(by) is not None, 20)
        return self.reads(lambda: self.slack.submit(by=by, reason=reason), by)

    def reads(self, act, by):
        """Return what *by* alone reads once *act* is done, as one line."""
        return plain(self.told.reads_after(act, by))

    def says(self, text, by):
        """Type *text*; return the answer that follows the first one."""
        first = len(self.slack.ephemerals(by))
        self.told.types(text, by=by)
        assert self.world.until(lambda: len(self.slack.ephemerals(by)) > first + 1, 20)
        return plain(self.slack.ephemerals(by)[-1].words)

    # what came of it

    def phase(self, number):
        return self.store.operation(number).phase

    def still_waits(self, number):
        return self.phase(number) is Phase.AWAITING and APPROVE in self.told.buttons(number)

    def shows(self, number, *words):
        """Wait until the operation's card says all *words*."""

        def shown():
            card = self.told.card(number)
            return plain(card.words) if card is not None else ""

        there = self.world.until(lambda: all(word in shown() for word in words), 30)
        assert there, ([word for word in words if word not in shown()], shown())
        return shown()

    def refusal(self, number):
        """Wait for the operation's end, which is a refusal; return why."""
        ended = self.told.ends_with_id(number)
        assert Phase.REFUSED is ended.phase, self.told.timeline(number)
        return ended.problem.reason

    def reads_in_person(self, user, *words):
        """Wait until the bot has told *user* in private something with all *words*."""

        def found():
            said = (plain(one.words) for one in self.slack.dm(user))
            return [one for one in said if all(word in one for word in words)]

        assert self.world.until(lambda: found() != [], 20), words
        return found()[-1]

    def ours(self, number):
        """Return the commit messages that the operation made."""
        trailer = f"Shipmate-Operation: {number}\n"
        return [message for _, message in self.told.commits() if trailer in f"{message}\n"]

    def knows_the_authors(self):
        """Let dev run a commit that its tag names: of ``develop-latest`` nobody knows who wrote."""
        tag = f"develop-{self.world.sha(CODE, 'develop')[:7]}"
        gitops = self.told.system.gitops
        text = self.github.file(gitops, "main", DEV_OVERLAY).decode()
        self.github.push(
            gitops, "main", {DEV_OVERLAY: text.replace("develop-latest\n", f"{tag}\n", 1)}
        )
        assert self.world.until(lambda: tag in str(self.told.argocd.application("pingvas-dev")))

    # the world moves

    def file(self, service):
        return f"apps/overlays/prod/{service}/kustomization.yaml"

    def edits(self, service, change, message="by hand"):
        """Let somebody push *change* of the text of the service's production file."""
        path = self.file(service)
        text = self.github.file(self.told.system.gitops, "main", path).decode()
        assert change(text) != text
        self.github.push(self.told.system.gitops, "main", {path: change(text)}, message=message)

    def tag(self, service):
        path = self.file(service)
        text = self.github.file(self.told.system.gitops, "main", path).decode()
        (line,) = [line for line in text.splitlines() if "newTag:" in line]
        return line.split("newTag:")[1].split("#")[0].strip().strip("\"'")

    @contextmanager
    def approved_and_in_line(self, service, number_of=None):
        """Yield the id of an approved deploy that waits for one before it; then let both go on.

        The one before is Carol's, who breaks the glass; its commit stands already.
        """
        application = f"{service}-prod"
        self.told.argocd.stuck_operation(application)
        text = f"/deploy {service} {self.version()} prod override because it burns"
        first = self.told.operation(self.told.types(text, by="U0CAROL")).id
        assert self.world.until(lambda: self.store.operation(first).written is not None)
        number = self.asks(service, **(number_of or {}))
        assert "Approved by you" in self.approves(number)
        assert self.world.until(lambda: self.phase(number) is Phase.QUEUED, 20)
        yield number
        self.told.argocd.stuck_operation(application, on=False)
        self.told.ends_with_id(first)


def plain(text):
    """Return *text* as one line, without what only marks code."""
    return " ".join(text.replace("`", "").split())
