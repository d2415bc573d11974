"""What later chats begin with unless they say otherwise: set by ``conduit_widget.configure``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of :func:`conduit_widget.configure`; None where the environment decides."""

    hub_url: str | None = None
    token: str | Callable[[], str | None] | None = None
    user: str | None = None
    user_name: str | None = None
    language: str | None = None
    model: str | None = None
    provider: str | None = None
    height: int | None = None

    def __repr__(self) -> str:
        """Return what is set; of a token only that there is one."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        told = [
            f"{name}=…" if name == "token" else f"{name}={value!r}"
            for name, value in values.items()
            if value is not None
        ]
        return f"Defaults({', '.join(told)})"


class _Holder:
    """The defaults of this process."""

    current = Defaults()


_holder: Final = _Holder()


def defaults() -> Defaults:
    """Return what holds for chats that are made now."""
    return _holder.current


def set_defaults(changed: Defaults) -> None:
    """Set what holds for chats that are made from now on."""
    _holder.current = changed
