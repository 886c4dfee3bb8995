"""Pingvas Studio: its tree, its configuration and its description."""
