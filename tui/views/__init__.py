"""What is shown, as frozen values made by pure functions."""
