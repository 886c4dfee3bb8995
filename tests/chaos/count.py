"""What is true in the end: every effect counted at the fakes, beside what the bot wrote down."""

import json
import re
import subprocess
from collections import Counter
from datetime import datetime

import sqlalchemy as sa
from dbos import DBOSClient

from bot.domain.operations import Phase
from bot.messages.approval_card import APPROVE, REJECT
from bot.messages.cards import CANCEL, STATES
from bot.operations.drift.tables import reports as drift_reports
from bot.operations.sql.tables import deliveries, freezes, locks, outbox
from tests.chaos.ground import FAILURES

OVER = "SUCCESS"
ENDS_OF_BUTTONS = (APPROVE, REJECT, CANCEL)
TRAILER = re.compile(r"^Shipmate-Key: (\w+)$", re.MULTILINE)


def unfinished(database):
    """Return the workflows that the engine has not ended, as (id, status)."""
    client = DBOSClient(system_database_url=database.url.render_as_string(False))
    try:
        found = client.list_workflows(load_input=False, load_output=False)
        return [(one.workflow_id, one.status) for one in found if one.status != OVER]
    finally:
        client.destroy()


class Count:
    """The end of one run. ``wrong`` holds a sentence for whatever is not as it should be."""

    def __init__(self, world, store, database):
        self._world, self._store, self._database = world, store, database
        self.operations = store.latest(limit=10_000)
        self.commits = self._commits()
        self.keys = Counter(card.metadata["event_payload"]["key"] for card in world.slack.cards())
        self.syncs = self._syncs()

    def open(self):
        """Yield what is still under way, or not yet told."""
        for one in self.operations:
            if not one.phase.ended:
                yield f"{one.id} is {one.phase}"
        for card in self._store.cards.stale():
            yield f"a card is behind: {card}"
        for workflow, status in unfinished(self._database):
            yield f"the workflow {workflow} is {status}"
        with self._database.read() as connection:
            for table in (outbox, deliveries):
                for row in connection.execute(_open(table).limit(5)):
                    yield f"{table.name} waits: {dict(row._mapping)}"[:400]

    def wrong(self, people):
        """Return what is wrong, in words; *people* know what they did."""
        return [
            *self.open(),
            *self._wrong_commits(),
            *self._wrong_cards(),
            *self._wrong_syncs(),
            *self._wrong_notes(people),
            *self._wrong_rows(),
            *(f"nobody ever answered {words}" for words in people.unanswered),
            *(f"a fake did not understand: {odd}" for odd in self._world.troubles()),
        ]

    def _wrong_commits(self):
        by_key = {one.key: one for one in self.operations}
        for key, shas in self.commits.items():
            one = by_key.get(key)
            if one is None or one.written is None:
                yield f"the commits {shas} belong to nobody who knows of them"
            elif shas != [one.written.sha]:
                yield f"{one.id} knows the commit {one.written.sha} and Git has {shas}"
        for one in self.operations:
            made = one.written is not None and one.written.attempts > 0  # else Git said so already
            if made and one.key not in self.commits:
                yield f"{one.id} knows a commit that Git has not"
            if one.phase is Phase.LIVE and one.written is None and not _had_it_already(one):
                yield f"{one.id} is live without a commit"

    def _wrong_cards(self):
        for key, count in self.keys.items():
            if count > 1:
                yield f"the message {key} stands {count} times"
        cards = {card.metadata["event_payload"]["key"]: card for card in self._world.slack.cards()}
        for one in self.operations:
            card = cards.get(one.key)
            known = self._store.cards.of(one.id)
            if card is None:
                if known is not None and known.ts is not None:
                    yield f"the card of {one.id} is gone"
                continue
            if not any(word in card.words.lower() for word in _words(one.phase)):
                yield f"the card of {one.id} ({one.phase}) says: {card.words[:200]}"
            left = [
                button for button in ENDS_OF_BUTTONS if f'"{button}"' in json.dumps(card.blocks)
            ]
            if left:
                yield f"the card of {one.id} ({one.phase}) still has {left}"

    def _wrong_syncs(self):
        for (application, key), count in self.syncs.items():
            if count > 1:
                yield f"the sync {key} of {application} was begun {count} times"

    def _wrong_notes(self, people):
        told = Counter()
        for note in self._world.slack.messages(FAILURES):
            for workflow in people.episodes:
                told[workflow] += f": {workflow} on" in note.words
        for workflow, episodes in people.episodes.items():
            if told[workflow] != episodes:
                yield f"{workflow} failed in {episodes} episodes and {told[workflow]} are told"
        for note in self._world.slack.messages(FAILURES):
            if "CI failed" in note.words:
                yield f"CI is green and a note says: {note.words[:120]}"

    def _wrong_rows(self):
        with self._database.read() as connection:
            for table, what in ((locks, "lock"), (freezes, "freeze")):
                standing = sa.select(sa.func.count()).where(table.c.ended_at.is_(None))
                if left := connection.execute(standing.select_from(table)).scalar():
                    yield f"{left} {what} still stands that was taken back"
            aside = sa.select(sa.func.count()).where(deliveries.c.set_aside)
            if left := connection.execute(aside).scalar():
                yield f"{left} deliveries were set aside"

    # counted at the fakes

    def _commits(self):
        """Return the commits of the GitOps branch by the key that stands in them, oldest first."""
        path = str(self._world.github.path(self._world.system.gitops))
        shown = subprocess.run(
            ["git", "-C", path, "log", "--reverse", "--format=%H%n%B%x00", "main"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        found = {}
        for text in shown.split("\0"):
            sha, _, body = text.strip().partition("\n")
            for key in TRAILER.findall(body):
                found.setdefault(key, []).append(sha)
        return found

    def _syncs(self):
        """Return how often each sync that carries a key was begun, by application and key."""
        found = Counter()
        for call in self._world.argocd.calls:
            if call.path.endswith("/sync") and call.method == "POST" and call.status == 200:
                infos = call.json().get("infos") or [{"value": "none"}]
                found[call.path.split("/")[-2], infos[0]["value"]] += 1
        return found

    def posts(self):
        """Return how many messages Slack has taken, and how many edits."""
        with self._world.slack.lock:
            everything = list(self._world.slack.workspace.messages.values())
        posts = [one for one in everything if one.user == self._world.slack.workspace.bot]
        return len(posts), sum(len(one.versions) - 1 for one in posts)

    def everything_said(self):
        """Return every message as it stands, oldest first, for whoever looks for a fault."""
        with self._world.slack.lock:
            workspace = self._world.slack.workspace
            everything = [*workspace.messages.values(), *workspace.ephemerals.values()]
        lines = sorted((one.ts, one.channel, one.only_for or "", one.words) for one in everything)
        return [repr(line) for line in lines]

    def reports(self):
        """Return how many drift reports were made."""
        with self._database.read() as connection:
            (ticks,) = connection.execute(sa.select(sa.func.count()).select_from(drift_reports))
        told = sum(key.startswith("drift:") for key in self.keys)
        return told if ticks else 0


def _open(table):
    return sa.select(table).where(table.c.settled_at.is_(None))


def _words(phase):
    """Return the words of which a card says one when its operation ended so."""
    if phase is Phase.REFUSED:  # the approvers' card tells why nothing came of it
        return (STATES[phase].lower(), "refused", "void", "expired", "rejected", "superseded")
    return (STATES[phase].lower().partition(",")[0],)


def _had_it_already(operation):
    """Tell whether it ended live because all of it stood there before."""
    return operation.written is None


class Takeovers:
    """How soon work of the dead was taken over, by the logs of those who live."""

    def __init__(self, replicas):
        self.spans, self.workflows, self.troubles = [], 0, Counter()
        started, taken = {}, []
        for one, line in replicas.lines():
            event = str(line.get("event", ""))
            at = _moment(line)
            if event == "started":
                started[line["executor"]] = (one, at)
            elif event == "took over a dead replica":
                taken.append((line["executor"], at))
                self.workflows += line["workflows"]
            elif line.get("level") in ("error", "critical"):
                last = str(line.get("exception", "")).strip().rpartition("\n")[2]
                self.troubles[f"{event[:100]} {last[:120]}"] += 1
        for executor, at in taken:
            if executor in started:
                one, born = started[executor]
                died = min((death for death in one.deaths if death > born), default=None)
                if died is not None:
                    self.spans.append(at - died)


def _moment(line):
    try:
        return datetime.fromisoformat(line["timestamp"]).timestamp()
    except (KeyError, ValueError):
        return 0.0
