"""Every history store, under the same tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conduit_widget.chat.history.store import HistoryStore
from tests.support.chat.history_stores import PostgresStores, SqliteStores, Stores
from tests.support.servers.postgres import shared_postgres


@pytest.fixture(params=["sqlite", "postgres"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    """The implementation under test."""
    stores: Stores
    if request.param == "sqlite":
        stores = SqliteStores(tmp_path)
    else:
        stores = PostgresStores(shared_postgres().new_database())
    yield stores
    await stores.aclose()


@pytest.fixture
async def store(stores: Stores) -> HistoryStore:
    """An empty store with the open conversation ``c``."""
    store = await stores.open()
    await store.create("c", owner_id="ada", visibility="open", assistant="always")
    return store
