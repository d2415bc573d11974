"""A server of one file that can break off, forget, change and refuse, as a script says."""

from __future__ import annotations

from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest


class FileServer(RawHttpServer):
    """Serves ``data`` under every path, with ranges; use as an async context manager.

    ``cuts`` are how many bytes of a body the next replies send before they break off. ``statuses`` are what
    the next replies say instead. ``etag`` empty: the file has no mark of its version. ``has_ranges`` False:
    every reply is the whole file.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(self._reply)
        self.data = data
        self.cuts: list[int] = []
        self.statuses: list[int] = []
        self.etag = '"1"'
        self.has_ranges = True
        self.says_length = True
        self.redirects: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self.port}/files/tiny.gguf"

    @property
    def ranges(self) -> list[str | None]:
        """The ranges that were asked for, in order."""
        return [request.headers.get("range") for request in self.requests]

    async def _reply(self, request: RawRequest, reply: RawReply) -> None:
        if target := self.redirects.get(request.path):
            await reply.raw(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        if self.statuses:
            await reply.json({}, status=self.statuses.pop(0))
            return
        start, line = 0, "200 OK"
        lines = ["Connection: close"]
        asked = request.headers.get("range", "")
        if asked and self.has_ranges and request.headers.get("if-range") == self.etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(self.data):
                await reply.json({}, status=416)
                return
            line = "206 Partial Content"
            lines.append(f"Content-Range: bytes {start}-{len(self.data) - 1}/{len(self.data)}")
        if self.says_length:
            lines.append(f"Content-Length: {len(self.data) - start}")
        if self.etag:
            lines.append(f"ETag: {self.etag}")
        body = self.data[start:]
        await reply.raw("\r\n".join([f"HTTP/1.1 {line}", *lines]).encode() + b"\r\n\r\n")
        if self.cuts:
            await reply.raw(body[: self.cuts.pop(0)])
        else:
            await reply.raw(body)
