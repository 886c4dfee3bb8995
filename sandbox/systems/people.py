"""Who works with all five systems in the sandbox, in which teams, and where they talk."""

from sandbox.systems.nouns import Channel, Person, Team

ALICE = Person(
    "U0ALICE", "alice", "김서연 (Alice Kim)", "alice-kim", 58101, "seoyeon.kim@example.com"
)
BOB = Person("U0BOB", "bob", "이준호 (Bob Lee)", "bob-lee", 58102, "junho.lee@example.com")
CAROL = Person(
    "U0CAROL", "carol", "박지민 (Carol Park)", "carol-park", 58103, "jimin.park@example.com"
)
MALLORY = Person("U0MALLORY", "mallory", "Mallory", "mallory", 58104, "mallory@example.com")
"""In Slack and on GitHub, and in no team that may do anything."""

PEOPLE = (ALICE, BOB, CAROL, MALLORY)
TEAMS = (
    Team("engineering", ()),
    Team("developers", (ALICE.login, BOB.login, CAROL.login), parent="engineering"),
    Team("sre", (ALICE.login, BOB.login), parent="engineering"),
    Team("release", (ALICE.login,)),
    Team("platform-admins", (CAROL.login,)),
    Team("contractors", (MALLORY.login,)),
)
"""Parents come before what is nested in them."""

CHANNELS = (Channel("C0DEPLOY", "deploys"), Channel("C0DEV", "deploys-dev"))

SEOYEON = ("김서연", ALICE.email)
JUNHO = ("이준호", BOB.email)
JIMIN = ("Jimin Park", CAROL.email)
"""How Alice, Bob and Carol sign their commits."""
