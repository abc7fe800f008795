"""The words that name a device, read without torch."""


class DeviceError(Exception):
    """Error for a device that cannot be used, in one line that says what to do."""


def card_number(wanted: str) -> int:
    """Return the number of the card that `auto` or `cuda:N` means. Raises DeviceError for another word."""
    kind, _, number = wanted.partition(":")
    if wanted == "auto":
        return 0
    if kind != "cuda" or not (number or "0").isdecimal():
        raise DeviceError(f"{wanted!r} is not a device: choose auto, cpu or cuda:0")
    return int(number or 0)
