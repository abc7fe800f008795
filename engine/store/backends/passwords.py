"""Passwords in database URLs, which nothing prints or stores."""

import re
from urllib.parse import unquote_plus

SECRETS = ("password", "sslpassword")
"""Options after the `?` of a URL that libpq takes passwords from."""


def without_passwords(url: str) -> str:
    """Return the URL of a database on a server with `***` for its passwords, whether or not it can be parsed."""
    shown = re.sub(r"^([^:]*://[^:@/?]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"(?<=[?&])([^=&]*)=[^&]*", _option_shown, shown)


def _option_shown(option: re.Match[str]) -> str:
    is_secret = unquote_plus(option[1]).strip().lower() in SECRETS
    return f"{option[1]}=***" if is_secret else option[0]
