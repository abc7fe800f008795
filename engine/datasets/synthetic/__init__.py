"""Synthetic fundus photographs, drawn from a seed without a download."""
