"""The drift report: its rows, its picture, and the answers to its buttons."""
