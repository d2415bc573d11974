"""Fetches a model's file by its URL: with progress, within the disk's space, and on from where it broke off.

What has come is kept beside the models as ``.NAME.part``, with the server's mark of that version (its ETag)
in ``.NAME.part.json``; a later call goes on there, in this process or another, if the server still has that
version.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

import httpx2
import msgspec

from conduit_widget.back_off import BackOff
from conduit_widget.errors import UNREADABLE, ModelInstallError, ProviderError
from conduit_widget.providers.addresses import host_and_port, is_loopback
from conduit_widget.providers.http_api import http_client
from conduit_widget.providers.local.library import write_aside

ATTEMPTS: Final = 6
"""So often in a row without a single byte, then it gives up."""

_MAX_REDIRECTS: Final = 10
_CONNECT_TIMEOUT: Final = 15.0
_SILENCE_TIMEOUT: Final = 60.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 15.0
_SPARE_BYTES: Final = 64 << 20
_MAGIC: Final = b"GGUF"
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_TRY_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})

ProgressCallback = Callable[[int, int | None], None]
"""Called with the bytes there are and the bytes there will be (None: not known)."""


class _Mark(msgspec.Struct, frozen=True):
    """Which version of which file a part belongs to."""

    url: str
    validator: str
    total: int | None = None


class _BrokenError(Exception):
    """The download broke off; it may go on."""


def name_in(url: str) -> str:
    """Return the name of the file that a URL ends in, empty where it ends in none."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def check_url(url: str) -> None:
    """Check that a model may be fetched from there.

    Raises:
        ModelInstallError: it is not https (plain http is fine on this computer), or holds a password.

    """
    try:
        parts = urlsplit(url)
        complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ModelInstallError("The model's URL is no address such as https://host/model.gguf.") from None
    if not complete or (parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url))):
        raise ModelInstallError("The model's URL must begin with https:// and name a host.")
    if parts.username or parts.password:
        raise ModelInstallError("The model's URL must not hold a password.")


def without_secrets(url: str) -> str:
    """Return a URL without its query, which may hold a signature."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{host_and_port(url)}{parts.path}"


async def download(
    url: str, part: Path, progress: ProgressCallback, *, pauses: BackOff | None = None
) -> None:
    """Fetch ``url`` into ``part``, on from what is there of it.

    Raises:
        ModelInstallError: the server refuses, the disk is too small, it is no model, or the download keeps
            breaking off; the text says what to do. What has come so far is kept.
        OSError: ``part`` cannot be written.

    """
    check_url(url)
    pauses = pauses or BackOff(_FIRST_PAUSE, _LONGEST_PAUSE)
    while True:
        before = _size_of(part)
        try:
            await _fetch(url, part, progress)
        except _BrokenError as error:
            if _size_of(part) > before:
                pauses.reset()
            if pauses.failures + 1 >= ATTEMPTS:
                raise _gave_up(url, part, str(error)) from error
            await asyncio.sleep(pauses.next_delay())
        else:
            _mark_path(part).unlink(missing_ok=True)
            return


def discard(part: Path) -> None:
    """Remove what was fetched."""
    part.unlink(missing_ok=True)
    _mark_path(part).unlink(missing_ok=True)


async def _fetch(url: str, part: Path, progress: ProgressCallback) -> None:
    """Fetch once, to the end."""
    mark = _read_mark(part, url)
    if mark is None:
        discard(part)
    headers = {"Accept-Encoding": "identity"}
    if mark is not None and (have := _size_of(part)):
        headers |= {"Range": f"bytes={have}-", "If-Range": mark.validator}
    target = url
    for _ in range(_MAX_REDIRECTS):
        async with _client_for(target) as client:
            try:
                async with client.stream(
                    "GET",
                    target,
                    headers=headers,
                    timeout=httpx2.Timeout(_SILENCE_TIMEOUT, connect=_CONNECT_TIMEOUT),
                ) as response:
                    if response.is_redirect:
                        target = urljoin(target, response.headers.get("location", ""))
                        check_url(target)
                        continue
                    await _receive(response, url, part, progress)
                    return
            except httpx2.HTTPError as error:
                if http_client.has_bad_certificate(error):
                    raise ModelInstallError(
                        f"The certificate of {host_and_port(target)} is not trusted here. Name your CA's "
                        "file in SSL_CERT_FILE and run the command again."
                    ) from error
                raise _BrokenError(type(error).__name__) from error
            except httpx2.InvalidURL as error:
                raise ModelInstallError(f"{host_and_port(url)} sends to an address that is none.") from error
    raise ModelInstallError(f"{host_and_port(url)} sends from address to address. Check the URL.")


def _client_for(url: str) -> httpx2.AsyncClient:
    try:
        return http_client.open_client(host_and_port(url), url, connect_timeout=_CONNECT_TIMEOUT)
    except ProviderError as error:
        again = str(error).replace("start the hub again", "run the command again")
        raise ModelInstallError(again) from error


async def _receive(response: httpx2.Response, url: str, part: Path, progress: ProgressCallback) -> None:
    start, total = _begin(response, url, part)
    _require_space(part.parent, None if total is None else total - start)
    validator = _validator(response)
    if validator:
        mark = _Mark(url=url, validator=validator, total=total)
        write_aside(_mark_path(part), msgspec.json.encode(mark))
    done = start
    progress(done, total)
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        file.truncate()
        async for block in response.aiter_raw():
            if done == 0 and not block.startswith(_MAGIC[: len(block)]):
                raise _no_model(url)
            file.write(block)
            done += len(block)
            progress(done, total)
    if total is not None and done != total:
        raise _BrokenError("it ended early")


def _begin(response: httpx2.Response, url: str, part: Path) -> tuple[int, int | None]:
    """Return where the body begins in the file, and how long the whole file is."""
    host, status = host_and_port(url), response.status_code
    if status == 200:
        length = response.headers.get("content-length", "")
        return 0, int(length) if length.isdigit() else None
    if status == 206:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if match is not None and int(match[1]) == _size_of(part):
            return int(match[1]), int(match[2]) if match[2].isdigit() else None
    if status in {206, 416}:
        discard(part)
        raise _BrokenError("it could not go on where it broke off")
    if status in _TRY_LATER:
        raise _BrokenError(f"HTTP {status}")
    if status in {401, 403}:
        raise ModelInstallError(
            f"{host} does not give the model without a login (HTTP {status}). Download it with your browser, "
            "then run: conduit-widget model install FILE"
        )
    raise ModelInstallError(f"{host} has no model at this URL (HTTP {status}). Check the URL.")


def _validator(response: httpx2.Response) -> str:
    """A strong ETag, else the time of the last change: what a server takes for ``If-Range``."""
    tag: str = response.headers.get("etag", "")
    if tag.startswith('"'):
        return tag
    changed: str = response.headers.get("last-modified", "")
    return changed


def _require_space(directory: Path, needed: int | None) -> None:
    if needed is None:
        return
    free = shutil.disk_usage(directory).free
    if free < needed + _SPARE_BYTES:
        raise ModelInstallError(
            f"{directory} has {free // 10**6} MB free, {(needed + _SPARE_BYTES) // 10**6 + 1} MB are needed. "
            "Free space or set CONDUIT_MODELS_DIR, then run the command again."
        )


def _no_model(url: str) -> ModelInstallError:
    hint = ""
    if "/blob/" in urlsplit(url).path:
        hint = " This is the address of a page: put /resolve/ in the place of /blob/."
    return ModelInstallError(f"{host_and_port(url)} sends something else than a GGUF file.{hint}")


def _gave_up(url: str, part: Path, why: str) -> ModelInstallError:
    have = _size_of(part)
    kept = f" {have // 10**6} MB are kept: it goes on from there." if have else ""
    return ModelInstallError(
        f"The download from {host_and_port(url)} keeps breaking off ({why}). Check the network and run the "
        f"command again.{kept}"
    )


def _mark_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_mark(part: Path, url: str) -> _Mark | None:
    try:
        mark = msgspec.json.decode(_mark_path(part).read_bytes(), type=_Mark)
    except (OSError, *UNREADABLE):
        return None
    return mark if mark.url == url else None


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
