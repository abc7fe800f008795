"""Quantile of the normal distribution that every 95 % interval takes."""

Z_95 = 1.959963984540054
"""Its 97.5 % point."""
