"""The command line `resnet-tui`."""
