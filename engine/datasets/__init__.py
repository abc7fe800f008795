"""Layouts of image data, their index, the packed cache and the batches made from it."""
