"""A provider that plays the answers of a real run, and asks and records another one where it may.

A question is the same when its messages and sampling settings are. Asked again, it is answered by the next
answer that was recorded for it; after the last one, by that again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Final

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.kinds import ProviderContext, ProviderKind
from conduit_widget.providers.provider import Chunk, GenerationRequest, Provider
from conduit_widget.providers.provider_config import ProviderConfig, Replay
from conduit_widget.providers.reading.provider_words import ProviderWords
from conduit_widget.providers.replay import recording
from conduit_widget.providers.replay.recording import Piece, Take, UnreadableRecordingError
from conduit_widget.text.times import iso_time
from conduit_widget.types import TextPart

_logger = logging.getLogger(__name__)

NOT_RECORDED: Final = failures.BAD_REQUEST
"""The code of the error for a question that is not in the file: no other provider is asked instead."""
_DAY_CHARS: Final = len("2026-01-31")


class ReplayProvider:
    """Plays ``replay.file``. With ``source`` it asks that provider what is not there, and writes it down."""

    def __init__(
        self,
        name: str,
        replay: Replay,
        *,
        source: Callable[[], Provider] | None = None,
        words: ProviderWords | None = None,
        on_note: Callable[[str], None] = lambda _note: None,
        context_tokens: int | None = None,
    ) -> None:
        self.name = name
        self._replay = replay
        self._source = source
        self._words = words or ProviderWords()
        self._on_note = on_note
        self._context_tokens = context_tokens
        self._takes: dict[str, list[Take]] = {}
        self._asked: Counter[str] = Counter()
        self._is_read = False
        self._reading = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._is_closed = False

    @property
    def context_tokens(self) -> int | None:
        """What the recorded model held: prompts must be cut where they were."""
        if self._context_tokens is None and self._source is not None and not self._is_closed:
            with suppress(ProviderError):  # whoever asks it is told
                return self._source().context_tokens
        return self._context_tokens

    @context_tokens.setter
    def context_tokens(self, tokens: int | None) -> None:
        self._context_tokens = tokens

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Play the answer, or ask the source and record it.

        Raises:
            ProviderError: the file cannot be read, or the question is not in it and there is no source.

        """
        await self.start()
        asked = recording.digest(request)
        take = self._next_take(asked)
        if take is not None:
            async for chunk in self._play(take):
                yield chunk
            return
        if self._source is None:
            raise self._not_recorded()
        async with aclosing(self._record(self._source(), request, asked)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def models(self) -> list[str]:
        """Return what the recorded models are called here; while there is none, those of the source."""
        await self.start()
        labels = dict.fromkeys(_label(take) for takes in self._takes.values() for take in takes)
        if labels or self._source is None:
            return list(labels)
        return await self._source().models()

    async def start(self) -> None:
        """Read the file (once).

        Raises:
            ProviderError: it is not there and there is no source, or it cannot be read; or this is closed.

        """
        if self._is_closed:
            raise failures.closed(self.name)
        async with self._reading:
            if not self._is_read:
                for take in await asyncio.to_thread(self._read):
                    self._keep(take)
                self._is_read = True
                self._say()

    async def aclose(self) -> None:
        """Play nothing any more (idempotent)."""
        self._is_closed = True

    # ---- the file ----------------------------------------------------------------------------------------

    def _read(self) -> Sequence[Take]:
        file = self._replay.file
        try:
            return recording.read(file)
        except FileNotFoundError:
            if self._source is not None:
                return ()
            raise self._unusable("does not exist") from None
        except UnreadableRecordingError as error:
            raise self._unusable(str(error).rstrip(".")) from None
        except OSError as error:
            raise self._unusable(f"cannot be read ({error.strerror or type(error).__name__})") from None

    def _keep(self, take: Take) -> None:
        self._takes.setdefault(take.asked, []).append(take)
        if self._source is None and self._context_tokens is None:
            self._context_tokens = take.context_tokens

    def _say(self) -> None:
        """Say beside the provider what it is."""
        takes = [take for takes in self._takes.values() for take in takes]
        what = f"Replays {len(takes)} recorded answers" if len(takes) != 1 else "Replays a recorded answer"
        if takes:
            newest = max(takes, key=lambda take: take.recorded)
            what += f" of {newest.model}, {_day(newest)}"
        if self._source is not None:
            what += f"; records new ones of {self._replay.record_from}"
        self._on_note(f"{what}.")

    def _unusable(self, why: str) -> ProviderError:
        return ProviderError(
            f"{self.name}: the recording {self._replay.file.name} {why}. {_HOW_TO_RECORD}",
            type="model_not_found",
            code="no_recording",
            recoverable=False,
        )

    def _not_recorded(self) -> ProviderError:
        return ProviderError(
            f"{self.name} is a replay, and {self._replay.file.name} has no answer to this question. "
            f"{_HOW_TO_RECORD}",
            code=NOT_RECORDED,
            recoverable=False,
            suggestions=(_HOW_TO_RECORD,),
        )

    # ---- playing -----------------------------------------------------------------------------------------

    def _next_take(self, asked: str) -> Take | None:
        takes, turn = self._takes.get(asked, []), self._asked[asked]
        if not takes or (self._source is not None and turn >= len(takes)):
            return None
        self._asked[asked] += 1
        return takes[min(turn, len(takes) - 1)]

    async def _play(self, take: Take) -> AsyncGenerator[Chunk, None]:
        loop = asyncio.get_running_loop()
        began, model = loop.time(), _label(take)
        for piece in take.pieces:
            ahead = began + piece.at / 1000 - loop.time() if self._replay.pace == "recorded" else 0.0
            await asyncio.sleep(max(ahead, 0.0))
            if self._is_closed:
                raise failures.closed(self.name)
            yield Chunk(piece.text, model, reasoning=piece.reasoning)
        yield Chunk("", model, take.finish_reason, take.usage)

    # ---- recording ---------------------------------------------------------------------------------------

    async def _record(
        self, source: Provider, request: GenerationRequest, asked: str
    ) -> AsyncGenerator[Chunk, None]:
        """Pass the source's answer on; what came to an end is written down."""
        began, pieces = time.monotonic(), list[Piece]()
        async with aclosing(source.generate(request)) as chunks:
            async for chunk in chunks:
                if chunk.text or chunk.reasoning:
                    at = round((time.monotonic() - began) * 1000)
                    pieces.append(Piece(at, chunk.text, chunk.reasoning))
                if chunk.finish_reason and not chunk.tool_calls:
                    take = Take(
                        asked=asked,
                        question=_beginning(request),
                        provider=source.name,
                        model=chunk.model,
                        recorded=iso_time(time.time()),
                        pieces=pieces,
                        finish_reason=chunk.finish_reason,
                        context_tokens=source.context_tokens,
                        usage=chunk.usage,
                    )
                    await self._write(take)
                yield chunk

    async def _write(self, take: Take) -> None:
        answer = "".join(f"{piece.reasoning}{piece.text}" for piece in take.pieces)
        if self._words.tells_key(answer) or self._words.tells_key(take.question):
            _logger.warning("An answer of %s was not recorded: it holds a part of a key.", take.provider)
            return
        try:
            async with self._writing:  # of two that find no file each would begin it
                await asyncio.to_thread(recording.append, self._replay.file, take)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            _logger.warning("An answer was not recorded: %s: %s", self._replay.file.name, reason)
            return
        self._keep(take)
        self._asked[take.asked] += 1
        self._say()


_HOW_TO_RECORD: Final = "Record it: name a provider in record_from, or run conduit-widget ci --record."


def _label(take: Take) -> str:
    """Return the model's name as people see it beside a played answer."""
    return f"{take.model} (replay of {_day(take)})"


def _day(take: Take) -> str:
    return take.recorded[:_DAY_CHARS]


def _beginning(request: GenerationRequest) -> str:
    """Return the first words of the last message."""
    content = request.messages[-1].content if request.messages else ""
    if not isinstance(content, str):
        content = " ".join(part.text for part in content if isinstance(part, TextPart))
    return " ".join(content.split())[: recording.MAX_QUESTION_CHARS]


def _build(config: ProviderConfig, context: ProviderContext) -> ReplayProvider:
    replay = config.replay
    assert replay is not None  # the configuration is refused without one
    name = replay.record_from
    return ReplayProvider(
        config.name,
        replay,
        source=None if name is None else lambda: context.other(name),
        words=context.words,
        on_note=context.on_note,
        context_tokens=config.context_tokens,
    )


KIND: Final = ProviderKind(build=_build, note="A replay of recorded answers.")
