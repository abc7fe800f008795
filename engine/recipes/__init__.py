"""Choices of a training recipe, one registry a setting: losses, optimisers, schedules, samplers, augmentations.

Importing this room loads neither torch nor numpy; the functions that compute import them when they are called."""
