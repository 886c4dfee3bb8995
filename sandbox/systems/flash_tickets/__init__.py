"""Flash Tickets: its tree, its configuration and its description."""
