"""Locks, freezes and holds, in words."""
