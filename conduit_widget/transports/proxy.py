"""A tunnel through an HTTP proxy (RFC 9110, section 9.3.6, CONNECT)."""

from __future__ import annotations

import asyncio
import base64
import socket
from typing import Final
from urllib.parse import unquote, urlsplit

from conduit_widget.errors import ConnectionFailedError

MAX_ANSWER_BYTES: Final = 16 * 1024

_HTTP_OK: Final = b"200"


async def open_tunnel(proxy: str, host: str, port: int) -> socket.socket:
    """Return a socket that the proxy has connected to ``host:port``; the caller owns it.

    ``proxy`` is a URL such as ``http://user:password@proxy:3128``; the way to the proxy itself is plain.

    Raises:
        ConnectionFailedError: the URL is of another kind, or the proxy refuses.
        OSError: the proxy cannot be reached.

    """
    parts = urlsplit(proxy)
    if parts.scheme != "http" or not parts.hostname:
        raise ConnectionFailedError("The proxy must look like http://host:port.")
    loop = asyncio.get_running_loop()
    at = f"{parts.hostname}:{parts.port or 80}"
    addresses = await loop.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    family, kind, number, _, address = addresses[0]
    tunnel = socket.socket(family, kind, number)
    try:
        tunnel.setblocking(False)
        await loop.sock_connect(tunnel, address)
        await loop.sock_sendall(tunnel, _request(host, port, parts.username, parts.password))
        await _read_answer(tunnel, at)
    except BaseException:
        tunnel.close()
        raise
    return tunnel


async def _read_answer(tunnel: socket.socket, proxy: str) -> None:
    loop = asyncio.get_running_loop()
    answer = b""
    # The proxy says nothing beyond its answer before we speak, so nothing is read too far.
    while b"\r\n\r\n" not in answer:
        more = await loop.sock_recv(tunnel, 4096)
        answer += more
        if not more or len(answer) > MAX_ANSWER_BYTES:
            raise ConnectionFailedError(f"The proxy {proxy} gave no HTTP answer.")
    status = answer.split(b" ", 2)[1:2]
    if status != [_HTTP_OK]:
        shown = status[0][:3].decode("latin-1") if status else "?"
        raise ConnectionFailedError(f"The proxy {proxy} refused the tunnel with HTTP {shown}.")


def _request(host: str, port: int, user: str | None, password: str | None) -> bytes:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if user is not None:
        credentials = f"{unquote(user)}:{unquote(password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(credentials).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
