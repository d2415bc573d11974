"""Where a hub keeps its history, and how it reaches the other nodes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from conduit_widget.app.settings import HISTORY_FILE, HubSettings
from conduit_widget.chat.history.postgres.store import PostgresHistoryStore
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.errors import HubStartError, SettingsError
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.backplane.redis import RedisBackplane


@dataclass(frozen=True)
class Engines:
    """The store, not started, and the backplane; without one the hub is alone."""

    store: HistoryStore
    backplane: Backplane | None


def open_engines(settings: HubSettings) -> Engines:
    """Return what the settings ask for; nothing is connected yet.

    A hub without ``redis_url`` wants its database for itself: nodes that do not hear each other would show
    people an answer, a name or a message late or never.

    Raises:
        HubStartError: a URL cannot be used, or the ``cluster`` extra is not installed.

    """
    if settings.database_url is None:
        return Engines(SqliteHistoryStore(settings.data_dir / HISTORY_FILE), None)
    backplane = (
        None if settings.redis_url is None else _backplane(settings.redis_url, settings.redis_namespace)
    )
    node_id = secrets.token_hex(8) if backplane is None else backplane.node_id
    try:
        store = PostgresHistoryStore(settings.database_url, node_id=node_id, alone=backplane is None)
    except HubStartError as error:
        raise SettingsError(f"--database-url: {error}") from None
    return Engines(store, backplane)


def _backplane(url: str, namespace: str) -> RedisBackplane:
    try:
        return RedisBackplane(url, namespace=namespace)
    except HubStartError as error:
        raise SettingsError(f"--redis-url: {error}") from None
