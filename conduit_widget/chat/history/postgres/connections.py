"""Connections to one PostgreSQL database that comes and goes: bounded in time, opened again by themselves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from conduit_widget.chat.history.postgres.rows import Connection
from conduit_widget.errors import HubStartError, StoreFullError, StoreUnavailableError

_logger = logging.getLogger(__name__)

T = TypeVar("T")

READERS: Final = 4
RETRY_INTERVAL: Final = 0.25
"""Seconds between two attempts to connect; who comes in between is refused at once."""

# Durable commits whatever the server's default (stricter ones are left); a node that stops between two round
# trips must not keep its locks.
_SESSION: Final = """
SELECT set_config('idle_in_transaction_session_timeout', '5000', false),
    set_config('lock_timeout', '8000', false),
    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
        THEN set_config('synchronous_commit', 'on', false) END
"""
# Connection refusals that waiting does not heal: wrong password or user, unknown database.
_HOPELESS: Final = ("28", "3D", "42")


class Database:
    """Where the connections come from; says once that it is away and once that it is back.

    ``timeout`` (seconds) bounds every use of a connection: one whose peer is silent that long is cut.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        self.timeout = timeout
        defaults: dict[str, Any] = {
            "connect_timeout": max(2, min(5, int(timeout))),
            "application_name": "conduit-widget",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        }
        try:
            self._parameters = {**defaults, **conninfo_to_dict(url)}
        except psycopg.ProgrammingError:
            raise HubStartError(
                "The URL of the conversation store is not one of PostgreSQL's: "
                "postgresql://user:password@host:port/database"
            ) from None
        self._is_away = False
        self._retry_at = float("-inf")

    @property
    def name(self) -> str:
        """Host, port and database, for people; never the password."""
        host, port = self._parameters.get("host", "the local socket"), self._parameters.get("port", 5432)
        return f"{host}:{port}/{self._parameters.get('dbname', '')}"

    async def connect(self) -> Connection:
        """Open a connection.

        Raises:
            StoreUnavailableError: there is none to be had at present.

        """
        loop = asyncio.get_running_loop()
        if loop.time() < self._retry_at:
            raise StoreUnavailableError
        try:
            connection = await self._open()
        except (psycopg.Error, OSError) as error:
            self._retry_at = loop.time() + RETRY_INTERVAL
            self.lost(error)
            raise StoreUnavailableError from error
        if self._is_away:
            self._is_away = False
            _logger.warning("The conversation store at %s can be reached again.", self.name)
        return connection

    async def first_connection(self, patience: float) -> Connection:
        """Open the first connection, waiting up to ``patience`` seconds for a database that starts too.

        Raises:
            HubStartError: it cannot be reached, or refuses us.

        """
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                return await self._open()
            except (psycopg.Error, OSError) as error:
                reason = _first_line(error)
                is_hopeless = isinstance(error, psycopg.Error) and _is_hopeless(error)
                if is_hopeless or asyncio.get_running_loop().time() > deadline:
                    raise HubStartError(
                        f"The conversation store at {self.name} cannot be used: {reason}"
                    ) from None
            await asyncio.sleep(RETRY_INTERVAL)

    def lost(self, error: BaseException) -> None:
        """Note that the database is away; logged once until it is back."""
        if not self._is_away:
            self._is_away = True
            _logger.error(
                "The conversation store at %s cannot be reached (%s); trying again until it can.",
                self.name,
                type(error).__name__,
            )

    @contextlib.contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Cut the connection when the block takes longer than the timeout.

        Cancelling would not do: psycopg then asks the server, which is silent, to stop.
        """
        timer = asyncio.get_running_loop().call_later(self.timeout, _cut, connection)
        try:
            yield
        finally:
            timer.cancel()

    async def _open(self) -> Connection:
        connection = await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)
        try:
            with self.bounded(connection):
                await connection.execute(_SESSION)
        except BaseException:
            await connection.close()
            raise
        return connection


class Readers:
    """At most :data:`READERS` connections for reads and small writes; callers beyond that wait their turn.

    Not ``psycopg_pool``: it finds out that an idle connection has died by a round trip before each use, or
    not at all, and keeps tasks that reconnect. Here the work is done again on a new connection, work that has
    begun is finished when its caller is cancelled, and ``Database`` alone says when to connect again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._room = asyncio.Semaphore(READERS)
        self._idle: list[Connection] = []

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run ``work`` on a connection, to its end whatever becomes of the caller.

        An idle connection may have died unnoticed: the work is then done again, on a new one.

        Raises:
            StoreUnavailableError: the database cannot be reached.

        """
        task = asyncio.ensure_future(self._run(work))
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Close what is idle, when nothing runs any more."""
        for _ in range(READERS):
            await self._room.acquire()
        await self._close_idle()

    async def _run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._room:
            if self._idle:
                try:
                    return await self._try(self._idle.pop(), work)
                except StoreUnavailableError:
                    # The others died with it.
                    await self._close_idle()
            return await self._try(await self._database.connect(), work)

    async def _try(self, connection: Connection, work: Callable[[Connection], Awaitable[T]]) -> T:
        try:
            with self._database.bounded(connection):
                result = await work(connection)
        except (psycopg.Error, OSError) as error:
            is_gone = is_lost(error, connection)
            await connection.close()
            if is_gone:
                raise unavailable_by(error) from error
            raise
        except BaseException:
            await connection.close()
            raise
        self._idle.append(connection)
        return result

    async def _close_idle(self) -> None:
        while self._idle:
            await self._idle.pop().close()


def is_lost(error: BaseException, connection: Connection) -> bool:
    """Whether an error is about the database being away, not about what was asked of it."""
    away = (
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg.errors.IdleInTransactionSessionTimeout,
        psycopg.errors.ReadOnlySqlTransaction,
        OSError,
    )
    return connection.closed or isinstance(error, away)


def unavailable_by(error: BaseException) -> StoreUnavailableError:
    """Return what to tell of an error that is about the database being away, or without room."""
    return StoreFullError() if isinstance(error, psycopg.errors.DiskFull) else StoreUnavailableError()


def _cut(connection: Connection) -> None:
    """End a connection's socket under it: whoever waits for it sees the connection end."""
    with (
        contextlib.suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.pgconn.socket)) as peer,
    ):
        peer.shutdown(socket.SHUT_RDWR)


def _is_hopeless(error: psycopg.Error) -> bool:
    text = str(error)
    if error.sqlstate is not None:
        return error.sqlstate[:2] in _HOPELESS
    # Refusals while connecting carry no code, only libpq's text.
    return any(part in text for part in ("authentication failed", "does not exist", "no password supplied"))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
