"""DECIDES: nouns, grammar, plan, edits, policy. Values in, values out; no socket, clock or log."""
