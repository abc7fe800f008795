"""Where files lie, who may read them, and what the system says of a disk."""
