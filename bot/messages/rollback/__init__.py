"""Going back, in words."""
