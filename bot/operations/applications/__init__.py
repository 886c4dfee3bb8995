"""What Argo CD's applications do without us: looked at when they change, told once."""
