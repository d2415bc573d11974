"""What of a page's request goes on to the hub, and what of the hub's answer comes back.

The page proves who it is to Jupyter. What it says to prove something to the hub is dropped, and the token of
the signed-in user takes its place; neither side sees the other's cookies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from conduit_widget.errors import ValidationError
from conduit_widget.jupyter.relay.hub_tickets import Ticket

# No segment begins with a dot or is percent-encoded: the path cannot lead out of `hubs` and `files`.
_PATH: Final = re.compile(r"/(?:hubs|files)(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*", re.ASCII)
_CREDENTIALS: Final = frozenset({"access_token", "api_key", "token"})
_MAX_FIELDS: Final = 32

ASKED: Final = (
    *("accept", "accept-language", "content-type", "content-length", "user-agent", "x-signalr-user-agent"),
    *("range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"),
    *("last-event-id", "upload-offset", "upload-length", "upload-complete", "x-requested-with"),
)
"""Headers of a request that go on to the hub."""

ANSWERED: Final = (
    *("content-type", "content-length", "content-range", "content-disposition", "content-language"),
    *("accept-ranges", "etag", "last-modified", "cache-control", "vary", "retry-after", "allow"),
    *("upload-offset", "upload-length", "upload-complete", "upload-limit", "x-accel-buffering"),
)
"""Headers of an answer that come back."""

HARMLESS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer says besides: what others have uploaded never runs as a page of the Jupyter server."""


def hub_address(ticket: Ticket, path: str, query: str) -> str:
    """Return the hub's address for a path that begins with ``/hubs`` or ``/files``.

    Raises:
        ValidationError: the path or the query is none that a hub has.

    """
    if not _PATH.fullmatch(path):
        raise ValidationError("path", "is none that a hub has.")
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise ValidationError("query", f"has more than {_MAX_FIELDS} fields.") from None
    kept = [(name, value) for name, value in fields if name.lower() not in _CREDENTIALS]
    return f"{ticket.url}{path}" + (f"?{urlencode(kept)}" if kept else "")


def hub_headers(ticket: Ticket, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers for the hub."""
    kept = _kept(headers.items(), ASKED)
    token = {"authorization": f"Bearer {ticket.token}"} if ticket.token else {}
    return {**kept, "accept-encoding": "identity", **token}


def page_headers(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the headers for the page, to which the hub's paths are below ``prefix``."""
    location = headers.get("location", "")
    moved = {"location": f"{prefix}{location}"} if _PATH.fullmatch(location) else {}
    return {**_kept(headers.items(), ANSWERED), **moved, **HARMLESS}


def _kept(headers: Iterable[tuple[str, str]], names: tuple[str, ...]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers if name.lower() in names}
