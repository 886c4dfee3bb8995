"""What people did and decided, each kind in a book of its own: the tables behind the rules."""
