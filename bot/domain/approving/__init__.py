"""Approvals: who has to say yes, to what exactly, and what an approver sees."""
