"""Queries that need both the store and `analysis`: waiting reasons and forecasts, news, the runs of a report."""
