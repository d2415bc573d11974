"""Access tokens and hub addresses as people give them: from files and clipboards, with a line end at the end.

White space, quotes and invisible characters around them are removed. Everything else that cannot be right is
refused where it comes in, by the name of its source and without any part of it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from conduit_widget.errors import AuthenticationError, ConnectionFailedError
from conduit_widget.text.pasted import pasted

TOKEN_VARIABLE: Final = "CONDUIT_HUB_TOKEN"  # noqa: S105 - a variable's name
URL_VARIABLE: Final = "CONDUIT_HUB_URL"

# What a header value may carry without being cut or folded on the way; every kind of token is within it.
_HEADER_WORD: Final = re.compile(r"[!-~]+")
_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})


def clean_token(token: object, source: str) -> str | None:
    """Return the token without what was pasted around it; None where there is none.

    ``source`` names where it came from: a variable, an argument, a function.

    Raises:
        AuthenticationError: it is no text, or no HTTP header could carry it.

    """
    if token is None:
        return None
    if not isinstance(token, str):
        raise AuthenticationError(f"{source} must be a string, not {type(token).__name__}.")
    text = pasted(token)
    if text and not _HEADER_WORD.fullmatch(text):
        raise AuthenticationError(
            f"{source} has a space, a line end or another sign that no token has: copy the token again."
        )
    return text or None


def clean_url(url: object, source: str) -> str:
    """Return a hub's address without what was pasted around it.

    Raises:
        ConnectionFailedError: it is no address of a hub; the text names ``source`` and shows nothing of it.

    """
    if not isinstance(url, str):
        raise ConnectionFailedError(f"{source} must be a string, not {type(url).__name__}.")
    text = pasted(url)
    wanted = f"{source} must look like http://host:port, or begin with https://"
    if not text.isprintable() or " " in text:
        raise ConnectionFailedError(f"{wanted}: it has a space or a line end in it.")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:  # an unfinished [IPv6] address, or a port that is no number up to 65535
        raise ConnectionFailedError(f"{wanted}: its host or its port is not one.") from None
    if parts.scheme.lower() not in _SCHEMES or not host:
        raise ConnectionFailedError(f"{wanted}.")
    return text
