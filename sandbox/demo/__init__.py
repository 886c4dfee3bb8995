"""``shipmate demo``: the real bot in the pretended world, before an audience.

``script`` is the story and ``playing`` plays it; ``rehearsal`` plays with the reader's own clone.
``scene`` acts, ``sight`` looks, ``stage`` prints.
"""

from sandbox.demo.command import demo

__all__ = ["demo"]
