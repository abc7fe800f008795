"""Settings of a run: fields and limits, grids, presets, conflicts. Does not import torch."""
