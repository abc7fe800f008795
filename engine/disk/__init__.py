"""Disk space: estimates for runs, use by runs and caches, pruning."""
