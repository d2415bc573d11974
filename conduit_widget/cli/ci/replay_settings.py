"""The settings of a hub that plays or records answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

from conduit_widget.errors import ConduitError
from conduit_widget.providers.config.file import CONFIG_FILE
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import discover

NAME: Final = "replay"


def recorded_provider(wanted: str | None) -> str:
    """Return the name of the provider to record: the wanted one, else the one a hub would ask first.

    Raises:
        ConduitError: there is none.

    """
    return asyncio.run(_first(ProviderSettings.load(provider=wanted)))


async def _first(settings: ProviderSettings) -> str:
    directory = await discover(settings)
    try:
        first = directory.current()
        if first.state == "down":
            raise ConduitError(first.reason)
        return first.provider
    finally:
        await directory.aclose()


def write_settings(data_dir: Path, file: Path, record_from: str | None) -> str:
    """Write ``config.toml`` for a replay of ``file``, and return the provider's name."""
    fields = {"name": NAME, "kind": "replay", "file": str(file), "pace": "instant"}
    if record_from is not None:
        fields["record_from"] = record_from
    # A JSON string is a TOML string, too.
    lines = [f"{field} = {json.dumps(value, ensure_ascii=False)}" for field, value in fields.items()]
    data_dir.mkdir(parents=True, mode=0o700)
    text = "\n".join(["[[providers]]", *lines, ""])
    (data_dir / CONFIG_FILE).write_text(text, encoding="utf-8")
    return NAME
