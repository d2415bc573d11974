"""``conduit-widget check``: what is installed, which hub and provider would be used, how far the hub is."""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import platform
import time
from pathlib import Path
from typing import Final

from conduit_widget.access import local_hub
from conduit_widget.access.hub_access import LocalHub, RemoteHub, resolve_access
from conduit_widget.cli.arguments import say
from conduit_widget.client import HubConnection
from conduit_widget.client.hub_url import origin
from conduit_widget.errors import ConduitError
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import discover
from conduit_widget.runtime_file import default_data_dir
from conduit_widget.types import ProviderStatus

PACKAGES: Final = (
    "conduit_widget",
    "anywidget",
    "ipywidgets",
    "jupyterlab",
    "ipykernel",
    "websockets",
    "xllamacpp",
)
ROUND_TRIPS: Final = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``check``."""
    parser.add_argument("--data-dir", type=Path, default=None, help="the local hub's data directory")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report; exit 1 when no provider could answer or a configured hub is out of reach."""
    _say("Python", platform.python_version())
    for package in PACKAGES:
        _say(package, _version(package))
    return asyncio.run(_check(arguments.data_dir or default_data_dir()))


async def _check(data_dir: Path) -> int:
    access = resolve_access()
    if not isinstance(access, RemoteHub):
        if local_hub.find(data_dir) is None:
            _say("hub", f"none runs for {data_dir}; the first widget starts one")
            return await _providers_of_a_new_hub(data_dir)
        access = LocalHub(access.identity, data_dir)
    return await _ask_hub(await access.url(), await access.token())


async def _ask_hub(url: str, token: str | None) -> int:
    """Measure the way to a running hub, and ask it for its providers."""
    try:
        async with HubConnection(url, access_token=token, retry=None) as connection:
            times = []
            for _ in range(ROUND_TRIPS):
                began = time.perf_counter()
                statuses = await connection.invoke("RequestProviderStatus", timeout=10)
                times.append(time.perf_counter() - began)
    except ConduitError as error:
        _say("hub", f"{origin(url)}: {error}")
        return 1
    _say("hub", f"{origin(url)}, round trip {sorted(times)[len(times) // 2] * 1000:.1f} ms")
    answering = False
    for status in statuses or []:
        _say("provider", f"{status['provider']}: {status['state']} {status.get('reason', '')}".rstrip())
        answering = answering or status["state"] in {"healthy", "degraded", "unknown"}
    return 0 if answering else 1


async def _providers_of_a_new_hub(data_dir: Path) -> int:
    """Find the provider a hub started now would use."""
    directory = await discover(ProviderSettings.load(data_dir))
    try:
        status: ProviderStatus = directory.current()
    finally:
        await directory.aclose()
    models = ", ".join(status.models[:3])
    _say(
        "provider",
        " ".join(part for part in (f"{status.provider}: {status.state}", models, status.reason) if part),
    )
    return 1 if status.state == "down" else 0


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _say(what: str, text: str) -> None:
    say(f"{what:16} {text}")
