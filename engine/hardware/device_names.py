"""The words that name a device, read without torch."""

from engine.text import plain


class DeviceError(Exception):
    """Error for a device that cannot be used, in one line that says what to do."""


def card_number(wanted: str) -> int:
    """Return the number of the card that `auto` or `cuda:N` means. Raises DeviceError for another word."""
    kind, _, number = wanted.partition(":")
    if wanted == "auto":
        return 0
    if kind != "cuda" or not (number or "0").isdecimal():
        raise DeviceError(f"{plain(wanted)!r} is not a device: choose auto, cpu or cuda:0")
    return int(number or 0)


def devices_of(wanted: str) -> list[str]:
    """Return the devices that the words for one worker mean: several cards one by one, another word as it is.

    Raises DeviceError for a word that is no device, and for a list of other than different cards."""
    if "," not in wanted:
        if wanted not in ("cpu", "all"):
            card_number(wanted)
        return [wanted]
    cards = [each.strip() for each in wanted.split(",")]
    if not all(each.startswith("cuda:") for each in cards) or len(set(cards)) < len(cards):
        raise DeviceError(f"{plain(wanted)!r}: several devices are different cards, such as cuda:0,cuda:1")
    for each in cards:
        card_number(each)
    return cards
