"""Devices and processes of this host: which there are, what they do, who else uses them."""
