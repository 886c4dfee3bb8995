"""CI that fails and recovers: what is told of it, to whom, and what a log says. Pure."""
