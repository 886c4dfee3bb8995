"""Astrago: its tree, its configuration and its description."""
