"""Metrics of an epoch: one declaration of each, and how it is computed. No torch, no store, no terminal."""
