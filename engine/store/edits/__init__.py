"""Verbs that edit the queue: each is one transaction over one or many runs, all or none."""
