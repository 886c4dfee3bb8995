"""Going back: to what, how far, by whom, and around what."""
