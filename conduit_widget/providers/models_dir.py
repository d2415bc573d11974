"""Where models of this machine are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs


def default_models_dir(environ: Mapping[str, str] | None = None) -> Path:
    """``CONDUIT_MODELS_DIR``, else ``models`` in the user's data directory."""
    env = os.environ if environ is None else environ
    if configured := env.get("CONDUIT_MODELS_DIR"):
        return Path(configured).expanduser()
    return Path(platformdirs.user_data_dir("conduit_widget", appauthor=False)) / "models"
