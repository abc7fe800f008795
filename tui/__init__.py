"""Front ends: the terminal app and the command line. They never import torch."""
