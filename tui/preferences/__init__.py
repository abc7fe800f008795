"""Preferences: look and behaviour of the app for this user and this terminal."""
