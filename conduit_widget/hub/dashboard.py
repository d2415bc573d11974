"""The dashboard's files: one page, its script and its style, built from ``js/src/dashboard``.

The page is the same for everybody and holds no figures: its script reads ``/metrics``, with a key where the
hub wants one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from conduit_widget.hub.http import HttpHandler, HttpRequest, HttpResponse, error_response

__all__ = ["DASHBOARD_PATH", "dashboard_routes"]

DASHBOARD_PATH: Final = "/dashboard"

_STATIC: Final = Path(__file__).resolve().parent.parent / "static"
_FILES: Final = {
    DASHBOARD_PATH: ("dashboard.html", "text/html; charset=utf-8"),
    f"{DASHBOARD_PATH}.js": ("dashboard.js", "text/javascript; charset=utf-8"),
    f"{DASHBOARD_PATH}.css": ("dashboard.css", "text/css; charset=utf-8"),
}
_HEADERS: Final = {
    # Nothing from elsewhere, nothing inline, in nobody's frame.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def dashboard_routes(static: Path = _STATIC) -> Mapping[str, HttpHandler]:
    """Return the routes of the dashboard; ``static`` is where the build put its files."""
    return {path: _file(static / name, content_type) for path, (name, content_type) in _FILES.items()}


def _file(path: Path, content_type: str) -> HttpHandler:
    async def serve(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return error_response(405, "Use GET.", {"allow": "GET"})
        body = _read(path)
        if body is None:
            return error_response(404, "The dashboard is not built; run `npm run build` in js/.")
        return HttpResponse(200, body, content_type, _HEADERS)

    return serve


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
