"""Training of one run: recipe, loop, checkpoints."""
