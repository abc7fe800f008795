"""View models: frozen values made by pure functions, which widgets draw."""
