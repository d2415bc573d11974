"""The site's own look at what is uploaded: a command that may refuse a file, such as ``clamdscan``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
from pathlib import Path
from typing import Final

from conduit_widget.errors import SettingsError, StoreUnavailableError, ValidationError, trace_of

PATIENCE: Final = 60.0
"""Seconds a scan may take."""
CONCURRENT: Final = 2
_REFUSED: Final = 1

_logger = logging.getLogger(__name__)


class Scanner:
    """Runs ``command`` with the file's path after its arguments: 0 lets it in, 1 refuses it.

    Anything else is a fault of the command, which lets nothing in.

    Raises:
        SettingsError: the command cannot be read.

    """

    def __init__(self, command: str) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError as error:
            raise SettingsError(f"--files-scan: {error}.") from error
        if not self._command:
            raise SettingsError("--files-scan must not be empty.")
        self._room = asyncio.Semaphore(CONCURRENT)

    async def check(self, path: Path) -> None:
        """Return if the file may be let in.

        Raises:
            ValidationError: the command refuses it.
            StoreUnavailableError: the command failed, or took too long.

        """
        async with self._room:
            code = await self._run(path)
        if code == _REFUSED:
            raise ValidationError("file", "was refused by this hub's scanner")
        if code != 0:
            _logger.error("The scanner of uploads ended with %d.", code)
            raise StoreUnavailableError

    async def _run(self, path: Path) -> int:
        nothing = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, str(path), stdin=nothing, stdout=nothing, stderr=nothing
            )
        except OSError as error:
            _logger.error("The scanner of uploads cannot be run: %s", trace_of(error))  # noqa: TRY400
            raise StoreUnavailableError from error
        try:
            async with asyncio.timeout(PATIENCE):
                return await process.wait()
        except TimeoutError:
            _logger.error("The scanner of uploads took more than %g s.", PATIENCE)  # noqa: TRY400
            raise StoreUnavailableError from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
