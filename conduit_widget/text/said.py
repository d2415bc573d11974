"""A sentence for people as the views' catalogue knows it: its English words, and what fills their places.

The English words are the key: whoever shows text alone has the sentence from :func:`str`; a view looks the
key up in the language it speaks (``js/src/texts``, the lists that are their own keys).
"""

from __future__ import annotations

import msgspec

from conduit_widget.types.wire import Wire


class Said(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """One sentence, or a piece of one. ``key`` has places in braces, ``values`` fills each of them.

    ``str(Said.of("code of cell {number}", number=3))`` is ``code of cell 3``.
    """

    key: str
    values: dict[str, str | int | float] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, key: str, **values: str | float) -> Said:
        """Return a sentence; raises KeyError when it is read and a place has no value."""
        return cls(key=key, values=values)

    def __str__(self) -> str:
        told = {
            name: value if isinstance(value, str) else f"{value:,}" for name, value in self.values.items()
        }
        return self.key.format(**told)
