"""Where in ``shipmate.yaml`` something stands: lines for whoever has to mend it."""

from collections.abc import Iterator

from bot.config.document import read
from bot.config.problems import Path, dotted


class Places:
    """The places of one file's *text*, which is valid."""

    def __init__(self, text: str) -> None:
        self._document = read(text)

    def find(self, paths: tuple[Path, ...]) -> tuple[int, str] | None:
        """Return the line and the dotted name of the first of *paths* that the file has.

        Where it has none of them, of the nearest key above the last one; None: there is no path.
        """
        for path in paths:
            place = self._document.values.get(path) or self._document.keys.get(path)
            if place is not None:
                return place[0], dotted(path)
        if not paths:
            return None
        problem = self._document.at_value(paths[-1], "")
        return problem.line, problem.path

    def naming(self, value: str, *roots: str) -> tuple[Path, ...]:
        """Return every place below *roots* where *value* itself stands, in the file's order."""
        return tuple(
            path for root in roots for path, found in self._scalars((root,)) if found == value
        )

    def called(self, *names: str) -> tuple[tuple[Path, str], ...]:
        """Return every text with its place that stands at or right below a key of *names*."""
        return tuple(
            (path, str(value))
            for path, value in self._scalars(())
            if isinstance(value, str) and set(path[-2:]) & set(names)
        )

    def _scalars(self, root: Path) -> Iterator[tuple[Path, object]]:
        data: object = self._document.data
        for part in root:
            data = data.get(part) if isinstance(data, dict) else None
        yield from _walk(data, root)


def _walk(data: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _walk(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _walk(value, (*path, place))
    elif data is not None:
        yield path, data
