"""Files over HTTP as a client of the hub sends and gets them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2

from tests.support.hub.server import token


class FileClient:
    """One user's requests; every answer is returned as it is.

    It waits for as long as the test may take: by a clock of its own a process that stood still for half a
    minute would have waited for the hub, which stood still with it.
    """

    def __init__(self, url: str, user_id: str, *, access_token: str | None = None) -> None:
        self._url = url
        self.headers = {"Authorization": f"Bearer {access_token or token(user_id)}"}

    async def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request."""
        headers = {**self.headers, **options.pop("headers", {})}
        async with httpx2.AsyncClient(trust_env=False, timeout=None) as http:
            return await http.request(method, self._url + path, headers=headers, **options)

    async def post(
        self, content: bytes | AsyncIterator[bytes], name: str = "notes.txt", **headers: str
    ) -> httpx2.Response:
        """Upload a file to the conversation ``c`` in one request."""
        return await self.ask(
            "POST",
            "/files",
            params={"conversationId": headers.pop("conversation_id", "c"), "name": name},
            content=content,
            headers=headers,
        )

    async def uploaded(self, content: bytes, name: str = "notes.txt", **options: str) -> dict[str, Any]:
        """Upload a file; return its record."""
        response = await self.post(content, name, **options)
        assert response.status_code == 201, response.text
        record: dict[str, Any] = response.json()
        return record

    async def begin(self, size: int | None, name: str = "notes.txt") -> str:
        """Begin an upload that can be resumed; return its path."""
        length = {} if size is None else {"Upload-Length": str(size)}
        response = await self.post(b"", name, **{"Upload-Complete": "?0", **length})
        assert response.status_code == 201, response.text
        return str(response.headers["location"])

    async def patch(
        self, path: str, offset: int, content: bytes | AsyncIterator[bytes], *, last: bool = False
    ) -> httpx2.Response:
        """Send a piece of an upload."""
        headers = {"Upload-Offset": str(offset), "Upload-Complete": "?1" if last else "?0"}
        return await self.ask("PATCH", path, content=content, headers=headers)

    async def offset(self, path: str) -> int:
        """Ask how far an upload is."""
        response = await self.ask("HEAD", path)
        assert response.status_code == 200, response.status_code
        return int(response.headers["upload-offset"])

    async def get(self, file_id: str, **headers: str) -> httpx2.Response:
        """Download a file."""
        return await self.ask("GET", f"/files/{file_id}", headers=headers)
