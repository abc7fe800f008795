"""Files of a home: paths, atomic writing, permissions, disk usage, pruning."""
