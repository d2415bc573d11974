"""The text of an answer being written: what was sent of it, and what waits to be."""

from __future__ import annotations

import dataclasses

from conduit_widget.text.plain_text import writable


@dataclasses.dataclass(frozen=True, slots=True)
class Delta:
    """Text to send: ``offset`` in code points, ``index`` of its first token, ``count`` of its tokens."""

    text: str
    offset: int
    index: int
    count: int


class AnswerText:
    """What was sent of an answer and what still waits to be.

    Whoever reads :attr:`sent` and then gets every later delta has the whole text. The answer ends at
    ``max_bytes`` of UTF-8 (overflow policy: the generation is stopped, finish reason ``length``; of reasoning
    the rest is left out): then ``is_full``. ``waiting`` are the tokens of the next delta.
    """

    def __init__(self, max_bytes: int) -> None:
        self.waiting: list[str] = []
        self.is_full = False
        self.sent_tokens = 0
        self._room = max_bytes
        self._sent: list[str] = []
        self._sent_chars = 0

    @property
    def sent(self) -> str:
        """The text of all deltas so far."""
        if len(self._sent) > 1:
            self._sent = ["".join(self._sent)]
        return self._sent[0] if self._sent else ""

    @property
    def whole(self) -> str:
        """The text of all deltas, that of the next one included."""
        return self.sent + "".join(self.waiting)

    @property
    def length(self) -> int:
        """Code points of the text so far, that of the next delta included."""
        return self._sent_chars + sum(map(len, self.waiting))

    def add(self, token: str) -> None:
        """Add a token; what no text encoding can carry becomes U+FFFD, what is over the limit is left out."""
        try:
            encoded = token.encode()
        except UnicodeEncodeError:
            token = writable(token, "\ufffd")
            encoded = token.encode()
        if len(encoded) >= self._room:
            self.is_full = True
            token = encoded[: self._room].decode("utf-8", "ignore")
        self._room -= min(len(encoded), self._room)
        self.waiting.append(token)

    def end_as(self, text: str) -> bool:
        """Make the next delta complete ``text``. Returns False if what was sent is not its beginning."""
        self.waiting = [text[self._sent_chars :]]
        return text.startswith(self.sent)

    def pop_delta(self) -> Delta:
        """Return all that waits as one delta and count it as sent."""
        delta = Delta("".join(self.waiting), self._sent_chars, self.sent_tokens, len(self.waiting))
        if delta.text:
            self._sent.append(delta.text)
        self._sent_chars += len(delta.text)
        self.sent_tokens += delta.count
        self.waiting = []
        return delta
