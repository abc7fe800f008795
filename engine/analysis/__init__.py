"""Reads numbers, never trains: metrics, verdicts, comparisons, reports. No torch in here."""
