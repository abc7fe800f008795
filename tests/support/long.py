"""Tests that `make soak` runs and `make test` leaves out."""

import os

import pytest

LONG = "RESNET_TUI_LONG"
"""Variable that asks for them."""

only_in_soak = pytest.mark.skipif(
    not os.environ.get(LONG), reason=f"takes long: {LONG}=1 or make soak runs it"
)
