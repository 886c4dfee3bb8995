"""What Shipmate does without being asked, and how people stop it: automatic rollbacks."""
