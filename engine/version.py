"""Version of this program."""

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """Return the installed version, such as `0.1.0`; empty in a checkout that was never installed."""
    try:
        return version("resnet-tui")
    except PackageNotFoundError:
        return ""
