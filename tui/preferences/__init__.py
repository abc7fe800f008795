"""How the app looks and behaves for this user and this terminal."""
