"""Replicas that die at random under everybody's hands, and what was done in the end, counted.

``python -m tests.chaos`` (``make chaos``) runs all of it, on a machine that does nothing else: it
is no part of the tests, for its waits are of real time.
"""
