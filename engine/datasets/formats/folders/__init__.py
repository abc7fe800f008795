"""Folders that are classes."""
