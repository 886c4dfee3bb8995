"""PRETENDS: Slack, GitHub, Argo CD and a registry at the wire, around the real bot."""
