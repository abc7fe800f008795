"""Feeds: threads that read the store and the runs' files and make view models."""
