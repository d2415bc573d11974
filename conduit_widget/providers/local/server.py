"""The local model as a provider: supervises the child process and speaks to it as to any endpoint.

The child starts with the first generation, or with :meth:`LocalServer.start`, and ends when nobody asked for
a while. When it has died, the next generation starts another, after a pause that grows while it keeps dying.
When another model is in use by then, the next generation starts that one, and answers being written finish
with the one they began with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import msgspec

from conduit_widget.errors import ModelInstallError, ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.kinds import ProviderContext, ProviderKind
from conduit_widget.providers.local import library, troubles
from conduit_widget.providers.local.child import ChildSettings
from conduit_widget.providers.local.crashes import CrashCount
from conduit_widget.providers.local.gguf import GgufHeader
from conduit_widget.providers.local.library import LocalModel
from conduit_widget.providers.local.model import engine_problem
from conduit_widget.providers.local.process import COMMAND, ModelProcess, new_key
from conduit_widget.providers.local.resources import available_memory, default_threads
from conduit_widget.providers.local.slots import ModelSlots
from conduit_widget.providers.local.window import PROMPT_CONTEXT_TOKENS, prompt_tokens, slot_tokens
from conduit_widget.providers.provider import Chunk, GenerationRequest, PromptMessage
from conduit_widget.providers.provider_config import (
    LOCAL_KIND,
    SELF_HOSTED_TIMEOUTS,
    ProviderConfig,
    Timeouts,
)

_logger = logging.getLogger(__name__)

SLOTS: Final = 2
IDLE_MINUTES: Final = 15.0
SMALL_MODEL_NOTE: Final = "Small local model, often wrong."
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
_LONGEST_LOAD: Final = 300.0
_ENGINE_BYTES: Final = 150_000_000
_STABLE_AFTER: Final = 60.0


_MOST_THREADS: Final = 256
_LONGEST_IDLE: Final = 100_000


class LocalOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``options`` of a provider of this kind in ``config.toml``.

    ``threads`` defaults to one less than the CPUs there are; ``idle_minutes`` 0 keeps the model loaded.
    """

    threads: int | None = None
    idle_minutes: float = IDLE_MINUTES


class LocalServer:
    """A model on llama.cpp, two generations at a time, further ones wait for a free slot.

    ``find`` returns the model to run, and is asked at each generation. ``on_note`` gets a line for people
    when the model begins to load, and when it is ready. ``idle_seconds`` None keeps the model loaded.
    """

    def __init__(
        self,
        find: Callable[[], LocalModel],
        *,
        name: str = LOCAL_KIND,
        threads: int | None = None,
        context_tokens: int = PROMPT_CONTEXT_TOKENS,
        idle_seconds: float | None = IDLE_MINUTES * 60,
        timeouts: Timeouts = SELF_HOSTED_TIMEOUTS,
        ready_timeout: float = _LONGEST_LOAD,
        command: Sequence[str] = COMMAND,
        on_note: Callable[[str], None] = lambda _note: None,
    ) -> None:
        self.name = name
        self.context_tokens: int | None = context_tokens
        self._configured_tokens = context_tokens
        self._find = find
        self._threads = threads or default_threads()
        self._idle_seconds = idle_seconds
        self._timeouts = timeouts
        self._ready_timeout = ready_timeout
        self._command = tuple(command)
        self._on_note = on_note
        self._slots = ModelSlots(SLOTS)
        self._process: ModelProcess | None = None
        self._loading: asyncio.Task[ModelProcess] | None = None
        self._questions = 0
        self._ending: set[asyncio.Task[None]] = set()
        self._finishing: set[ModelProcess] = set()
        """Of models that are not in use any more, with answers still being written."""

        self._idle_timer: asyncio.TimerHandle | None = None
        self._crashes = CrashCount()
        self._closing = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return None if self._process is None else self._process.pid

    async def models(self) -> list[str]:
        """List the one model; one that kept ending is tried first.

        Raises:
            ProviderError: the engine or the model is missing, or its process keeps ending.

        """
        if problem := engine_problem():
            raise problem
        model = self._find()
        if self._crashes.is_loop_of(model):
            await self._serving()
        return [model.name]

    async def start(self) -> None:
        """Start the child and wait until it serves (idempotent).

        Raises:
            ProviderError: the engine or the model is missing or broken; the text says what to do.

        """
        await self._serving()

    async def aclose(self) -> None:
        """End the child; nothing of it is left when this returns (idempotent)."""
        self._closing.set()
        self._cancel_idle_timer()
        if self._process is not None:
            self._process.kill_while_loading()
        if self._loading is not None:
            await asyncio.wait([self._loading])
        processes = [*self._finishing, *([self._process] if self._process is not None else [])]
        self._process = None
        self._finishing.clear()
        await asyncio.gather(*(process.stop() for process in processes), *self._ending)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer; ``aclose()`` frees the model at once.

        Raises:
            ProviderError: the model cannot be started, or its process died in the middle of the answer.

        """
        self._questions += 1
        try:
            async with (
                self._slots.hold(request.cache_key) as slot,
                aclosing(self._answer(request, slot)) as chunks,
            ):
                async for chunk in chunks:
                    yield chunk
        finally:
            self._questions -= 1
            self._rest()

    async def _answer(self, request: GenerationRequest, slot: int) -> AsyncGenerator[Chunk, None]:
        began = False
        for retried in (False, True):
            process = await self._serving()
            try:
                async with aclosing(self._ask(process, request, slot)) as chunks:
                    async for chunk in chunks:
                        began = True
                        yield chunk
            except ProviderError as error:
                if error.type != "network_error" or not await process.has_ended():
                    raise
                # Found dead before it said anything: the next one takes the question, once.
                if began or retried or self._closing.is_set() or error.code != failures.UNREACHABLE:
                    raise troubles.ended(process.exit_code) from error
            else:
                self._crashes.forget()
                process.has_answered = True
                return

    async def _ask(
        self, process: ModelProcess, request: GenerationRequest, slot: int
    ) -> AsyncGenerator[Chunk, None]:
        endpoint = process.endpoint
        if endpoint is None:  # another model came into use since
            raise failures.unreachable(self.name, "its process")
        process.answers += 1
        try:
            prepared = _prepared(request, process.model)
            async with aclosing(endpoint.generate(prepared, extra={"id_slot": slot})) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            process.answers -= 1
            if not process.answers and process in self._finishing:
                self._finishing.discard(process)
                self._end(process)

    async def _serving(self) -> ModelProcess:
        """Return the process of the model in use, and start it where there is none.

        Who asked may leave while the model loads; it goes on, and the next question finds it.
        """
        if self._closing.is_set():
            raise failures.closed(self.name)
        if self._loading is None:
            model = self._find()
            process = self._process
            if process is not None and process.is_serving and _is_same(process.model, model):
                return process
            self._loading = asyncio.create_task(self._load(model), name=f"load {model.name}")
            self._loading.add_done_callback(self._loaded)
        return await asyncio.shield(self._loading)

    def _loaded(self, loading: asyncio.Task[ModelProcess]) -> None:
        self._loading = None
        if not loading.cancelled():
            loading.exception()  # whoever waited has it; nobody may have

    async def _load(self, model: LocalModel) -> ModelProcess:
        previous, self._process = self._process, None
        if previous is not None:
            await self._retire(previous)
        await self._crashes.pause(model, self._closing)
        process = self._process = ModelProcess(model, self._command)
        self._on_note(f"Loading the model {model.name}")
        try:
            await self._launch(process)
        except ProviderError as error:
            self._process = None
            cause = troubles.cause_of(error, process.exit_code)
            self._crashes.count(model, cause, process.exit_code, error)
            raise
        finally:
            self._on_note(SMALL_MODEL_NOTE if model.is_the_small_one else f"{model.name} on this computer.")
        if self._closing.is_set():
            await process.stop()
            raise failures.closed(self.name)
        self._rest()
        return process

    async def _retire(self, process: ModelProcess) -> None:
        """Let go of a process that died, or of a model that is not in use any more."""
        if process.is_serving and process.answers:
            self._finishing.add(process)
            return
        code = process.exit_code
        await process.stop()
        if code is not None and not process.has_answered and process.age < _STABLE_AFTER:
            self._crashes.count(process.model, troubles.exit_words(code), code)
        if code is not None:
            _logger.warning("local model %s ended (exit code %d)", process.model.name, code)

    async def _launch(self, process: ModelProcess) -> None:
        model = process.model
        header = await asyncio.to_thread(_header_of, model)
        context_tokens = slot_tokens(header.context_tokens, self._configured_tokens)
        needed = model.size + SLOTS * context_tokens * header.cache_bytes + _ENGINE_BYTES
        available = available_memory()
        if available is not None and needed > available:
            raise troubles.too_little_memory(model.name, needed, available)
        self.context_tokens = prompt_tokens(header.context_tokens, self._configured_tokens)
        settings = ChildSettings(
            model_path=str(model.path.absolute()),
            model_name=model.name,
            api_key=new_key(),
            path_prefix=f"/{new_key()}",
            threads=self._threads,
            slots=SLOTS,
            context_tokens=context_tokens,
        )
        await process.start(
            self.name,
            settings,
            timeouts=self._timeouts,
            defaults=SAMPLING if model.is_the_small_one else {"max_tokens": context_tokens // 2},
            patience=self._ready_timeout,
        )

    def _rest(self) -> None:
        """Unload the model after a while in which nobody asks."""
        self._cancel_idle_timer()
        if self._idle_seconds is not None and not self._questions and not self._closing.is_set():
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(self._idle_seconds, self._unload)

    def _unload(self) -> None:
        process = self._process
        if process is not None and not self._questions and self._loading is None:
            _logger.info("local model %s unloaded: nobody asked for a while", process.model.name)
            self._process = None
            self._end(process)

    def _end(self, process: ModelProcess) -> None:
        task = asyncio.create_task(process.stop(), name=f"end {process.model.name}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _cancel_idle_timer(self) -> None:
        timer, self._idle_timer = self._idle_timer, None
        if timer is not None:
            timer.cancel()


def _is_same(one: LocalModel, other: LocalModel) -> bool:
    return (one.path, one.size, one.modified_ns) == (other.path, other.size, other.modified_ns)


def _header_of(model: LocalModel) -> GgufHeader:
    try:
        return model.header()
    except ModelInstallError as error:
        raise troubles.unreadable(str(error)) from error
    except OSError as error:
        raise troubles.unreadable(f"{model.path} cannot be read ({error.strerror}).") from error


def _prepared(request: GenerationRequest, model: LocalModel) -> GenerationRequest:
    """The request for the one model; the small one gets instructions that it does best with."""
    messages = request.messages
    if model.is_the_small_one and not any(message.role == "system" for message in messages):
        messages = [PromptMessage("system", SYSTEM_PROMPT), *messages]
    return msgspec.structs.replace(request, model=model.name, messages=messages)


def _build(config: ProviderConfig, context: ProviderContext) -> LocalServer:
    try:
        options = msgspec.convert(config.options, LocalOptions)
    except msgspec.ValidationError as error:
        raise _unusable(f"{config.name}: options: {error}") from error
    if options.threads is not None and not 1 <= options.threads <= _MOST_THREADS:
        raise _unusable(f"{config.name}: options.threads must be a whole number from 1 to {_MOST_THREADS}")
    if not 0 <= options.idle_minutes <= _LONGEST_IDLE:
        raise _unusable(f"{config.name}: options.idle_minutes must be 0 (never) to {_LONGEST_IDLE}")
    return LocalServer(
        partial(library.find, context.models_dir, config.model),
        name=config.name,
        threads=options.threads,
        context_tokens=config.context_tokens or PROMPT_CONTEXT_TOKENS,
        idle_seconds=options.idle_minutes * 60 or None,
        timeouts=config.timeouts or SELF_HOSTED_TIMEOUTS,
        on_note=context.on_note,
    )


def _unusable(what: str) -> ProviderError:
    return ProviderError(f"{what}. Correct config.toml.", code="settings", recoverable=False)


KIND: Final = ProviderKind(
    build=_build,
    note="A model on this computer.",
    fixed_models=True,
    prefills=lambda _: True,
    reads_images=False,
)
