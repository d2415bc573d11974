"""One hub process: the rooms put together, served, and closed in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from conduit_widget import __version__
from conduit_widget.app.call_config import read_call_settings
from conduit_widget.app.engines import open_engines
from conduit_widget.app.private_folder import close_to_others
from conduit_widget.app.settings import HubSettings
from conduit_widget.app.settings_watch import SettingsWatch
from conduit_widget.app.signing import signing_authority
from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.chat.chat import Chat, build_chat
from conduit_widget.chat.files.file_area import FileArea
from conduit_widget.chat.settings import OWNERS_INVOCATIONS, ChatSettings
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.contract import CHAT_HUB_PATH, EXCHANGE_PATH, HEALTH_PATH, MINT_PATH, STATUS_HUB_PATH
from conduit_widget.errors import HubStartError, SettingsError
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.authenticators import build_authenticator
from conduit_widget.hub.auth.jupyterhub import JupyterHubExchange
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.auth.mint import mint_handler
from conduit_widget.hub.auth.revocation import Revocations
from conduit_widget.hub.auth.revocation_file import REVOCATIONS_FILE, RevocationFile
from conduit_widget.hub.door.origins import LOOPBACK_ORIGINS
from conduit_widget.hub.http import LOOPBACK_HOSTS, HttpHandler, HttpRequest, HttpResponse, json_response
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.hub.open_files import raise_open_file_limit
from conduit_widget.hub.routes import Route
from conduit_widget.hub.server import serve
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory, discover
from conduit_widget.runtime_file import HubRuntime, read_runtime, remove_runtime, write_runtime
from conduit_widget.text.times import iso_time

OPTION_NAMES: Final = {"allowed_hosts": "--allow-host", "allowed_origins": "--allow-origin"}
LOOPBACK_NETWORKS: Final = ("127.0.0.0/8", "::1/128")
FILES_FOLDER: Final = "files"
SERVING_LOCK_FILE: Final = "serving.lock"  # held as long as a hub serves this data directory

OWNERS_LIMITS: Final = HubLimits(
    invocations_per_second=OWNERS_INVOCATIONS,
    invocation_burst=int(2 * OWNERS_INVOCATIONS),
    queued_invocations=int(OWNERS_INVOCATIONS),
)
"""Of a hub for its owner alone: a notebook of many chats opens all of them at once."""

_logger = logging.getLogger(__name__)


def _own_authority(settings: HubSettings) -> LocalAuthority | None:
    """Return the hub's own authority; a site's hub with an identity provider may have none."""
    if settings.key_file is None and (settings.redis_url is not None or not settings.is_loopback):
        return None
    return signing_authority(settings.data_dir, settings.key_file)


async def run_hub(settings: HubSettings, *, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT, SIGTERM or the idle timeout; ``on_ready`` gets the URL once.

    Raises:
        HubStartError: the data directory is in use, the port is taken, the database cannot be used, or a
            setting is missing.

    """
    settings.check()
    close_to_others(settings.data_dir, keeps_history=settings.database_url is None)
    with _sole_hub(settings.data_dir):
        await _serve(settings, on_ready)


@contextlib.contextmanager
def _sole_hub(data_dir: Path) -> Iterator[None]:
    """Hold the data directory; a second hub on the same history would break its order.

    Nodes of one hub have one each as well: their runtime files and revocations are their own.
    """
    path = data_dir / SERVING_LOCK_FILE
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        runtime = read_runtime(data_dir)
        where = f" at {runtime.url} (pid {runtime.pid})" if runtime else ""
        raise HubStartError(
            f"A hub already serves {data_dir}{where}: stop it, or choose another --data-dir."
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            f"The lock file {path} cannot be used ({reason}): it has to be a plain file of yours. Remove it"
            " and start again."
        ) from error
    try:
        yield
    finally:
        lock.release()


async def _serve(settings: HubSettings, on_ready: Callable[[str], None]) -> None:
    """Put the rooms together and serve them; what was opened is closed in reverse order."""
    instance, mint_key = secrets.token_hex(16), secrets.token_urlsafe(32)
    authority = _own_authority(settings)
    authenticator = build_authenticator(
        authority,
        settings.data_dir,
        jwks=settings.jwks,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        algorithms=settings.jwt_algorithms,
    )
    routes = [Route(HEALTH_PATH, _health_of(instance), while_draining=True)]
    if settings.is_local and authority is not None:
        mint = mint_handler(authority, mint_key)
        routes.append(Route(MINT_PATH, mint, methods=("POST",), while_draining=True))
    if settings.jupyterhub_api is not None:
        if authority is None:
            raise SettingsError("--jupyterhub-api needs a signing key: give one with --key-file.")
        exchange = JupyterHubExchange(settings.jupyterhub_api, authority).exchange
        routes.append(Route(EXCHANGE_PATH, exchange, methods=("POST",), while_draining=True))

    def ready(url: str) -> None:
        runtime = HubRuntime(
            url=url,
            pid=os.getpid(),
            instance=instance,
            mint_key=mint_key,
            version=__version__,
            started_at=iso_time(time.time()),
        )
        if settings.is_local:
            write_runtime(settings.data_dir, runtime)
        on_ready(url)

    async with contextlib.AsyncExitStack() as stack:
        engines = open_engines(settings)
        directory = await _open_providers(settings, stack)
        chat_settings = ChatSettings.for_owner() if settings.is_local else ChatSettings(visibility="members")
        calls = read_call_settings(settings.data_dir, os.environ)
        chat_settings = dataclasses.replace(chat_settings, calls=calls)
        files = FileArea(
            engines.store,
            settings.data_dir / FILES_FOLDER,
            chat_settings,
            url=settings.files_url,
            scan=settings.files_scan,
        )
        metrics = HubMetrics()
        chat = build_chat(
            engines.store,
            directory,
            chat_settings,
            metrics=ChatMetrics(metrics),
            backplane=engines.backplane,
            files=files,
        )

        app = HubApp(
            {CHAT_HUB_PATH: chat.chat_hub, STATUS_HUB_PATH: chat.status_hub},
            authenticator=chat.authenticator(authenticator),
            limits=OWNERS_LIMITS if settings.is_local else None,
            allowed_origins=(*LOOPBACK_ORIGINS, *settings.allowed_origins),
            allowed_hosts=(*LOOPBACK_HOSTS, settings.host, *settings.allowed_hosts),
            routes=[*routes, *chat.routes()],
            metrics=metrics,
            lifespan=chat.lifespan,
            on_drain=chat.drain,
            readiness=chat.readiness,
            operators_only=not settings.is_local,
            trusted_proxies=_trusted_proxies(settings),
            setting_names=OPTION_NAMES,
            backplane=engines.backplane,
            revocations=Revocations(RevocationFile(settings.data_dir / REVOCATIONS_FILE), engines.backplane),
        )
        raise_open_file_limit(app.limits.connections_per_process)
        stop = asyncio.Event()
        if settings.idle_timeout > 0:
            watcher = asyncio.create_task(_stop_when_idle(app, chat, settings.idle_timeout, stop))
            stack.callback(watcher.cancel)
        stack.callback(remove_runtime, settings.data_dir, instance)
        await serve(
            app,
            settings.host,
            settings.port,
            on_ready=ready,
            stop=stop,
            drain_seconds=settings.drain_seconds,
        )


async def _open_providers(settings: HubSettings, stack: contextlib.AsyncExitStack) -> ProviderDirectory:
    """Find the providers, and follow what is written in their settings from now on."""

    def load() -> ProviderSettings:
        return ProviderSettings.load(settings.data_dir, base_url=settings.provider_url, model=settings.model)

    providers = load()
    directory = await discover(providers)
    stack.push_async_callback(directory.aclose)
    watch = SettingsWatch(providers, load, directory.reload, directory.tell_problem)
    watching = asyncio.create_task(watch.run(), name="settings-watch")
    stack.push_async_callback(cancel_and_wait, watching)
    stack.enter_context(_hang_up_handled(watch.load_now))
    return directory


@contextlib.contextmanager
def _hang_up_handled(load_now: Callable[[], None]) -> Iterator[None]:
    """Call ``load_now`` at SIGHUP, also where the terminal was closed: the hub goes on."""
    number = getattr(signal, "SIGHUP", None)
    if number is None or signal.getsignal(number) is signal.SIG_IGN:  # Windows; nohup
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(number, load_now)
    try:
        yield
    finally:
        loop.remove_signal_handler(number)


def _trusted_proxies(settings: HubSettings) -> tuple[str, ...]:
    """Return who may say for whom it asks: of a hub for others also what asks from this very machine.

    That is the proxy which lets them in; without it nobody behind it would be counted by address.
    """
    return settings.trusted_proxies if settings.is_local else (*settings.trusted_proxies, *LOOPBACK_NETWORKS)


def _health_of(instance: str) -> HttpHandler:
    """Say that this very process is alive; clients compare the instance with the runtime file's."""

    async def health(request: HttpRequest) -> HttpResponse:
        return json_response(200, {"status": "ok", "instance": instance})

    return health


async def _stop_when_idle(app: HubApp, chat: Chat, timeout: float, stop: asyncio.Event) -> None:
    """Set ``stop`` once nobody was connected, and nothing was being written, for ``timeout`` seconds."""
    last_busy = time.monotonic()
    while True:
        now = time.monotonic()
        if app.connections_active or chat.busy:
            last_busy = now
        idle = now - max(app.last_active, last_busy)
        if idle >= timeout:
            _logger.info("No connection for %g s: the hub ends.", timeout)
            stop.set()
            return
        await asyncio.sleep(max(0.05, min(timeout - idle, 5.0)))
