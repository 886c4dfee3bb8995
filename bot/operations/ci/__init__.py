"""CI that fails and recovers: what is remembered of it, and what people do about it."""
