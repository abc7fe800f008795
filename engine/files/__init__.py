"""Paths of files, atomic writing, permissions, and what the system says of a disk."""
