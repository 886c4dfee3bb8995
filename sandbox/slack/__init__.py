"""Slack: a workspace, its Web API, and what people type and click in it.

Held to Slack's documentation, not to our code. ``Slack`` is the way in.
"""

from sandbox.slack.people import Reply, Slack, Told
from sandbox.slack.server import BOT

__all__ = ["BOT", "Reply", "Slack", "Told"]
