"""The local model as a provider: supervises the child process and speaks to it as to any endpoint.

The child starts with the first generation, or with :meth:`LocalServer.start`. When it has died, the next
generation starts another, after a pause that grows while it keeps dying.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from conduit_widget.back_off import BackOff
from conduit_widget.child_process import child_environment, python_command
from conduit_widget.errors import UNREADABLE, ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.kinds import ProviderContext, ProviderKind
from conduit_widget.providers.local.child import ChildReady, ChildSettings, default_threads
from conduit_widget.providers.local.model import (
    INSTALL_COMMAND,
    MODEL_NAME,
    engine_missing,
    engine_problem,
    model_path,
)
from conduit_widget.providers.local.slots import ModelSlots
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider import Chunk, GenerationRequest, PromptMessage
from conduit_widget.providers.provider_config import (
    LOCAL_KIND,
    SELF_HOSTED_TIMEOUTS,
    ProviderConfig,
    Timeouts,
)

_logger = logging.getLogger(__name__)

CONTEXT_TOKENS: Final = 4096
"""What a slot holds: room for texts of more tokens than estimated, and for long answers."""

PROMPT_CONTEXT_TOKENS: Final = 2048
"""What prompts are made for. Every new token is weighed against all before it: after 3,300 of them a question
takes twice the work it takes after 600. So a long conversation answers about as fast as a short one."""

SLOTS: Final = 2
MAX_ANSWER_TOKENS: Final = 512
# Looked at over a few dozen answers: a repeat penalty of 1.1 spoils short ones (it also counts the question's
# words), none at all loops in long ones; DRY punishes repeated sequences only.
SAMPLING: Final[dict[str, Any]] = {
    "temperature": 0.2,
    "top_p": 0.9,
    "repeat_penalty": 1.03,
    "repeat_last_n": 128,
    "dry_multiplier": 0.8,
    "dry_allowed_length": 3,
    "dry_penalty_last_n": 512,
    "dry_sequence_breakers": ["<|im_end|>"],
    "max_tokens": MAX_ANSWER_TOKENS,
}
SYSTEM_PROMPT: Final = "You are a helpful assistant in a team chat. Answer briefly and to the point."
_COMMAND: Final = tuple(python_command("conduit_widget.providers.local.child"))
_FOLDER: Final = Path(sys.executable).anchor  # one that is not the notebook's
_READY_TIMEOUT: Final = 60.0
_STOP_TIMEOUT: Final = 3.0
_EXIT_CODE_TIMEOUT: Final = 1.0
_STABLE_AFTER: Final = 60.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


class LocalServer:
    """SmolLM2-135M on llama.cpp, two generations at a time, further ones wait for a free slot."""

    def __init__(
        self,
        model_path: Path,
        *,
        name: str = LOCAL_KIND,
        threads: int | None = None,
        timeouts: Timeouts = SELF_HOSTED_TIMEOUTS,
        ready_timeout: float = _READY_TIMEOUT,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self.name = name
        self.context_tokens: int | None = PROMPT_CONTEXT_TOKENS
        self._model_path = model_path
        self._threads = threads or default_threads()
        self._timeouts = timeouts
        self._ready_timeout = ready_timeout
        self._command = tuple(command)
        self._slots = ModelSlots(SLOTS)
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._endpoint: OpenAICompatible | None = None
        self._started_at = 0.0
        self._back_off = BackOff(_FIRST_PAUSE, _LONGEST_PAUSE)
        self._closing = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def models(self) -> list[str]:
        """List the one model.

        Raises:
            ProviderError: the engine is not installed.

        """
        if problem := engine_problem():
            raise problem
        return [MODEL_NAME]

    async def start(self) -> None:
        """Start the child and wait until it serves (idempotent).

        Raises:
            ProviderError: the engine or the model is missing or broken; the text says what to do.

        """
        await self._ready_endpoint()

    async def aclose(self) -> None:
        """End the child; nothing of it is left when this returns."""
        self._closing.set()
        if self._endpoint is None and self._process is not None and self._process.returncode is None:
            self._process.kill()  # still loading: it would not notice the end of its input before it is done
        async with self._lock:
            await self._stop()

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer; ``aclose()`` frees the model at once.

        Raises:
            ProviderError: the model cannot be started, or its process died in the middle of the answer.

        """
        prepared = _prepared(request)
        async with (
            self._slots.hold(request.cache_key) as slot,
            aclosing(self._answer(prepared, slot)) as chunks,
        ):
            async for chunk in chunks:
                yield chunk

    async def _answer(self, request: GenerationRequest, slot: int) -> AsyncGenerator[Chunk, None]:
        began = False
        for retried in (False, True):
            endpoint = await self._ready_endpoint()
            try:
                async with aclosing(endpoint.generate(request, extra={"id_slot": slot})) as chunks:
                    async for chunk in chunks:
                        began = True
                        yield chunk
            except ProviderError as error:
                if error.type != "network_error" or not await self._is_gone(endpoint):
                    raise
                # Found dead before it said anything: the next one takes the question, once.
                if began or retried or self._closing.is_set() or error.code != failures.UNREACHABLE:
                    raise _ended() from error
            else:
                return

    async def _ready_endpoint(self) -> OpenAICompatible:
        async with self._lock:
            if self._closing.is_set():
                raise failures.closed(self.name)
            if self._endpoint is not None and self.pid is not None:
                return self._endpoint
            await self._pause_after_deaths()
            await self._stop()
            self._endpoint = await self._launch()
            return self._endpoint

    async def _launch(self) -> OpenAICompatible:
        key = secrets.token_urlsafe(24)
        settings = ChildSettings(
            model_path=str(self._model_path.absolute()),
            model_name=MODEL_NAME,
            api_key=key,
            threads=self._threads,
            slots=SLOTS,
            context_tokens=CONTEXT_TOKENS,
        )
        started = time.monotonic()
        self._started_at = started
        try:
            ready = await asyncio.wait_for(self._spawn(settings), self._ready_timeout)
        except TimeoutError as error:
            await self._stop()
            raise _not_started(f"was not ready within {self._ready_timeout:g} s") from error
        except BaseException:
            await self._stop()
            raise
        if not ready.url:
            await self._stop()
            raise engine_missing() if ready.code == "engine_missing" else _not_started("could not be loaded")
        _logger.info("local model ready in %.2f s (pid %s)", time.monotonic() - started, self.pid)
        return OpenAICompatible(
            self.name,
            f"{ready.url}/v1",
            api_key=Secret(key),
            model=MODEL_NAME,
            context_tokens=CONTEXT_TOKENS,
            timeouts=self._timeouts,
            defaults=SAMPLING,
        )

    async def _spawn(self, settings: ChildSettings) -> ChildReady:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=_FOLDER,
            env=child_environment(),
            # Its own session: a Ctrl-C in the terminal must not cut answers that the hub is still draining.
            start_new_session=True,
        )
        if process.stdin is None or process.stdout is None:
            raise _not_started("has no pipes")
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        with suppress(ConnectionError):  # it died: its answer, or the lack of one, says so below
            await process.stdin.drain()
        line = await process.stdout.readline()
        try:
            return msgspec.json.decode(line, type=ChildReady)
        except UNREADABLE:
            return ChildReady(error="no answer", code="died")

    async def _stop(self) -> None:
        endpoint, self._endpoint = self._endpoint, None
        process, self._process = self._process, None
        if endpoint is not None:
            await endpoint.aclose()
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

    async def _is_gone(self, endpoint: OpenAICompatible) -> bool:
        """Whether the child behind ``endpoint`` ended; the socket tells before the exit code does."""
        process = self._process
        if process is None or endpoint is not self._endpoint:
            return True
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _EXIT_CODE_TIMEOUT)
        return process.returncode is not None

    async def _pause_after_deaths(self) -> None:
        """Wait before another start, longer each time the child died soon after the last."""
        process = self._process
        if process is None or process.returncode is None:
            return
        pause = 0.0
        if time.monotonic() - self._started_at > _STABLE_AFTER:
            self._back_off.reset()
        else:
            pause = self._back_off.next_delay()
        _logger.warning(
            "local model ended (exit code %d); starting it again in %.1f s", process.returncode, pause
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), pause)


def _prepared(request: GenerationRequest) -> GenerationRequest:
    """The request for the one model; without instructions it gets those this model does best with."""
    messages = request.messages
    if not any(message.role == "system" for message in messages):
        messages = [PromptMessage("system", SYSTEM_PROMPT), *messages]
    return msgspec.structs.replace(request, model=MODEL_NAME, messages=messages)


def _ended() -> ProviderError:
    return ProviderError(
        "The local model stopped in the middle of the answer. Ask again: it starts anew.",
        type="network_error",
        code=failures.TRUNCATED,
        suggestions=("Ask again.",),
    )


def _not_started(what: str) -> ProviderError:
    return ProviderError(
        f"The local model {what}. Try again; if it stays so, run: {INSTALL_COMMAND}",
        type="server_error",
        code="local_model_failed",
        suggestions=("Try again.", f"Run: {INSTALL_COMMAND}"),
    )


def _build(config: ProviderConfig, context: ProviderContext) -> LocalServer:
    return LocalServer(model_path(context.models_dir), name=config.name, timeouts=config.clocks)


KIND: Final = ProviderKind(build=_build, note="Small local model, often wrong.", fixed_models=True)
