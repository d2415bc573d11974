"""The composition root: one hub process, from its settings to a served ASGI app."""

from __future__ import annotations

from conduit_widget.app.running import run_hub
from conduit_widget.app.settings import HISTORY_FILE, HubSettings
from conduit_widget.app.signing import KEY_FILE, secret_file, signing_authority

__all__ = ["HISTORY_FILE", "KEY_FILE", "HubSettings", "run_hub", "secret_file", "signing_authority"]
