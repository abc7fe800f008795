"""Predict images with a run's best weights."""
