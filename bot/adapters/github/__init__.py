"""GitHub: who we are, the one door for calls, and what a version is."""

from bot.adapters.github.client import GitHub
from bot.adapters.github.commits import Ahead, Commit, CommitName, Commits, Relation
from bot.adapters.github.credentials import Credentials
from bot.settings import AppKey, Token

__all__ = [
    "Ahead",
    "AppKey",
    "Commit",
    "CommitName",
    "Commits",
    "Credentials",
    "GitHub",
    "Relation",
    "Token",
]
