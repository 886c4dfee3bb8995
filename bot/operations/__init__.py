"""REMEMBERS: the store, the intake, the durable workflows. Only this room knows the engine."""
