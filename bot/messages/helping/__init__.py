"""The help, by what it is about."""
