"""Conditional and partial answers (RFC 9110, sections 13 and 14): ``304``, ``206`` and ``416``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from conduit_widget.hub.http import Content, HttpRequest, HttpResponse, error_response

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_MOST_DIGITS: Final = 18
_BEYOND: Final = 10**_MOST_DIGITS  # more than any file has


def answer(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return what a GET or HEAD gets of a ``200``: the whole, a part, or word that it is known.

    The version is the response's ``etag``. One range is served; several at once get the whole, as the RFC
    allows.
    """
    if response.status != 200 or request.method not in ("GET", "HEAD"):
        return response
    etag = response.headers.get("etag", "")
    if etag and _is_known(request.headers.get("if-none-match", ""), etag):
        return replace(response, status=304, body=b"")
    if not isinstance(response.body, bytes | Content):
        return response
    response = response.with_headers({"accept-ranges": "bytes"})
    if request.method == "HEAD" or request.headers.get("if-range", etag) != etag:
        return response
    return _part(request.headers.get("range", ""), response)


def _part(wanted: str, response: HttpResponse) -> HttpResponse:
    body = response.body
    assert isinstance(body, bytes | Content)
    size = len(body) if isinstance(body, bytes) else body.size
    match = _RANGE.fullmatch(wanted.strip().lower())
    first, last = (None, None) if match is None else (_number(match[1]), _number(match[2]))
    if (first is None and last is None) or (first is not None and last is not None and first > last):
        return response  # no range, several, or nothing that can be read
    if first is not None:
        start, stop = first, size if last is None else min(size, last + 1)
    else:
        start, stop = max(0, size - (last or 0)), size  # the last so many
    if start >= stop:
        text = f"The range begins after the end: there are {size} bytes."
        return error_response(416, text, {"content-range": f"bytes */{size}"})
    return replace(
        response.with_headers({"content-range": f"bytes {start}-{stop - 1}/{size}"}),
        status=206,
        body=body[start:stop] if isinstance(body, bytes) else _slice(body, start, stop),
    )


def _number(digits: str) -> int | None:
    digits = digits.lstrip("0") or digits[:1]
    return None if not digits else int(digits) if len(digits) <= _MOST_DIGITS else _BEYOND


def _slice(content: Content, start: int, stop: int) -> Content:
    return Content(stop - start, lambda first, last: content.read(start + first, start + last))


def _is_known(if_none_match: str, etag: str) -> bool:
    """Whether one of the versions a client has is this one (compared weakly, as the RFC wants it)."""
    known = (version.strip().removeprefix("W/") for version in if_none_match.split(","))
    return any(version in ("*", etag.removeprefix("W/")) for version in known)
