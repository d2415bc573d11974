"""The page of a call, and its seat: what a browser asks that was sent here with a ticket.

The page is the same for everybody and holds nothing of anybody, so whoever can reach the hub can load it.
The ticket is behind the ``#`` of its address, which no server and no log sees; the page's script gives it
back here.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.chat.calls.seats import CallSeats
from conduit_widget.contract import CALL_PAGE_PATH, CALL_SEAT_PATH
from conduit_widget.errors import UNREADABLE, BackplaneUnavailableError
from conduit_widget.hub.http import HttpResponse, error_response, json_response
from conduit_widget.hub.routes import Route, RouteRequest
from conduit_widget.hub.static_pages import PAGE_HEADERS, file_routes
from conduit_widget.types import CallSeat

USED: Final = "This link was used already, or is older than half a minute. Open the call from the chat again."
AWAY: Final = "The nodes of the hub cannot reach each other at the moment. Open the call from the chat again."
MAX_BODY: Final = 1024

_FILES: Final = {
    CALL_PAGE_PATH: ("call.html", "text/html; charset=utf-8"),
    f"{CALL_PAGE_PATH}.js": ("call.js", "text/javascript; charset=utf-8"),
    f"{CALL_PAGE_PATH}-livekit.js": ("call-livekit.js", "text/javascript; charset=utf-8"),
}


class _Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ticket: str


_decoder = msgspec.json.Decoder(_Given)


def call_page_routes(seats: CallSeats, settings: CallSettings) -> list[Route]:
    """Return the routes of the page of a call."""

    async def take_seat(request: RouteRequest) -> HttpResponse:
        try:
            given = _decoder.decode(await request.body.read())
        except UNREADABLE:
            return error_response(400, "The request must be JSON with a ticket.", _NO_STORE)
        try:
            found = await seats.redeem(given.ticket)
        except BackplaneUnavailableError:
            return error_response(503, AWAY, _NO_STORE)
        if found is None:
            return error_response(403, USED, _NO_STORE)
        key, seat = found
        told = CallSeat(
            key=key,
            conversation_id=seat.conversation_id,
            user_id=seat.user_id,
            user_name=seat.user_name,
        )
        return json_response(200, told, _NO_STORE)

    return [
        *file_routes(_FILES, _headers(settings)),
        Route(CALL_SEAT_PATH, take_seat, methods=("POST",), max_body_bytes=MAX_BODY),
    ]


_NO_STORE: Final = {"cache-control": "no-store"}


def _headers(settings: CallSettings) -> dict[str, str]:
    """Return the page's headers: it may use a camera, and reach this hub and the site's LiveKit server."""
    reached = ["'self'"]
    if settings.has_sfu and settings.livekit_url:
        # The library asks by HTTP, too, why a connection was refused.
        host = urlsplit(settings.livekit_url).netloc
        secure = settings.livekit_url.startswith("wss:")
        reached += [f"{'wss' if secure else 'ws'}://{host}", f"{'https' if secure else 'http'}://{host}"]
    policy = (
        f"default-src 'none'; script-src 'self'; connect-src {' '.join(reached)}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    own = (
        "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), picture-in-picture=(self)"
    )
    return {**PAGE_HEADERS, "content-security-policy": policy, "permissions-policy": own}
