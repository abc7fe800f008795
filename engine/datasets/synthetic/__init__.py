"""Fundus photographs drawn by seed: nothing to download."""
