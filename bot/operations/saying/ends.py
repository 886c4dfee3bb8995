"""What other channels are told of operations and auto-sync, in the transactions that end them."""

from datetime import datetime

import sqlalchemy as sa

from bot.domain.catalog import Catalog
from bot.domain.operations import Operation, Phase
from bot.domain.rollback.emergency import OpenItem
from bot.messages import alerts as words
from bot.operations.books.open_items import OpenItemBook
from bot.operations.saying.alerts import Alerts
from bot.operations.store import Store


class Ends:
    """Puts alerts where something ended, or did not end in time."""

    def __init__(self, alerts: Alerts, catalog: Catalog) -> None:
        self._alerts, self._catalog = alerts, catalog

    def follow(self, store: Store, items: OpenItemBook) -> None:
        """Tell of what ends in *store* and among *items* from now on."""
        store.at_end(self.operation)
        items.follow(self.overdue, self.on_again)

    def operation(self, connection: sa.Connection, operation: Operation, at: datetime) -> None:
        """Tell of an *operation* that has just ended."""
        if operation.phase is Phase.LIVE:
            self._alerts.settle(connection, words.went_well(operation), at)
            self._alerts.put(connection, words.rolled_back(operation), at)
        elif operation.phase is Phase.FAILED:
            place = self._catalog.environments.get(operation.request.environment)
            production = place is not None and place.production
            self._alerts.put(connection, words.failed(operation, production=production), at)

    def overdue(self, connection: sa.Connection, item: OpenItem, at: datetime) -> None:
        """Tell of auto-sync that is off past its deadline."""
        if at > item.deadline:
            self._alerts.put(connection, [words.auto_sync_left_off(item)], at)

    def on_again(self, connection: sa.Connection, item: OpenItem, at: datetime) -> None:
        """Tell who was told that auto-sync is off that it no longer is."""
        self._alerts.settle(connection, [words.auto_sync_back(item)], at)
