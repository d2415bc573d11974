"""One child process that serves one model, and the endpoint that speaks to it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.child_process import child_environment, python_command
from conduit_widget.errors import UNREADABLE
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.local import troubles
from conduit_widget.providers.local.child import ChildReady, ChildSettings
from conduit_widget.providers.local.library import LocalModel
from conduit_widget.providers.local.model import engine_missing
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider_config import Timeouts

_logger = logging.getLogger(__name__)

COMMAND: Final = tuple(python_command("conduit_widget.providers.local.child"))
_FOLDER: Final = Path(sys.executable).anchor  # one that is not the notebook's
_STOP_TIMEOUT: Final = 3.0
_EXIT_CODE_TIMEOUT: Final = 1.0
_WORDS_BYTES: Final = 4096


class ModelProcess:
    """Serves ``model``; ``answers`` counts those being written. Started once, stopped once."""

    def __init__(self, model: LocalModel, command: Sequence[str] = COMMAND) -> None:
        self.model = model
        self.answers = 0
        self.has_answered = False
        self.endpoint: OpenAICompatible | None = None
        self._command = tuple(command)
        self._began = time.monotonic()
        self._is_unwanted = False
        self._process: asyncio.subprocess.Process | None = None
        self._last_words = b""
        self._listening: asyncio.Task[None] | None = None

    @property
    def age(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._began

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self.exit_code is None else None

    @property
    def exit_code(self) -> int | None:
        """How it ended, None while it runs or before it began."""
        return None if self._process is None else self._process.returncode

    @property
    def is_serving(self) -> bool:
        """Whether it is ready, and alive."""
        return self.endpoint is not None and self.pid is not None

    async def start(
        self,
        name: str,
        settings: ChildSettings,
        *,
        timeouts: Timeouts,
        defaults: Mapping[str, Any],
        patience: float,
    ) -> None:
        """Start the child and wait until it serves, ``patience`` seconds at most; else nothing is left of it.

        Raises:
            ProviderError: the engine or the model is missing or broken; the text says what to do.

        """
        try:
            ready = await asyncio.wait_for(self._spawn(settings), patience)
            await self._require_ready(ready)
        except TimeoutError as error:
            await self.stop()
            raise troubles.too_slow(self.model.name, patience) from error
        except BaseException:
            await self.stop()
            raise
        _logger.info("local model %s ready in %.2f s (pid %s)", self.model.name, self.age, self.pid)
        self.endpoint = OpenAICompatible(
            name,
            f"{ready.url}/v1",
            api_key=Secret(settings.api_key),
            model=self.model.name,
            context_tokens=settings.context_tokens,
            timeouts=timeouts,
            defaults=defaults,
        )

    def kill_while_loading(self) -> None:
        """End a child that still loads: it would not notice the end of its input before it is done."""
        self._is_unwanted = True
        if self.endpoint is None and self._process is not None and self.exit_code is None:
            self._process.kill()

    async def stop(self) -> None:
        """End the child; nothing of it is left when this returns (idempotent)."""
        endpoint, self.endpoint = self.endpoint, None
        if endpoint is not None:
            await endpoint.aclose()
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), _STOP_TIMEOUT)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
        await process.wait()
        if self._listening is not None:
            await cancel_and_wait(self._listening)

    async def has_ended(self) -> bool:
        """Whether the child ended; the socket tells before the exit code does."""
        await self._wait_for_exit()
        return self.exit_code is not None

    async def _require_ready(self, ready: ChildReady) -> None:
        if ready.code == "engine_missing":
            raise engine_missing()
        if not ready.url:
            await self._wait_for_exit()
            small = self.model.is_the_small_one
            raise troubles.not_loaded(
                self.model.name, self.exit_code, self._last_words, is_the_small_one=small
            )

    async def _wait_for_exit(self) -> None:
        if self._process is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _EXIT_CODE_TIMEOUT)
                if self._listening is not None:
                    await asyncio.wait([self._listening], timeout=_EXIT_CODE_TIMEOUT)

    async def _spawn(self, settings: ChildSettings) -> ChildReady:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=_FOLDER,
            env=child_environment(),
            # Its own session: a Ctrl-C in the terminal must not cut answers that the hub is still draining.
            start_new_session=True,
        )
        self._listening = asyncio.create_task(self._listen(process), name="local-model-words")
        if self._is_unwanted:
            process.kill()
        if process.stdin is None or process.stdout is None:
            return ChildReady(error="no pipes", code="died")
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        with suppress(ConnectionError):  # it died: its answer, or the lack of one, says so below
            await process.stdin.drain()
        line = await process.stdout.readline()
        try:
            return msgspec.json.decode(line, type=ChildReady)
        except UNREADABLE:
            return ChildReady(error="no answer", code="died")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Read what the engine says, and keep its last words: they tell why it could not go on."""
        while process.stderr is not None and (words := await process.stderr.read(_WORDS_BYTES)):
            self._last_words = (self._last_words + words.lower())[-_WORDS_BYTES:]


def new_key() -> str:
    """Return what nobody can guess, for one child."""
    return secrets.token_urlsafe(24)
