from bot.domain.errors import Unavailable
from bot.operations.looking.status import MOST_ROWS, StatusReader
from bot.operations.store import Store
from tests.builders import catalog, target


class Away:
    """GitHub and Argo CD, neither of which answers."""

    def read(self, *_):
        raise Unavailable("GitHub", "read main")

    def look(self, *_):
        raise Unavailable("Argo CD main", "show astrago")


def test_what_does_not_fit_is_counted(database):
    targets = [target(f"service-{number}") for number in range(MOST_ROWS + 10)]
    known = catalog(targets=targets)
    reader = StatusReader(Store(database), known, Away(), {"main": Away()})

    rows, left_off = reader.read(None, None)

    assert (MOST_ROWS, 10) == (len(rows), left_off)
    (only,), none = reader.read("service-0", None)
    assert ("service-0", 0) == (only.service, none)
