"""The dashboard's files: one page, its script and its style, built from ``js/src/dashboard``.

The page is the same for everybody and holds no figures, so whoever may reach the hub may have it (its Host
and Origin are checked like everybody's); its script reads ``/metrics``, which has a guard of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
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
    # Nothing from elsewhere, nothing inline, no text that becomes markup, in nobody's frame.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
}


def dashboard_routes(static: Path = _STATIC) -> Mapping[str, HttpHandler]:
    """Return the routes of the dashboard; ``static`` is where the build put its files.

    Nothing else of that directory is served: paths are looked up, never joined.
    """
    return {
        path: _handler(_File(static / name, content_type)) for path, (name, content_type) in _FILES.items()
    }


@dataclass(frozen=True)
class _Version:
    """A file as it was read: ``stamp`` tells whether it is the same still."""

    stamp: tuple[int, int]
    body: bytes
    etag: str


class _File:
    """One file, kept in memory until another build replaces it."""

    def __init__(self, path: Path, content_type: str) -> None:
        self.content_type = content_type
        self._path = path
        self._version: _Version | None = None

    def read(self) -> _Version | None:
        """Return the file as it is now; None where it is not built."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if self._version is None or self._version.stamp != stamp:
                body = self._path.read_bytes()
                self._version = _Version(stamp, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        except OSError:
            return None
        return self._version


def _handler(file: _File) -> HttpHandler:
    async def serve(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return error_response(405, "Use GET.", {"allow": "GET"})
        version = file.read()
        if version is None:
            return error_response(404, "The dashboard is not built; run `npm run build` in js/.")
        headers = {**_HEADERS, "etag": version.etag}
        if _holds(request.headers.get("if-none-match", ""), version.etag):
            return HttpResponse(304, b"", file.content_type, headers)
        return HttpResponse(200, version.body, file.content_type, headers)

    return serve


def _holds(if_none_match: str, etag: str) -> bool:
    """Whether one of the versions a browser has is this one (compared weakly, as RFC 9110 wants it)."""
    return any(
        known.strip() == "*" or known.strip().removeprefix("W/") == etag for known in if_none_match.split(",")
    )
