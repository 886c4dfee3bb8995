"""REMEMBERS: the store, the intake and the durable workflows. The only room that knows the engine."""
