"""`python -m engine.worker`: claims runs and supervises a training process for each. Imports no torch."""
