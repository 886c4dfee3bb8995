"""Rollbacks by Argo CD itself, around Git: what they rest on, their steps, and what stays open."""
