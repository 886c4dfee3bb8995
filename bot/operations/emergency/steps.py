"""The steps of a rollback by Argo CD, each recorded by itself and fit to run twice.

What auto-sync was is written down before it is switched off. Until Argo CD has taken the rollback a
failure undoes that; from then on auto-sync stays off, and the open item says so until a person
resumes it.
"""

from collections.abc import Mapping

from bot.adapters.argocd import ArgoCD
from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.operations.books.open_items import OpenItemBook
from bot.operations.emergency.around import Around
from bot.operations.emergency.ground import Ground
from bot.operations.emergency.preparing import Preparing
from bot.operations.emergency.rolling import Rolling
from bot.operations.emergency.settling import Settling
from bot.operations.standstill.holding import Holding
from bot.operations.store import Store


class Steps:
    """Takes one operation back by Argo CD. Every step is for any thread.

    What a step has to remember beside the store stands in its outcome's ``carry``: the *entry* and
    its *revisions*, *since* when, *by* whom in Argo CD's words, and whether the rollback was
    *rolled*, which is to say taken. *requester* is who asked.
    """

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        around: Around,
        items: OpenItemBook,
        holding: Holding,
        clock: Clock,
    ) -> None:
        ground = Ground(store, catalog, argocd, around, items, clock)
        preparing, rolling = Preparing(ground), Rolling(ground, holding)
        settling = Settling(ground)
        self.prepare, self.switch_off = preparing.prepare, preparing.switch_off
        self.stays_off, self.roll = preparing.stays_off, rolling.roll
        self.follow, self.watch = rolling.follow, rolling.watch
        self.settle, self.undo = settling.settle, settling.undo
