"""Findings about a run: `kinds.py` registers them, a file for each family of rules, `judging.py` asks them all."""
