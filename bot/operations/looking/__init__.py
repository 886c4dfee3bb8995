"""What people and metrics look at; nothing is changed here."""
