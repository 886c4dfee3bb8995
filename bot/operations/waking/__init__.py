"""How workflows come to hear that something changed."""
