"""The five systems that must work, as their owners keep them: trees, configuration, people.

A folder a system: ``gitops/`` is the tree byte for byte, ``shipmate.yaml`` describes it to the bot,
``system.py`` tells the fakes what else exists around it. One bot serves one system, because
Pingvas Studio and pinksea both have a ``user-service``.
"""

from sandbox.systems.astrago.system import ASTRAGO
from sandbox.systems.flash_tickets.system import FLASH_TICKETS, FLASH_TICKETS_MONDAY
from sandbox.systems.guide.system import GUIDE, GUIDE_BY_PULL_REQUEST
from sandbox.systems.nouns import System
from sandbox.systems.pingvas.system import PINGVAS
from sandbox.systems.pinksea.system import PINKSEA


def systems() -> tuple[System, ...]:
    """Return the five systems in the order of their seeds."""
    return (ASTRAGO, PINGVAS, FLASH_TICKETS, PINKSEA, GUIDE)


def system(name: str) -> System:
    """Return the system called *name*: one of the five, or one of them in its other way.

    Raises:
        KeyError: there is none.
    """
    return {each.name: each for each in (*systems(), GUIDE_BY_PULL_REQUEST, FLASH_TICKETS_MONDAY)}[
        name
    ]
