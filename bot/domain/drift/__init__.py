"""Drift: what runs, what Git says, and what the environments before it run, disagree."""
