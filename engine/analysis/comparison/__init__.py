"""Comparison of runs and of recipes on the same test images, and intervals of shares that count groups of images."""
