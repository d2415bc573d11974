"""Keys as people paste them, and keys that never show."""

from __future__ import annotations

from conduit_widget.text.pasted import pasted


class Secret:
    """A key that never shows in a repr, a log or an error; ``reveal`` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    @property
    def is_sendable(self) -> bool:
        """Whether an HTTP header can carry it: visible ASCII only."""
        return all("!" <= character <= "~" for character in self._value)

    def reveal(self) -> str:
        """Return the key itself, for the Authorization header only."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def pasted_key(value: str | None) -> Secret | None:
    """Return the key in a variable's value without a pasted ``Bearer``, or None if there is none."""
    text = pasted(value or "")
    scheme, _, rest = text.partition(" ")
    if scheme.lower() == "bearer":
        text = pasted(rest)
    return Secret(text) if text else None
