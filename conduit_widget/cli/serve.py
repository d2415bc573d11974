"""``conduit-widget serve``: the hub alone, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from pathlib import Path

from conduit_widget.client import local_hub


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``serve``."""
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8765, help="port; 0 picks a free one (default: %(default)s)"
    )
    parser.add_argument("--data-dir", type=Path, default=None, help="where history and the signing key live")
    parser.add_argument(
        "--key-file",
        type=Path,
        default=_path_from_environment("CONDUIT_HUB_KEY_FILE"),
        help="signing key, at least 32 bytes; required when --host is not a loopback address",
    )
    parser.add_argument(
        "--allow-origin", action="append", default=[], metavar="ORIGIN", help="a further web origin let in"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="HOST", help="a further Host header let in"
    )
    parser.add_argument(
        "--idle-timeout",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="end by itself this long after the last connection (default: never)",
    )
    parser.add_argument("--provider-url", default=None, help="an OpenAI-compatible base URL to use")
    parser.add_argument("--model", default=None, help="the model to ask for")
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
    parser.set_defaults(run=run)


def _path_from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT, SIGTERM or the idle timeout."""
    from conduit_widget.app import HubSettings, run_hub  # noqa: PLC0415 - the parser stays light

    logging.basicConfig(
        level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    settings = HubSettings(
        data_dir=arguments.data_dir or local_hub.default_data_dir(),
        host=arguments.host,
        port=arguments.port,
        key_file=arguments.key_file,
        allowed_origins=tuple(arguments.allow_origin),
        allowed_hosts=tuple(arguments.allow_host),
        idle_timeout=arguments.idle_timeout,
        provider_url=arguments.provider_url,
        model=arguments.model,
    )
    asyncio.run(run_hub(settings, on_ready=lambda url: print(f"listening on {url}", flush=True)))
    return 0
