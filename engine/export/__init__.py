"""Runs and epochs as tables and event files, and networks as ONNX, for other programs."""
