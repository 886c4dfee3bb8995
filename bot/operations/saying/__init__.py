"""What is said: living messages, letters, and news for other channels."""
