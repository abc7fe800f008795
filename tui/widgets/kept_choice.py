"""Choices that pages make for all screens, and for the next start."""

from typing import Any

from textual.message import Message


class ChoiceMade(Message):
    """Wish to keep preferences, each by its name."""

    def __init__(self, **preferences: Any) -> None:
        super().__init__()
        self.preferences = preferences
