"""From an image file to the square of pixels that is packed once."""
