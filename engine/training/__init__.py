"""One run: recipe, loop, checkpoints."""
