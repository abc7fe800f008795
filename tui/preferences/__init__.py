"""Preferences of this user, and abilities of this terminal."""
