"""What drifted: read, written down since when, reported, and answered by people."""
