"""What people and other systems do all the time, whichever replica is there to hear it."""

import json
import threading
from collections import Counter

import httpx
import sqlalchemy as sa

from bot.domain.operations import Phase
from bot.messages.approval_card import APPROVE
from bot.operations.sql.tables import deliveries
from sandbox.github.actions import Work
from sandbox.world import ARGOCD_WEBHOOK_TOKEN, GITHUB_WEBHOOK_SECRET
from tests.chaos.ground import BRANCH, CODE, ENVIRONMENTS, SERVICES

ALICE, BOB, CAROL = "U0ALICE", "U0BOB", "U0CAROL"
WEIGHTS = {
    "deploy": 26,
    "approve": 22,
    "promote": 16,
    "rollback": 9,
    "lock": 4,
    "freeze": 2,
    "cancel": 2,
    "CI": 10,
    "Argo CD": 6,
    "drift": 3,
}
WORKFLOWS = ("unit", "e2e", "lint")
TRIES = 2400
FOLLOWS = "the answer follows here"
"""What the first part of an answer in two says."""

PATIENCE = 4.0
"""Seconds that somebody waits for the second part of an answer."""

LASTING = ("/ship lock", "/ship unlock", "/ship freeze", "/ship unfreeze")

LAST = 240.0
"""Seconds after which what lasts must have been answered, although takers die, too."""

BROKEN = Work("test", fails_at="Run make test", says=("1 failed",))


class People:
    """They do one thing after the other, by *chance*, and again where nobody answered."""

    def __init__(self, world, store, database, replicas, chance, pace):
        self._world, self._store, self._replicas = world, store, replicas
        self._database = database
        self._chance, self._pace = chance, pace
        self._ends = []  # what is to be taken back, as (act number, words, by)
        self._red = set()
        self._told = dict.fromkeys(WORKFLOWS)  # by workflow: the delivery of its newest run
        self.heard = []  # what was typed, and what the person read
        self.done = Counter()
        self.again = 0  # what had to be said once more
        self.unanswered = []  # what nobody ever answered
        self.episodes = Counter()  # by workflow: failures that began
        self._versions = []
        self._old = world.sha(CODE, BRANCH)
        self._rest = threading.Event()  # never set
        self._push()

    def settle_in(self):
        """Bring one version everywhere: something to promote, and to go back to."""
        everything = ",".join(SERVICES)
        self._until_live(f"/deploy {everything} {self._versions[0]} dev")
        for where in ("staging", "prod"):
            self._until_live(f"/promote {everything} {where}")
        self._push()

    def _until_live(self, text):
        self._say(text, ALICE)

        def is_live():
            self.approve_what_waits()
            return self._store.latest(limit=1)[0].phase.ended

        assert self._world.until(is_live, 300), text
        (newest,) = self._store.latest(limit=1)
        assert newest.phase is Phase.LIVE, newest.problem

    def act(self, number):
        """Do the next thing."""
        for due in [one for one in self._ends if one[0] <= number]:
            self._ends.remove(due)
            self._say(due[1], due[2])
        kind = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        getattr(self, f"_{kind.replace(' ', '_').lower()}")(number)
        self.done[kind] += 1
        self._rest.wait(self._pace)

    def finish(self):
        """Take back what still stands."""
        for _, words, by in self._ends:
            self._say(words, by)
        self._ends.clear()
        for workflow in sorted(self._red):
            self._run(workflow, red=False)

    def approve_what_waits(self):
        """Say yes to whatever waits for it."""
        for operation in self._store.under_way():
            if operation.phase is Phase.AWAITING:
                self._click(operation)

    # the acts

    def _deploy(self, number):
        if number % 3 == 0:
            self._push()
        some = self._chance.sample(SERVICES, 2 if self._chance.random() < 0.15 else 1)
        version = self._chance.choice(self._versions[-2:])
        self._say(f"/deploy {','.join(some)} {version[:10]} dev", self._chance.choice((ALICE, BOB)))

    def _approve(self, number):
        waiting = [one for one in self._store.under_way() if one.phase is Phase.AWAITING]
        if not waiting:
            self._promote(number)
            return
        self._click(self._chance.choice(waiting))

    def _promote(self, _number):
        where = self._chance.choice(("staging", "prod", "prod"))
        self._say(f"/promote {self._chance.choice(SERVICES)} {where}", ALICE)

    def _rollback(self, _number):
        service, where = self._chance.choice(SERVICES), self._chance.choice(ENVIRONMENTS)
        self._say(f"/rollback {service} {where} because of chaos", ALICE)

    def _lock(self, number):
        service = self._chance.choice(SERVICES)
        self._say(f"/ship lock {service} staging for 8h because of chaos", CAROL)
        self._ends.append((number + 5, f"/ship unlock {service} staging", CAROL))

    def _freeze(self, number):
        self._say("/ship freeze staging for 8h because of chaos", BOB)
        self._ends.append((number + 4, "/ship unfreeze staging", BOB))

    def _cancel(self, _number):
        if under_way := self._store.under_way():
            self._say(f"/ship cancel {self._chance.choice(under_way).id}", ALICE)

    def _drift(self, _number):
        self._say("/ship drift", BOB)

    def _ci(self, _number):
        workflow = self._chance.choice(WORKFLOWS)
        self._run(workflow, red=workflow not in self._red or self._chance.random() < 0.3)

    def _argo_cd(self, _number):
        name = self._chance.choice(self._world.system.applications).name
        document = self._world.argocd.application(name)["metadata"]
        body = {
            "v": 1,
            "instance": "main",
            "event": "degraded",
            "name": name,
            "ns": "argocd",
            "uid": document["uid"],
            "rv": document["resourceVersion"],
            "project": "p",
            "op": None,
        }
        self._until_heard(lambda url: _notified(url, body))

    # by whom it is heard

    def _until_heard(self, tell):
        """Bring it to one of the replicas, again until one has taken it."""
        for attempt in range(TRIES):
            url = self._replicas.pick()
            if url is not None and tell(url):
                self.again += attempt
                return
            self._rest.wait(0.25)
        raise AssertionError(f"nobody has heard anything for long: {self.heard[-3:]}")

    def _say(self, text, by):
        """Type *text*; who reads that nobody answered types it again.

        What changes something and is answered in two parts is typed once: whoever takes over after
        a death says the second one. What only asks is asked again, and what an older release heard.
        """
        lasts = text.startswith(LASTING) and not self._replicas.are_older

        def tell(url):
            self._world.slack.connect(url)
            seen = len(self._world.slack.ephemerals(by))
            reply = self._world.slack.type(text, by=by, channel="C0DEPLOY")
            self.heard.append(f"{by} {text}: {reply.error or reply.words[:300]!r}")
            if reply.error is not None or "try again" in reply.words.lower():
                return False
            answered = lambda: len(self._world.slack.ephemerals(by)) >= seen + 2  # noqa: E731
            if FOLLOWS not in reply.words:
                return True
            if not lasts:
                return self._world.until(answered, PATIENCE)
            if not self._world.until(answered, LAST):
                self.unanswered.append(f"{text} of {by}")
            return True

        self._until_heard(tell)

    def _click(self, operation):
        """Click Approve, once the card is there; Slack shows a warning where nobody answered."""

        def tell(url):
            known = self._store.operation(operation.id)
            card = self._card(operation)
            if known.phase is not Phase.AWAITING:
                return True
            if card is None:
                return False
            self._world.slack.connect(url)
            by = CAROL if known.request.requester == BOB else BOB
            try:
                return self._world.slack.click(APPROVE, by=by, message=card).error is None
            except LookupError:  # the button went away in this moment
                return False

        self._until_heard(tell)

    def _card(self, operation):
        for card in self._world.slack.cards():
            if card.metadata["event_payload"]["key"] == operation.key:
                return card if APPROVE in json.dumps(card.blocks) else None
        return None

    # code and its CI

    def _push(self):
        number = len(self._versions)
        sha = self._world.github.push(
            CODE, BRANCH, {f"change-{number}.txt": f"{number}"}, message=f"feat: number {number}"
        )
        self._versions.append(sha)

    def _run(self, workflow, *, red):
        """Let CI end red or green; GitHub's delivery is repeated until it is heard.

        A run takes its time: the one before it was worked off, even by a second replica.
        """
        assert self._world.until(lambda: self._is_worked_off(workflow), LAST), workflow
        if red and workflow not in self._red:
            self._red.add(workflow)
            self.episodes[workflow] += 1
        elif not red:
            self._red.discard(workflow)
        github = self._world.github
        github.subscribe("http://127.0.0.1:9/webhooks/github", GITHUB_WEBHOOK_SECRET)
        run = github.run_workflow(
            CODE,
            [Work("build"), BROKEN if red else Work("test")],
            workflow=workflow,
            sha=self._old,  # what nobody deploys: red checks would refuse it
            tell=False,
        )
        guid = []

        def tell(url):
            github.subscribe(f"{url}/webhooks/github", GITHUB_WEBHOOK_SECRET)
            if guid:
                return github.redeliver(guid[0]).is_heard
            guid.append(github.tell_of_run(run))
            return guid[0].is_heard

        self._until_heard(tell)
        self._told[workflow] = guid[0].guid

    def _is_worked_off(self, workflow):
        theirs = (deliveries.c.source == "github", deliveries.c.delivery == self._told[workflow])
        query = sa.select(deliveries.c.id).where(*theirs, deliveries.c.settled_at.is_(None))
        with self._database.read() as connection:
            return connection.execute(query).first() is None


def _notified(url, body):
    try:
        answer = httpx.post(
            f"{url}/webhooks/argocd",
            content=json.dumps(body),
            headers={"Authorization": f"Bearer {ARGOCD_WEBHOOK_TOKEN}"},
            timeout=3,
        )
    except httpx.HTTPError:
        return False
    return answer.status_code == 200
