"""HTTP proxies: which are accepted, and a tunnel through one (RFC 9110, section 9.3.6, CONNECT).

``websockets`` opens tunnels too, but only inside its own ``connect()``: neither the tunnel nor the CONNECT
request is public. Its public ``parse_proxy`` shows the password of a URL it refuses.
"""

from __future__ import annotations

import asyncio
import base64
from ssl import SSLContext, create_default_context
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx2

from conduit_widget.errors import ConnectionFailedError
from conduit_widget.transports.reasons import no_connection

MAX_ANSWER_BYTES: Final = 16 * 1024

_HTTP_OK: Final = b"200"
_HEAD_END: Final = b"\r\n\r\n"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def check_proxy(proxy: str | None) -> None:
    """Refuse what is no HTTP proxy, without showing it: it may hold a password.

    Raises:
        ValueError: the text says what a proxy looks like.

    """
    if proxy is None:
        return
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or not proxy.isprintable():
        socks = " SOCKS proxies are not supported." if parts.scheme.startswith("socks") else ""
        raise ValueError(f"proxy must look like http://host:port or https://host:port.{socks}")


def http_proxy(proxy: str | None, ssl: SSLContext | None) -> httpx2.Proxy | None:
    """Return the proxy as the HTTP library wants it; ``ssl`` is used for one that is reached by TLS."""
    if proxy is None:
        return None
    secure = urlsplit(proxy).scheme == "https"
    return httpx2.Proxy(proxy, ssl_context=(ssl or create_default_context()) if secure else None)


def name_of(proxy: str) -> str:
    """Return the part of a proxy's URL that an error may show: host and port."""
    return f"the proxy {urlsplit(proxy).netloc.rpartition('@')[2]}"


async def open_tunnel(proxy: str, host: str, port: int, ssl: SSLContext | None = None) -> asyncio.Transport:
    """Return a transport that the proxy has connected to ``host:port``; the caller sets its protocol.

    ``proxy`` is a URL such as ``http://user:password@proxy:3128``; ``ssl`` is used where it is https. Every
    address of the proxy's name is tried.

    Raises:
        ConnectionFailedError: the proxy cannot be reached, or refuses.

    """
    parts = urlsplit(proxy)
    loop = asyncio.get_running_loop()
    secure = parts.scheme == "https"
    proxy_port = parts.port or _DEFAULT_PORTS[parts.scheme]
    shown = name_of(proxy)
    request = _request(host, port, parts.username, parts.password)
    try:
        transport, tunnel = await loop.create_connection(
            lambda: _Tunnel(loop, request, shown),
            parts.hostname or "",
            proxy_port,
            ssl=(ssl or create_default_context()) if secure else None,
            happy_eyeballs_delay=0.25,
        )
    except OSError as error:
        raise no_connection(shown, error) from None
    try:
        await tunnel.opened
    except BaseException:
        transport.abort()
        raise
    return transport


class _Tunnel(asyncio.Protocol):
    """Asks for the tunnel and reads the answer; the proxy sends nothing more before the client does."""

    def __init__(self, loop: asyncio.AbstractEventLoop, request: bytes, shown: str) -> None:
        self.opened: asyncio.Future[None] = loop.create_future()
        self._request = request
        self._shown = shown
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if _HEAD_END in self._answer:
            status = self._answer.split(b" ", 2)[1:2]
            if status == [_HTTP_OK]:
                self._end(None)
            else:
                shown = status[0][:3].decode("latin-1") if status else "?"
                self._end(f"{self._shown} refused the tunnel with HTTP {shown}.")
        elif len(self._answer) > MAX_ANSWER_BYTES:
            self._end(f"{self._shown} gave no HTTP answer.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"{self._shown} gave no HTTP answer.")

    def _end(self, problem: str | None) -> None:
        if self.opened.done():
            return
        if problem is None:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionFailedError(problem[0].upper() + problem[1:]))
            self.opened.exception()  # whoever waits may have given up already


def _request(host: str, port: int, user: str | None, password: str | None) -> bytes:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if user is not None:
        credentials = f"{unquote(user)}:{unquote(password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(credentials).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
