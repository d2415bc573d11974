"""The Jupyter server extension: the chat for a page without a kernel, as whoever is signed in there.

``jupyter_server`` is no dependency of the package: only the Jupyter server imports this room.
"""

from __future__ import annotations

from typing import Any

from conduit_widget import __version__ as __version__


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from conduit_widget.jupyter.extension import ConduitWidget  # noqa: PLC0415 - only a Jupyter server can

    return [{"module": "conduit_widget.jupyter", "app": ConduitWidget}]
