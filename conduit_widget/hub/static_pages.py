"""Pages that the hub serves itself, built from ``js/src``: the dashboard, and the page of a call."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conduit_widget.hub.http import HttpHandler, HttpRequest, HttpResponse, error_response
from conduit_widget.hub.routes import Route

STATIC: Final = Path(__file__).resolve().parent.parent / "static"
PAGE_HEADERS: Final = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
}
"""Of every page; each has a content security policy of its own beside them."""


def file_routes(
    files: Mapping[str, tuple[str, str]],
    headers: Mapping[str, str],
    *,
    static: Path = STATIC,
    while_draining: bool = False,
) -> list[Route]:
    """Return the routes of built files: by path their name and content type; ``static`` is where they are.

    Nothing else of that directory is served: paths are looked up, never joined.
    """
    return [
        Route(path, _handler(_File(static / name, content_type), headers), while_draining=while_draining)
        for path, (name, content_type) in files.items()
    ]


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


def _handler(file: _File, headers: Mapping[str, str]) -> HttpHandler:
    async def serve(_request: HttpRequest) -> HttpResponse:
        version = file.read()
        if version is None:
            return error_response(404, "This page is not built; run `npm run build` in js/.")
        return HttpResponse(200, version.body, file.content_type, {**headers, "etag": version.etag})

    return serve
