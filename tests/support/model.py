"""The real local model for tests: installed once per machine, the way a user would install it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from conduit_widget.providers.local import model as local_model


@cache
def installed_model() -> Path:
    """Return the path of the local model, fetched and verified on first use (93 MB)."""
    return local_model.install(lambda _progress: None)
