"""REMEMBERS: the whole history moves from a SQLite file into an empty PostgreSQL database.

Everything is copied in one transaction: until it is committed nothing is there, so a move that was
killed is begun again, and nothing is ever there twice. The operations under way go along with what
the engine remembers of them, and go on there as after the death of a replica.
"""
