"""What is told from outside, taken in once and worked off once."""
