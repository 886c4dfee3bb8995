"""The machine: decides, says, reaches, remembers, and the root that builds it."""
