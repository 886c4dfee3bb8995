"""BUILDS: the gauges of a whole bot, each read when Prometheus asks for it."""

from collections.abc import Mapping

from bot.adapters.argocd import ArgoCD
from bot.domain.drift.items import DriftKind
from bot.metrics import Readings, counted
from bot.operations.looking.tallies import Tallies
from bot.shipmate import Shipmate


def show_gauges(shipmate: Shipmate, argocd: Mapping[str, ArgoCD]) -> None:
    """Let the metrics of *shipmate* show how it stands."""
    watch, tallies = shipmate.metrics.watch, Tallies(shipmate.database)
    watch(
        "shipmate_operations_under_way",
        "Operations that have not ended.",
        ("phase",),
        lambda: counted(tallies.under_way()),
    )
    watch(
        "shipmate_messages_waiting",
        "Messages that Slack has not taken yet, or that say what was.",
        ("kind",),
        lambda: counted(tallies.to_say()),
    )
    watch(
        "shipmate_deliveries",
        "Deliveries of webhooks that were not worked off.",
        ("state",),
        lambda: counted(tallies.to_hear()),
    )
    watch(
        "shipmate_standing",
        "Locks, holds, and applications whose auto-sync a rollback left off, or too long.",
        ("kind",),
        lambda: counted(tallies.standing(shipmate.clock.now())),
    )

    def drifting() -> Readings:
        found, places = tallies.drifting(), shipmate.config.catalog.environments
        each = [(place, kind.value) for place in places for kind in DriftKind]
        return [(labels, float(found.get(labels, 0))) for labels in each]

    watch(
        "shipmate_drift_items",
        "What runs otherwise than Git says, or than it should, at the last look.",
        ("environment", "kind"),
        drifting,
    )
    watch(
        "shipmate_slack_update_waiting_seconds",
        "How long the message has been behind what it tells that has been so longest.",
        (),
        lambda: [((), shipmate.unasked.updater.behind_for().total_seconds())],
    )

    def longest_wait() -> Readings:
        since = tallies.oldest_waiting()
        now = shipmate.clock.now()
        return [((), 0.0 if since is None else (now - since).total_seconds())]

    watch(
        "shipmate_oldest_approval_seconds",
        "How long the oldest operation has been waiting for approval.",
        (),
        longest_wait,
    )
    watch(
        "shipmate_argocd_stream_connected",
        "1 while the stream of an Argo CD is heard.",
        ("argocd",),
        lambda: [
            ((name,), float(stream.state.connected_since is not None))
            for name, stream in shipmate.streams.items()
        ],
    )

    def listed() -> Readings:
        now = shipmate.clock.now()
        last = {name: stream.state.last_listed for name, stream in shipmate.streams.items()}
        return [((name,), (now - at).total_seconds()) for name, at in last.items() if at]

    watch(
        "shipmate_argocd_listed_seconds",
        "Since all applications of an Argo CD were listed; none before the first time.",
        ("argocd",),
        listed,
    )
    watch(
        "shipmate_argocd_token_left_seconds",
        "Until our token for an Argo CD expires; none for one that does not.",
        ("argocd",),
        lambda: [
            ((name,), left.total_seconds())
            for name, client in argocd.items()
            if (left := client.token_left) is not None
        ],
    )
    watch(
        "shipmate_clock_skew_seconds",
        "How far our clock is ahead of another system's, by its last answer.",
        ("system",),
        lambda: [((name,), by.total_seconds()) for name, by in shipmate.pulse.skews().items()],
    )
    watch(
        "shipmate_login_refused",
        "1 while a system does not take our token or key.",
        ("system",),
        lambda: [((name,), value) for name, value in shipmate.pulse.refusals().items()],
    )
    watch(
        "shipmate_trouble",
        "1 for each part that keeps us from being ready.",
        ("part",),
        lambda: [((part,), 1.0) for part in shipmate.troubles()],
    )
