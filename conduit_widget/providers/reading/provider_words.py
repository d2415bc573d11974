"""Words of a provider that people may see: model names, error codes, finish reasons; bounded and plain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from conduit_widget.providers.keys import Secret
from conduit_widget.text.plain_text import is_plain

MAX_NAME_CHARS: Final = 128
MAX_CODE_CHARS: Final = 64
MAX_MODELS: Final = 1000

_CODE_SHAPE: Final = re.compile(r"[a-z][a-z0-9_.\-]*", re.IGNORECASE)
_KEY_PART_CHARS: Final = 8
_PUNCTUATION: Final = ".,:;!?()[]{}<>'\"`"


class ProviderWords:
    """Passes words that are short and plain and hold none of the ``keys``, nor a part of one.

    A server may answer with the key it was asked with, or with one it was sent by mistake.
    """

    def __init__(self, keys: Iterable[Secret] = ()) -> None:
        self._keys: set[str] = set()
        self.add(keys)

    def add(self, keys: Iterable[Secret]) -> None:
        """Let nothing of these keys pass either, from now on."""
        self._keys.update(key.reveal().lower() for key in keys)

    def name(self, value: Any) -> str | None:
        """Return the value if it can be a model's name, else None."""
        return self._word(value, MAX_NAME_CHARS)

    def code(self, value: Any) -> str | None:
        """Return the value if it has the shape of an error code or finish reason, else None."""
        word = self._word(value, MAX_CODE_CHARS)
        return word if word is not None and _CODE_SHAPE.fullmatch(word) else None

    def names(self, values: Iterable[Any]) -> list[str]:
        """Return the names among the values, each once, the first :data:`MAX_MODELS` of them."""
        found: dict[str, None] = {}
        for value in values:
            name = self.name(value)
            if name is not None:
                found[name] = None
            if len(found) == MAX_MODELS:
                break
        return list(found)

    def tells_key(self, text: str) -> bool:
        """Whether a text holds one of the keys, or a word of it is a part of one."""
        words = (word.strip(_PUNCTUATION) for word in text.lower().split())
        return self._tells_key(text.lower()) or any(self._tells_key(word) for word in words)

    def _word(self, value: Any, limit: int) -> str | None:
        if not isinstance(value, str) or not 0 < len(value) <= limit or not is_plain(value):
            return None
        return None if self._tells_key(value.lower()) else value

    def _tells_key(self, word: str) -> bool:
        return any(key in word or (len(word) >= _KEY_PART_CHARS and word in key) for key in self._keys)
