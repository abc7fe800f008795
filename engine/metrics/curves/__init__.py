"""Curves over all thresholds of a score, and what a score says of its images: ROC, precision-recall, reliability."""
