"""pinksea: its tree, its configuration and its description."""
