"""The words in which stories of pull requests are told, of the general guide."""

from bot.domain.operations import Phase
from sandbox.wire import Fault, answer

CODE, GITOPS, FILE = "org/my-app", "org/gitops-repo", "k8s/deployment.yaml"
APPROVE, ANEW, CANCEL = "approve_operation", "ask_anew", "cancel_operation"


def by_bot(text):
    """Return the guide's ``shipmate.yaml`` with pull requests that the bot merges once approved."""
    place = "    deadline: 10m\n"
    assert place in text
    return text.replace(place, f"{place}    change: {{pull_request: {{merge: bot}}}}\n")


def refused(message, status=405):
    """Return GitHub's refusal of a merge."""
    return Fault(answer=lambda: answer({"message": message}, status))


class Pulling:
    """What people do with pull requests in one story, and what they then see."""

    def __init__(self, told):
        self.told, self.slack, self.github, self.world = told, told.slack, told.github, told.world
        self.store = told.store

    # asking

    def version(self, message="fix the login"):
        """Push a new version and return its SHA."""
        number = len(self.github.log(CODE))
        return self.github.push(CODE, "main", {"change.txt": f"{number}\n"}, message=message)

    def asks(self, version=None, because="it is time", by="U0ALICE", override=""):
        """Ask for a deploy; return its id."""
        version = version or self.version()
        reply = self.told.types(f"/deploy my-app {version} prod {override}because {because}", by)
        return self.told.operation(reply).id

    def opens(self, *args, **kwargs):
        """Ask for a deploy; return its id once its pull request waits and the card says so."""
        number = self.asks(*args, **kwargs)
        self.is_open(number)
        return number

    def is_open(self, number):
        def waits():
            operation = self.operation(number)
            assert not operation.phase.ended, operation.problem
            return operation.phase is Phase.MERGING and self.told.card_is_up_to_date(number)

        assert self.world.until(waits, 30), self.told.timeline(number)

    def approves(self, number, by="U0BOB"):
        assert self.world.until(lambda: self.told.waits(number)), self.told.timeline(number)
        return self.clicks(APPROVE, number, by)

    def clicks(self, action, number, by):
        card = self.told.card(number)
        return self.told.reads_after(lambda: self.slack.click(action, by=by, message=card), by)

    # on GitHub

    def operation(self, number):
        return self.store.operation(number)

    def pull(self, number):
        """Return the operation's pull request as GitHub has it."""
        return self.github.pull(GITOPS, self.operation(number).pull.number)

    def merges(self, number, **how):
        return self.github.merge_pull(GITOPS, self.pull(number).number, by="bob-lee", **how)

    def closes(self, number):
        self.github.close_pull(GITOPS, self.pull(number).number, by="bob-lee")

    def tells(self, number, event="pull_request"):
        """Send the webhook that something happened to the operation's pull request."""
        head = {"ref": self.pull(number).head}
        self.github.deliver(event, {"action": "synchronize", "pull_request": {"head": head}})

    def branches(self):
        """Return the names of our branches that stand."""
        refs = self.github.repository(GITOPS).view().refs
        return [name for name in refs if name.startswith("refs/heads/shipmate/")]

    def pulls(self):
        return self.github.state.pulls.of(self.github.repository(GITOPS))

    def edits(self, change, branch="main", message="by hand"):
        """Let somebody push *change* of the manifest's text."""
        text = self.github.file(GITOPS, branch, FILE).decode()
        assert change(text) != text
        return self.github.push(GITOPS, branch, {FILE: change(text)}, message=message)

    def tag(self, branch="main"):
        text = self.github.file(GITOPS, branch, FILE).decode()
        (line,) = [
            one for one in text.splitlines() if "image: my-app:" in one and "note" not in one
        ]
        return line.split("my-app:")[1].split()[0]

    # what came of it

    def ends(self, number, phase):
        ended = self.told.ends_with_id(number)
        assert phase is ended.phase, (ended.problem, self.told.timeline(number))
        return ended

    def shows(self, number, *words):
        """Wait until the operation's card says all *words*; return what it says."""

        def there():
            card = self.told.card(number)
            return card is not None and all(word in card.words for word in words)

        assert self.world.until(there, 30), (words, self.told.card(number).words)
        return self.told.card(number).words
