"""Decoding of image files into squares of pixels, and the packing of these into the cache."""
