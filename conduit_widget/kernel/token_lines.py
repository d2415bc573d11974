"""Short messages for tokens: what a view knows already is not said with each of them.

At 200 tokens a second a message carries some 18 bytes of text, and the ids, offsets and names around them
were eight times that. A token op gets a ``line``: a small number for its message and kind. While nothing but
text comes that continues lines where they ended, a message is a list::

    [n % 10, "text"]                 # the line that was written last goes on
    [n % 10, 3, "text", 0, "more"]   # line 3 goes on, then line 0

The digit shows a lost message. Every :data:`CHECK_EVERY` messages, and where an op says more than text, it
goes out whole, with its offset: that shows the loss of ten messages in a row. A view that misses something
asks for a snapshot. The view's half is ``js/src/state/token-lines.ts``; both pass
``tests/vectors/token_lines.json``.
"""

from __future__ import annotations

from typing import Any, Final

Op = dict[str, Any]
Short = list[Any]

MAX_LINES: Final = 16
CHECK_EVERY: Final = 256
_SHORT_KEYS: Final = {"op", "id", "offset", "text", "kind"}


class TokenLines:
    """What the views of one channel know of the texts being written."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str | None], tuple[int, int]] = {}  # number and end; the oldest first
        self._last: int | None = None
        self._since_check = 0

    def forget(self) -> None:
        """Begin anew: a snapshot tells the views everything."""
        self._lines.clear()
        self._last = None
        self._since_check = 0

    def message(self, n: int, ops: list[Op]) -> dict[str, Any] | Short:
        """Return the message with number ``n``, as short as it can be. ``ops`` is kept and changed."""
        if self._since_check < CHECK_EVERY and all(map(self._goes_on, ops)):
            self._since_check += 1
            return self._short(n, ops)
        self._since_check = 0
        for op in ops:
            if op["op"] == "token":
                op["line"] = self._advance(op)
        return {"kind": "ops", "n": n, "ops": ops}

    def _goes_on(self, op: Op) -> bool:
        """Whether an op is text alone, at the end of a line. (A batch has one op for what follows on.)"""
        if op["op"] != "token" or not _SHORT_KEYS.issuperset(op):
            return False
        line = self._lines.get((op["id"], op.get("kind")))
        return line is not None and line[1] == op["offset"]

    def _short(self, n: int, ops: list[Op]) -> Short:
        parts: Short = [n % 10]
        for op in ops:
            last = self._last
            number = self._advance(op)
            parts += [op["text"]] if number == last else [number, op["text"]]
        return parts

    def _advance(self, op: Op) -> int:
        """Note where a token's line ends now; return its number."""
        key = (op["id"], op.get("kind"))
        known = self._lines.pop(key, None)
        if known is not None:
            number = known[0]
        elif len(self._lines) < MAX_LINES:
            number = len(self._lines)
        else:
            number = self._lines.pop(next(iter(self._lines)))[0]
        self._lines[key] = (number, op["offset"] + len(op["text"]))
        self._last = number
        return number
