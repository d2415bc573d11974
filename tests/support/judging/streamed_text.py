"""One client's streamed answers: deltas in their order, and in the end exactly the stored text."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.support.judging.verdict import Verdict


class _Stream:
    """An answer as far as it came, and when what came (monotonic seconds)."""

    def __init__(self) -> None:
        self.text = ""
        self.done = False
        self.arrivals: list[tuple[int, float]] = []

    def grow(self, text: str) -> None:
        """More arrived; what came before may come again, from another node, and counts once."""
        self.text += text
        if len(self.text) > (self.arrivals[-1][0] if self.arrivals else 0):
            self.arrivals.append((len(self.text), time.monotonic()))

    def begin_anew(self, text: str) -> None:
        """The text so far was told."""
        self.text = ""
        self.grow(text)

    def age_of(self, length: int) -> float:
        """How long before the last arrival the text after ``length`` had begun to arrive."""
        began = next((at for reached, at in self.arrivals if reached > length), None)
        return 0.0 if began is None else self.arrivals[-1][1] - began


class StreamedText:
    """The answers one client sees being written.

    An answer's deltas must be its text, and all of it when ``done`` came; after a crash the stored text may
    end earlier than what was seen (the rest's age is noted), never differently.
    """

    def __init__(self, name: str, verdict: Verdict, script: Callable[[str], str] | None) -> None:
        self._name = name
        self._verdict = verdict
        self._script = script
        self._streams: dict[str, _Stream] = {}
        self._over: set[str] = set()

    @property
    def open(self) -> list[str]:
        """The ids of answers whose end was not seen."""
        return list(self._streams)

    def is_over(self, message_id: str) -> bool:
        """Whether the stored text is known."""
        return message_id in self._over

    def length(self, message_id: str) -> int:
        """How much of an open answer came so far."""
        stream = self._streams.get(message_id)
        return 0 if stream is None else len(stream.text)

    def opened(self, message_id: str, text: str) -> None:
        """A join or resume told the text so far; it may be behind what was seen, never different."""
        if message_id in self._over:
            self._garbled(message_id, "is open again after its end")
            return
        stream = self._streams.setdefault(message_id, _Stream())
        if not _same_beginning(stream.text, text):
            self._garbled(message_id, "has another text so far than its deltas")
        stream.begin_anew(text)

    def delta(self, message_id: str, offset: int, text: str, *, done: bool = False) -> None:
        """A piece arrived; it must continue the text."""
        if message_id in self._over:
            self._garbled(message_id, "goes on after its end")
            return
        stream = self._streams.setdefault(message_id, _Stream())
        if stream.done:
            self._garbled(message_id, "goes on after it was done")
        if offset != len(stream.text):
            self._garbled(message_id, f"goes on at {offset}, {len(stream.text)} characters came before")
        stream.grow(text)
        stream.done = done

    def final(self, message_id: str, text: str, status: str, parent: str) -> None:
        """The stored text is known."""
        self._over.add(message_id)
        stream = self._streams.pop(message_id, None)
        if stream is None:
            return
        if stream.done and stream.text != text:
            self._garbled(message_id, f"({status}) differs from its deltas, which were all there")
        elif not _same_beginning(stream.text, text):
            self._garbled(message_id, f"({status}) differs from its deltas")
        elif len(stream.text) > len(text) and status != "interrupted":
            self._garbled(message_id, f"({status}) is shorter than its deltas")
        if self._script is not None and parent and not self._script(parent).startswith(stream.text):
            self._garbled(message_id, "was streamed otherwise than the model said it")
        self._verdict.oldest_lost_text = max(self._verdict.oldest_lost_text, stream.age_of(len(text)))

    def gone(self, message_id: str) -> None:
        """The answer was deleted: nothing of it may come any more."""
        self._over.add(message_id)
        self._streams.pop(message_id, None)

    def _garbled(self, message_id: str, what: str) -> None:
        self._verdict.garbled += 1
        self._verdict.note(f"{self._name}: answer {message_id} {what}")


def _same_beginning(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
