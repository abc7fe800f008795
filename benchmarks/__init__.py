"""Measurements of what design and README promise; `make bench` runs them all."""
