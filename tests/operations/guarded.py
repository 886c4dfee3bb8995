"""What several threads share must be touched by one at a time."""


class Guarded(dict):
    """A memory that nobody may touch without *lock*."""

    def __init__(self, lock):
        super().__init__()
        self.lock, self.touched = lock, 0

    def _touch(self):
        assert self.lock.locked(), "another thread may be at it"
        self.touched += 1

    def __contains__(self, key):
        self._touch()
        return super().__contains__(key)

    def __getitem__(self, key):
        self._touch()
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        self._touch()
        super().__setitem__(key, value)

    def get(self, key, default=None):
        self._touch()
        return super().get(key, default)
