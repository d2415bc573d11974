"""The bytes of a response, bounded: no list without an end, no small body that inflates to a large one."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import httpx2

from conduit_widget.providers.timing.clocks import GenerationClocks

_PIECE_BYTES: Final = 64 * 1024
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32


class ResponseBytesError(ValueError):
    """The body is larger than its limit, or compressed in a way that was not asked for."""


class TooLargeError(ResponseBytesError):
    """The body is larger than its limit."""


def pieces_of(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    """Return the body as it comes. No compression is asked for; gzip is read all the same, in small pieces.

    The generator raises:
        ResponseBytesError: another compression, or broken data.
        httpx2.HTTPError: the connection failed.

    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    return response.aiter_raw() if encoding in {"", "identity"} else _inflated(response, encoding)


async def _inflated(response: httpx2.Response, encoding: str) -> AsyncGenerator[bytes, None]:
    async with aclosing(response.aiter_raw()) as pieces:
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise ResponseBytesError("compressed")
        inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
        async for piece in pieces:
            rest = piece
            while rest and not inflater.eof:
                try:
                    plain = inflater.decompress(rest, _PIECE_BYTES)
                except zlib.error as error:
                    raise ResponseBytesError("broken") from error
                rest = inflater.unconsumed_tail
                if plain:
                    yield plain


async def read_start(response: httpx2.Response, limit: int, clocks: GenerationClocks | None = None) -> bytes:
    """Return the body, cut at about ``limit`` bytes; each piece is waited for by the ``clocks``.

    Raises:
        ResponseBytesError: the body cannot be inflated.
        httpx2.HTTPError: the connection failed.
        ProviderError: a clock ran out.

    """
    body = bytearray()
    async with aclosing(pieces_of(response)) as pieces:
        while len(body) <= limit:
            coming = anext(pieces, None)
            piece = await (clocks.wait(coming) if clocks is not None else coming)
            if piece is None:
                break
            body += piece
    return bytes(body)


async def read_all(response: httpx2.Response, limit: int, clocks: GenerationClocks | None = None) -> bytes:
    """Return the whole body.

    Raises:
        ResponseBytesError: it has more than ``limit`` bytes (TooLargeError), or cannot be inflated.
        httpx2.HTTPError: the connection failed.
        ProviderError: a clock ran out.

    """
    body = await read_start(response, limit, clocks)
    if len(body) > limit:
        raise TooLargeError("too large")
    return body
