"""Replicas that die at random under everybody's hands, and what was done in the end, counted.

``python -m tests.chaos`` (``make chaos``) runs all of it; ``tests/durable/test_chaos.py`` a small
piece with the rest of the tests.
"""
