"""``conduit-widget serve``: the hub alone, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path
from typing import Final

from conduit_widget.app import HubSettings, run_hub
from conduit_widget.app.interpreter import tune_for_hub
from conduit_widget.cli.arguments import network, port, say, seconds
from conduit_widget.errors import AddressUnusableError
from conduit_widget.hub.logs.logging import capture_warnings_and_uncaught, configure_logging
from conduit_widget.runtime_file import default_data_dir

DATABASE_VARIABLE: Final = "CONDUIT_HUB_DATABASE_URL"
REDIS_VARIABLE: Final = "CONDUIT_HUB_REDIS_URL"
FILES_VARIABLE: Final = "CONDUIT_HUB_FILES_URL"
JUPYTERHUB_VARIABLE: Final = "CONDUIT_HUB_JUPYTERHUB_API"
SCAN_VARIABLE: Final = "CONDUIT_HUB_FILES_SCAN"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``serve``."""
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument(
        "--port", type=port, default=8765, help="port; 0 picks a free one (default: %(default)s)"
    )
    parser.add_argument("--data-dir", type=Path, default=None, help="where history and the signing key live")
    parser.add_argument(
        "--key-file",
        type=Path,
        default=_path_from_environment("CONDUIT_HUB_KEY_FILE"),
        help="signing key, at least 32 bytes; needed (or --jwks) when --host is not a loopback address",
    )
    _add_engines(parser)
    _add_files(parser)
    parser.add_argument(
        "--jwks", default=None, metavar="URL", help="key set (https URL or file) of your identity provider"
    )
    parser.add_argument("--jwt-issuer", default=None, metavar="ISS", help="the issuer its tokens must name")
    parser.add_argument(
        "--jwt-audience", default=None, metavar="AUD", help="the audience its tokens must name"
    )
    parser.add_argument(
        "--jwt-algorithm",
        action="append",
        default=[],
        choices=["EdDSA", "ES256"],
        help="how its tokens may be signed (default: either)",
    )
    parser.add_argument(
        "--jupyterhub-api",
        default=os.environ.get(JUPYTERHUB_VARIABLE) or None,
        metavar="URL",
        help="let in the users of a JupyterHub, whose API this is: http://127.0.0.1:8081/hub/api"
        f" (also {JUPYTERHUB_VARIABLE})",
    )
    parser.add_argument(
        "--allow-origin", action="append", default=[], metavar="ORIGIN", help="a further web origin let in"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="HOST", help="a further Host header let in"
    )
    parser.add_argument(
        "--idle-timeout",
        type=seconds(),
        default=0.0,
        metavar="SECONDS",
        help="end by itself this long after the last connection (default: never)",
    )
    parser.add_argument(
        "--drain-seconds",
        type=seconds(),
        default=None,
        metavar="SECONDS",
        help="at the end, spread goodbyes over this long (default: 1 s per 100 connections, at most 30 s)",
    )
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        type=network,
        default=[],
        metavar="ADDRESS",
        help="a reverse proxy (address or network) whose X-Forwarded-For names the client to count",
    )
    parser.add_argument("--provider-url", default=None, help="an OpenAI-compatible base URL to use")
    parser.add_argument("--model", default=None, help="the model to ask for")
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
    parser.add_argument(
        "--log-format",
        default="text",
        choices=["text", "json"],
        help="one line an event (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def _add_engines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database-url",
        default=os.environ.get(DATABASE_VARIABLE) or None,
        metavar="URL",
        help="keep the history in PostgreSQL (13 or newer): postgresql://user:password@host/database. Others"
        f" on this machine see a command line, so give a URL with a password in {DATABASE_VARIABLE}",
    )
    parser.add_argument(
        "--redis-url",
        default=os.environ.get(REDIS_VARIABLE) or None,
        metavar="URL",
        help="be one node of several, all with this Redis or Valkey, the same --database-url and the same"
        f" --key-file or --jwks: redis://:password@host:6379/0, better in {REDIS_VARIABLE}",
    )
    parser.add_argument(
        "--redis-namespace",
        default="conduit",
        metavar="NAME",
        help="one name for each hub, where several hubs share a Redis (default: %(default)s)",
    )


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--files-url",
        default=os.environ.get(FILES_VARIABLE) or None,
        metavar="URL",
        help="keep files in an object store: s3://bucket/prefix, gs://bucket, az://container or file:///folder"
        f" (also {FILES_VARIABLE}); credentials come from the environment (default: the data directory)",
    )
    parser.add_argument(
        "--files-scan",
        default=os.environ.get(SCAN_VARIABLE) or None,
        metavar="COMMAND",
        help="run this with the path of each uploaded file; 0 lets it in, 1 refuses it"
        f" (also {SCAN_VARIABLE}): clamdscan --no-summary --fdpass",
    )


def _path_from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT, SIGTERM or the idle timeout."""
    tune_for_hub()
    configure_logging(arguments.log_level, arguments.log_format)
    capture_warnings_and_uncaught()
    settings = HubSettings(
        data_dir=arguments.data_dir or default_data_dir(),
        host=arguments.host,
        port=arguments.port,
        key_file=arguments.key_file,
        jwks=arguments.jwks,
        jwt_issuer=arguments.jwt_issuer,
        jwt_audience=arguments.jwt_audience,
        jwt_algorithms=tuple(arguments.jwt_algorithm),
        allowed_origins=tuple(arguments.allow_origin),
        allowed_hosts=tuple(arguments.allow_host),
        idle_timeout=arguments.idle_timeout,
        drain_seconds=arguments.drain_seconds,
        trusted_proxies=tuple(arguments.trusted_proxy),
        provider_url=arguments.provider_url,
        model=arguments.model,
        database_url=arguments.database_url,
        redis_url=arguments.redis_url,
        files_url=arguments.files_url,
        files_scan=arguments.files_scan,
        jupyterhub_api=arguments.jupyterhub_api,
        redis_namespace=arguments.redis_namespace,
    )
    try:
        asyncio.run(run_hub(settings, on_ready=lambda url: say(f"listening on {url}", flush=True)))
    except AddressUnusableError as error:
        raise AddressUnusableError(f"{error} Choose another with --host or --port (0: any).") from error
    return 0
