"""Data sets laid out in every way met in the wild, the truth about each image, and a judge of what is read."""
