"""The doctor: asks every outside system once, changes nothing, and returns what it found."""
