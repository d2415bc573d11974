"""Which pictures of people are shown: those that can be drawn without harm.

Everybody in a conversation loads them, so an address says what may be asked of a browser: the picture itself
(``data:``), a static file of the server that the page came from, or one on a host by ``https``. Nothing else:
no other scheme, no address with a password. Its own server a browser asks as the person who looks, and what
is asked for may do something: only static files do not.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from typing import Final

from conduit_widget.contract import MAX_PICTURE_CHARS

_KINDS: Final = r"(?:png|jpe?g|gif|webp)"
_DATA: Final = re.compile(rf"data:image/{_KINDS};base64,[A-Za-z0-9+/]+={{0,2}}")
_PART: Final = r"/[\w.~@+-]+"
_OWN: Final = re.compile(rf"(?:{_PART})*/static(?:{_PART})+\.{_KINDS}", re.ASCII | re.IGNORECASE)
_ELSEWHERE: Final = re.compile(
    r"https://(?P<host>[\w-]+(?:\.[\w-]+)*)(?P<port>:[1-9][0-9]*)?(?P<rest>[/?#][!-\[\]-~]*)?",
    re.ASCII | re.IGNORECASE,
)
_HTTPS: Final = ":443"


def plain_picture(address: object) -> str:
    """Return a picture's address as it may be drawn; empty where there is none that may.

    Another host is named as a browser names it, so that a page sees when it is its own.
    """
    if not isinstance(address, str) or len(address) > MAX_PICTURE_CHARS:
        return ""
    if _DATA.fullmatch(address):
        return address
    if _OWN.fullmatch(address):  # a proxy's paths lead to whatever is behind it
        return "" if ".." in address or "/proxy/" in address else address
    host = host_of(address)
    found = _ELSEWHERE.fullmatch(address)
    return f"https://{host}{found['rest'] or ''}" if host and found else ""


def host_of(address: str) -> str:
    """Return the host that has a picture, with its port if it needs one; empty where it is not ``https``."""
    found = _ELSEWHERE.fullmatch(address)
    if found is None:
        return ""
    host, port = found["host"].lower(), found["port"] or ""
    if host.rpartition(".")[2][:1].isdigit() and not _is_plain_number(host):
        return ""  # another way to write the number of a host
    return host if port == _HTTPS else f"{host}{port}"


def _is_plain_number(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False
