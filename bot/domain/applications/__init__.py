"""What happens to applications, and what of it people are told."""
