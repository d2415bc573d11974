"""``conduit/static/HASH/…``: the browser parts, under an address whose content never changes."""

from __future__ import annotations

from typing import Final

from tornado import web

from conduit_widget.jupyter.guarded import Guarded

FOREVER: Final = "private, max-age=31536000, immutable"
_TYPES: Final = {"js": "text/javascript; charset=utf-8", "gz": "application/gzip"}


class StaticPart(Guarded):
    """Sends a part of the build that the server began with; another build's address is answered with 404."""

    @web.authenticated
    async def get(self, build: str, name: str) -> None:
        """Send it, compressed where the page takes that."""
        part = self.extension.parts.get(name) if build == self.extension.parts.hash else None
        if part is None:
            raise web.HTTPError(404, "This build has no such part.")
        self.set_header("Cache-Control", FOREVER)
        self.set_header("X-Content-Type-Options", "nosniff")
        kind = _TYPES[name.rpartition(".")[2]]
        if kind == _TYPES["js"] and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.set_header("Vary", "Accept-Encoding")
            part = self.extension.parts.compressed(name)
        await self.finish(part, set_content_type=kind)
