"""``%load_ext conduit_widget``: the magics ``%%chat`` and ``%chat`` of a notebook or an IPython terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conduit_widget.magics.chat_magics import ChatMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_loaded: Final[dict[int, ChatMagics]] = {}
"""Those of each shell of this process, by its id."""


def load(shell: InteractiveShell) -> None:
    """Add the magics to a shell; doing it twice does no harm."""
    if id(shell) not in _loaded:
        magics = ChatMagics(shell)
        shell.magics_manager.register_function(magics.chat, "line_cell", "chat")
        shell.input_transformers_cleanup.append(magics.as_line_magic)
        _loaded[id(shell)] = magics


def unload(shell: InteractiveShell) -> None:
    """Take the magics away and close the chats they opened."""
    magics = _loaded.pop(id(shell), None)
    if magics is None:
        return
    shell.input_transformers_cleanup.remove(magics.as_line_magic)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("chat", None)
    magics.close()
