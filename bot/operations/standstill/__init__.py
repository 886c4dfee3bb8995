"""What keeps a target as it is: locks, freezes and holds, from the word to its end."""
