"""Everything that a decision is about, read at once from the outside as it is now."""
