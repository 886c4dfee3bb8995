"""A fake GitHub at the wire: REST and GraphQL over real bare Git repositories.

It is held to the facts of GitHub, not to the bot: it does not know the bot at all.
"""

from sandbox.github.limits import Wording
from sandbox.github.objects import Commit
from sandbox.github.server import GitHub, mutates, reads

__all__ = ["Commit", "GitHub", "Wording", "mutates", "reads"]
