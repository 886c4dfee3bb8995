"""Who works with all five systems in the sandbox, and where they talk."""

from sandbox.systems.nouns import Channel, Person

ALICE = Person("U0ALICE", "alice", "김서연 (Alice Kim)")
BOB = Person("U0BOB", "bob", "이준호 (Bob Lee)")
CAROL = Person("U0CAROL", "carol", "박지민 (Carol Park)")
MALLORY = Person("U0MALLORY", "mallory", "Mallory")
"""In no environment's list."""

PEOPLE = (ALICE, BOB, CAROL, MALLORY)
CHANNELS = (Channel("C0DEPLOY", "deploys"), Channel("C0DEV", "deploys-dev"))

SEOYEON = ("김서연", "seoyeon.kim@example.com")
JUNHO = ("이준호", "junho.lee@example.com")
JIMIN = ("Jimin Park", "jimin.park@example.com")
