"""Measurements, each beside what people have today. ``python -m benchmarks [name …]``."""
