"""The databases: opened, brought forward, and their tables."""
