"""The world that chaos comes over: Flash Tickets with production that asks one other person."""

import re
from dataclasses import replace

from bot.clock import Clock
from sandbox.systems import system
from sandbox.world import World

SPEED = 20.0
CODE, BRANCH = "flash-tickets/flash-tickets", "main"
SERVICES = ("api", "gateway", "pay", "web")
ENVIRONMENTS = ("dev", "staging", "prod")
FAILURES = "C0CI"
BY_HAND = "web"
"""The service whose applications sync only when they are asked to."""

MORE = """
failures:
  - {}
drift:
  reports:
    - {name: often, at: "*/4 * * * *", zone: Asia/Seoul, environments: [staging, prod]}
"""


def rules(text):
    """Return the ``shipmate.yaml``: no soaking, one approval, and room for many deaths."""
    text = re.sub(r"^ +soak: .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"deadline: \w+", "deadline: 24h", text)
    text = text.replace(
        "count: 2, from: [sre, platform-admins], expires: 8h", "count: 1, from: [sre], expires: 72h"
    )
    text = text.replace(
        "channels: {deploys: C0DEPLOY}", f"channels: {{deploys: C0DEPLOY, failures: {FAILURES}}}"
    )
    return text + MORE


def ground(folder):
    """Return the world, not started."""
    flash = system("flash_tickets")
    applications = tuple(
        replace(one, owner=None) if one.name.startswith(f"flash-tickets-{BY_HAND}") else one
        for one in flash.applications
    )
    world = World(
        replace(flash, applications=applications), folder, clock=Clock(SPEED), config=rules
    )
    world.slack.add_channel(FAILURES, "ci", *(person.id for person in flash.people))
    return world


def let_one_wait(world):
    """Switch the auto-sync of one service off, now that its applications have begun."""
    for application in world.system.applications:
        if application.name.startswith(f"flash-tickets-{BY_HAND}"):
            spec = world.argocd.application(application.name)["spec"]
            world.argocd.change_spec(application.name, spec | {"syncPolicy": {}})


def is_calm(world):
    """Tell whether Argo CD has every application as Git says, and healthy."""
    for application in world.system.applications:
        status = world.argocd.application(application.name)["status"]
        found = status["sync"].get("status"), status.get("health", {}).get("status")
        if found != ("Synced", "Healthy"):
            return False
    return True
