"""LISTENS: one file per thing a person or system tells us; read, write down, answer."""
