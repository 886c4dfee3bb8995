"""Says what is known of a failing workflow: its note, replies in the note's thread, alerts.

Everything is written in the transaction in which it was learnt. While it is muted nobody is told
anew; who has the note already sees it change.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

import sqlalchemy as sa

from bot.domain.alerts import Alert, Happening, Severity
from bot.domain.catalog import Catalog
from bot.domain.ci.episodes import Episode, News
from bot.domain.ci.failures import Rule, rule_for
from bot.domain.ci.notes import CiNote, Crowded, CrowdNote
from bot.domain.ci.runs import Run
from bot.domain.message import Message
from bot.messages.ci import failed_again, recovered
from bot.operations.ci.book import CiBook, Watched
from bot.operations.ci.drawing import crowd_state
from bot.operations.ci.mutes import mute_of
from bot.operations.notes import Note, NoteKind, put_note
from bot.operations.saying.alerts import PutAlerts
from bot.operations.saying.outbox import (
    InThread,
    Letter,
    ToChannel,
    ToPerson,
    put,
    receiver_columns,
)
from bot.operations.sql.codec import dump

CROWD = 8
"""So many episodes begin one by one; further ones within ``AT_ONCE`` share one note."""

AT_ONCE = timedelta(minutes=10)

REPLIES = timedelta(minutes=10)
"""The least time between two replies in one thread; the note itself counts every failure."""

MOST_IN_CROWD = 100
"""Workflows of a crowd that are kept by name."""


class CiTelling:
    """Writes what is said. *rules* decide who hears of which workflow."""

    def __init__(
        self, book: CiBook, rules: Sequence[Rule], catalog: Catalog, put_alerts: PutAlerts
    ) -> None:
        self._book, self._rules, self._catalog = book, tuple(rules), catalog
        self._put_alerts = put_alerts

    def channels(self, watched: Watched) -> frozenset[str]:
        """Return in whose crowds telling of *watched* anew may count it."""
        rule = rule_for(self._rules, _episode(watched).last)
        chosen = rule.channel if rule is not None and rule.in_channel else None
        return frozenset(one for one in (watched.channel, chosen) if one is not None)

    def tell(
        self, connection: sa.Connection, watched: Watched, news: News, at: datetime
    ) -> Watched:
        """Tell what is new of *watched*; return it as it was written down."""
        match news:
            case News.BEGAN:
                return self.began(connection, watched, at)
            case News.AGAIN:
                return self.again(connection, watched, at)
            case News.RECOVERED:
                return self.recovered(connection, watched, at)
            case News.EARLIER:
                return self.refresh(connection, watched, at)
            case News.NOTHING:
                return self._book.write(connection, watched, at)
            case _:
                assert_never(news)

    def began(self, connection: sa.Connection, watched: Watched, at: datetime) -> Watched:
        """Tell of a new episode; return it as it is told, and written down."""
        fresh = replace(
            watched,
            began_at=at,
            channel=None,
            crowd=None,
            receivers=(),
            findings=None,
            rerun=None,
            threaded_at=None,
            look_at=at,
            tries=0,
        )
        fresh = self._book.write(connection, fresh, at)
        if mute_of(connection, fresh.series, at) is not None:
            return fresh
        self._put_alerts(connection, [self._alert(fresh, Happening.CI_FAILED)], at)
        return self.announce(connection, fresh, at)

    def announce(self, connection: sa.Connection, watched: Watched, at: datetime) -> Watched:
        """Tell the channel of an episode that nobody was told of yet."""
        rule = rule_for(self._rules, _episode(watched).last)
        if rule is None or not rule.in_channel:
            return watched
        return self._in_channel(connection, watched, rule, at)

    def _in_channel(
        self, connection: sa.Connection, watched: Watched, rule: Rule, at: datetime
    ) -> Watched:
        """Tell the channel, by a note of its own or by that of a crowd."""
        watched = replace(watched, channel=rule.channel)
        count, crowd = self._book.began_since(connection, rule.channel, at - AT_ONCE)
        if count < CROWD:
            told = replace(watched, receivers=(*watched.receivers, ToChannel(rule.channel)))
            return self.refresh(connection, told, at)
        crowd = crowd or f"ci:crowd:{rule.channel}:{watched.key}"
        # Nobody reads what is found out about one of many: who wants it looks at GitHub.
        look_at = watched.look_at if rule.in_person else None
        told = replace(watched, crowd=crowd, look_at=look_at)
        return self.refresh(connection, told, at)

    def resumed(self, connection: sa.Connection, watched: Watched, at: datetime) -> Watched:
        """Tell of an episode that began while it was muted and stands now that it is not."""
        if mute_of(connection, watched.series, at) is not None:
            return watched
        self._put_alerts(connection, [self._alert(watched, Happening.CI_FAILED)], at)
        return self.announce(connection, replace(watched, look_at=at), at)

    def again(self, connection: sa.Connection, watched: Watched, at: datetime) -> Watched:
        """Tell that it failed once more: in the note, and in its thread if it was quiet there."""
        look_at = None if watched.crowd and not watched.receivers else at
        watched = replace(watched, look_at=look_at, tries=0)
        if mute_of(connection, watched.series, at) is not None:
            return self.refresh(connection, watched, at)
        if not watched.receivers and watched.crowd is None:  # it began while it was muted
            return self.resumed(connection, self.refresh(connection, watched, at), at)
        before = watched.threaded_at
        if before is None or at - before >= REPLIES:
            episode = _episode(watched)
            self._reply(connection, watched, episode.last, failed_again(episode), at)
            watched = replace(watched, threaded_at=at)
        return self.refresh(connection, watched, at)

    def recovered(self, connection: sa.Connection, watched: Watched, at: datetime) -> Watched:
        """Tell that it goes well again."""
        episode = _episode(watched)
        self._put_alerts(connection, [self._alert(watched, Happening.CI_RECOVERED)], at)
        if mute_of(connection, watched.series, at) is None and episode.recovery is not None:
            self._reply(connection, watched, episode.recovery, recovered(episode), at)
        return self.refresh(connection, replace(watched, look_at=None), at)

    def found(
        self, connection: sa.Connection, watched: Watched, author: str | None, at: datetime
    ) -> Watched:
        """Tell what was found out, and the *author* (a Slack id) in person if the rules say so.

        Where nobody knows the author, or they have many notes already, the channel is told.
        """
        rule = rule_for(self._rules, _episode(watched).last)
        muted = mute_of(connection, watched.series, at) is not None
        if rule is None or not rule.in_person or muted:
            return self.refresh(connection, watched, at)
        if author is not None and self._has_room(connection, watched, author, at):
            others = [one for one in watched.receivers if one != ToPerson(author)]
            told = replace(watched, receivers=(*others, ToPerson(author)))
            return self.refresh(connection, told, at)
        if watched.receivers or watched.crowd is not None:
            return self.refresh(connection, watched, at)
        return self._in_channel(connection, watched, rule, at)

    def _has_room(
        self, connection: sa.Connection, watched: Watched, author: str, at: datetime
    ) -> bool:
        """Tell whether *author* may have one more note: not many within a short time."""
        to = ToPerson(author)
        return to in watched.receivers or self._book.notes_of(connection, to, at - AT_ONCE) < CROWD

    def refresh(self, connection: sa.Connection, watched: Watched, at: datetime) -> Watched:
        """Write down *watched*, and let every note say what is known now."""
        watched = self._book.write(connection, watched, at)
        note = CiNote(
            watched.key,
            _episode(watched),
            watched.findings,
            watched.rerun,
            mute_of(connection, watched.series, at),
        )
        state = dump(CiNote, note)
        for to in watched.receivers:
            put_note(connection, Note(_key(watched), to, NoteKind.CI, state, note.ended), at)
        if watched.crowd is not None and watched.channel is not None:
            self._refresh_crowd(connection, watched.channel, watched.crowd, at)
        return watched

    def _refresh_crowd(
        self, connection: sa.Connection, channel: str, crowd: str, at: datetime
    ) -> None:
        members = self._book.crowd(connection, channel, crowd)
        shown = sorted(map(_crowded, members), key=lambda one: (not one.stands, one.repository))
        since = min(one.began_at for one in members if one.began_at is not None)
        hidden = shown[MOST_IN_CROWD:]
        note = CrowdNote(
            since,
            tuple(shown[:MOST_IN_CROWD]),
            sum(one.stands for one in hidden),
            sum(not one.stands for one in hidden),
        )
        state = crowd_state(crowd, note)
        said = Note(crowd, ToChannel(channel), NoteKind.CI, state, note.ended)
        put_note(connection, said, at)

    def _reply(
        self, connection: sa.Connection, watched: Watched, run: Run, message: Message, at: datetime
    ) -> None:
        place = f"{run.id}.{run.attempt}"
        letters = [
            Letter(
                f"{_key(watched)}:{place}:{receiver_columns(to)['receiver']}",
                InThread(_key(watched), to),
                message,
            )
            for to in watched.receivers
        ]
        put(connection, letters, at)

    def _alert(self, watched: Watched, happening: Happening) -> Alert:
        episode, series = _episode(watched), watched.series
        run, over = episode.newest, happening is Happening.CI_RECOVERED
        verb = "recovered" if over else "fails"
        services = self._catalog.built_from(series.repository)
        return Alert(
            happening,
            Severity.INFO if over else Severity.WARNING,
            _key(watched),
            f"{run.name} {verb} on {series.branch} of {series.repository}",
            f"{run.sha[:8]} {run.title}",
            run.url,
            service=services[0] if len(services) == 1 else None,
            resolves=over,
        )


def _key(watched: Watched) -> str:
    return f"ci:{watched.key}"


def _episode(watched: Watched) -> Episode:
    assert watched.track.episode is not None, "only what fails, or did, is told of"
    return watched.track.episode


def _crowded(watched: Watched) -> Crowded:
    episode, series = _episode(watched), watched.series
    run = episode.newest
    return Crowded(run.name, series.repository, series.branch, run.url, episode.stands)
