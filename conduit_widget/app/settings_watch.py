"""Follows the files that provider settings come from: what is written there holds without a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from conduit_widget.errors import SettingsError
from conduit_widget.providers.config.settings import ProviderSettings

LOOK_INTERVAL: Final = 1.0

_logger = logging.getLogger(__name__)

Stamp = tuple[tuple[int, ...] | None, ...]
"""What tells the versions of files apart: times, size, mode and inode; None: no such file."""


class SettingsWatch:
    """Loads the settings anew when a file of theirs has changed, or at once when :meth:`load_now` is called.

    ``use`` gets settings that differ from those in use. A file that cannot be used changes nothing but
    ``tell``, which gets the reason, and None as soon as all is well again.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        load: Callable[[], ProviderSettings],
        use: Callable[[ProviderSettings], Awaitable[None]],
        tell: Callable[[str | None], None],
        *,
        interval: float = LOOK_INTERVAL,
    ) -> None:
        self._settings = settings
        self._load = load
        self._use = use
        self._tell = tell
        self._interval = interval
        self._called = asyncio.Event()
        self._loaded: Stamp | None = None
        self._seen: Stamp | None = None

    def load_now(self) -> None:
        """Load the settings whether a file has changed or not."""
        self._called.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._interval):
                    await self._called.wait()
            except TimeoutError:
                await self._look()
            else:
                self._called.clear()
                await self._read(await asyncio.to_thread(stamp_of, self._settings.sources))

    async def _look(self) -> None:
        stamp = await asyncio.to_thread(stamp_of, self._settings.sources)
        # Seen twice alike: a file that is being written is not read half.
        if stamp == self._seen and stamp != self._loaded:
            await self._read(stamp)
        self._seen = stamp

    async def _read(self, stamp: Stamp) -> None:
        self._loaded = stamp
        try:
            settings = await asyncio.to_thread(self._load)
            if settings != self._settings:
                await self._use(settings)
                if settings.sources != self._settings.sources:
                    self._loaded = self._seen = None  # other files to follow
                self._settings = settings
                _logger.info("The settings of the providers were read anew.")
        except SettingsError as error:
            _logger.warning("%s What was set before stays in use.", error)
            self._tell(str(error))
        except Exception:
            _logger.exception("Settings of the providers could not be put to use.")
            self._tell("The new settings could not be put to use: the hub's log says why.")
        else:
            self._tell(None)


def stamp_of(paths: Iterable[Path]) -> Stamp:
    """Return what tells the present versions of the files from others; folders and errors count as none."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_mode, status.st_ino
