"""The settings of a run: fields and limits, grids, presets, conflicts. Imports no torch."""
