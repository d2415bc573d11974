"""One run of an import: the file is read apart, then its conversations go to the hub."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from conduit_widget.errors import ValidationError
from conduit_widget.widget.take_along.bringing import Bringing, Brought
from conduit_widget.widget.take_along.readers.apart import read_path

OnProgress = Callable[[int, int], object]
"""``on_progress(done, total)``: how many messages were brought in, and of how many; may block."""


def checked_path(path: object) -> Path:
    """Return the path of a file.

    Raises:
        ValidationError: it is no path, or there is no such file.

    """
    if not isinstance(path, str | Path):
        raise ValidationError("path", f"must be a string or a Path, not {type(path).__name__}.")
    file = Path(os.path.expanduser(path))  # noqa: PTH111 - no error for a user not there
    if not file.is_file():
        raise ValidationError("path", "names no file.")
    return file


async def brought(bringing: Bringing, path: Path, on_progress: OnProgress | None) -> list[Brought]:
    """Read a file and bring in its conversations."""

    async def tell(done: int, total: int) -> None:
        if on_progress is not None:
            await asyncio.to_thread(on_progress, done, total)

    return await bringing.all(await asyncio.to_thread(read_path, path), tell)
