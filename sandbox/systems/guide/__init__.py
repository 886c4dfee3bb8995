"""The general guide: its tree, its configuration and its description."""
