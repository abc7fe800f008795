"""Prediction of images with a run's best weights."""
