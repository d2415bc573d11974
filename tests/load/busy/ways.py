"""The ways from a view to the hub, and JupyterLab set to leave only one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from playwright.async_api import BrowserContext

WAYS: Final = ("both", "past", "subshell")
SERVERS_CHAT: Final = "**/conduit/api/me"


def set_up(settings: Path, way: str) -> None:
    """Write JupyterLab's setting, which it reads when a page is opened."""
    folder = settings / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "kernels-settings.jupyterlab-settings"
    if way == "past":
        file.write_text(json.dumps({"commsOverSubshells": "disabled"}), encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


async def narrow(context: BrowserContext, way: str) -> None:
    """Keep the pages of a browser from the Jupyter server's chat where the kernel is to be the only way."""
    if way == "subshell":
        await context.route(SERVERS_CHAT, lambda route: route.fulfill(status=404))
