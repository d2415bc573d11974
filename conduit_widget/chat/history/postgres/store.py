"""The conversation log in PostgreSQL, shared by several nodes: one row lock a conversation gives the order.

Needs the ``cluster`` extra; nothing of it is imported before a store is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from conduit_widget.chat.history.batch import Change
from conduit_widget.chat.history.bodies import page_of, read_located, read_message, read_messages
from conduit_widget.chat.history.change_methods import ChangeMethods
from conduit_widget.chat.history.file_records import FileRecords
from conduit_widget.chat.history.search import Search
from conduit_widget.chat.history.store import (
    LAST_OWNER,
    ConversationRecord,
    Overview,
    Snapshot,
    StoredStream,
)
from conduit_widget.contract import RECOVERY_SECONDS
from conduit_widget.errors import HubStartError, NotInHistoryError, StoreUnavailableError, ValidationError
from conduit_widget.types import (
    AssistantSetting,
    ConversationPatch,
    HistoryPage,
    LogEvent,
    MemberRole,
    SearchResult,
    Visibility,
)

if TYPE_CHECKING:
    from conduit_widget.chat.history.postgres.connections import Readers
    from conduit_widget.chat.history.postgres.rows import Connection
    from conduit_widget.chat.history.postgres.writer import PostgresWriter

_logger = logging.getLogger(__name__)

T = TypeVar("T")

_HEARTBEAT_PAUSE: Final = 5.0
"""Seconds without a heartbeat after which a node no longer knows how the others are."""
_FORGET_NODE: Final = "1 day"
_SOLITUDE_PAUSE: Final = 0.5


class PostgresHistoryStore(ChangeMethods):
    """A ``HistoryStore`` in a PostgreSQL database (13 or newer), for any number of nodes.

    ``node_id`` names this process, new at each start. ``timeout`` (seconds) bounds every question to the
    database; ``patience`` the wait for it at the start. The URL's password appears in no log and no error.
    ``alone``: a hub that hears no other node, and therefore shares the database with none.

    Raises:
        HubStartError: the ``cluster`` extra is not installed, or the URL is not PostgreSQL's.

    """

    def __init__(
        self,
        url: str,
        *,
        node_id: str,
        timeout: float = 10.0,
        patience: float = 30.0,
        alone: bool = False,
    ) -> None:
        try:
            from conduit_widget.chat.history.postgres import (  # noqa: PLC0415 - of an extra
                connections,
                conversations,
                files,
                imports,
                rows,
                schema,
                search,
                writer,
            )
        except ImportError as error:
            raise HubStartError(
                'The history in PostgreSQL needs psycopg: pip install "conduit_widget[cluster]"'
            ) from error
        self._rows = rows
        self._conversations = conversations
        self._imports = imports
        self._search = search
        self.files: FileRecords = files.PostgresFileRecords(self)
        self._schema = schema
        self._node_id = f"{rows.ALONE}{node_id}" if alone else node_id
        self._alone = alone
        self._patience = patience
        self._database = connections.Database(url, timeout=timeout)
        self._make_readers = connections.Readers
        self._make_writer = writer.PostgresWriter
        self._open: tuple[Readers, PostgresWriter] | None = None

    async def start(self) -> None:
        """Connect, create what is missing, and say that this node lives.

        Raises:
            HubStartError: the database cannot be reached or refuses us, or a hub that shares it with nobody
                lives on it (one that has just died is waited for).
            RuntimeError: the stored data were written by a newer version.

        """
        connection = await self._database.first_connection(self._patience)
        try:
            with self._database.bounded(connection):
                is_current = await self._schema.is_current(connection)
            if not is_current:
                await self._schema.migrate(connection)
            await self._await_solitude(connection)
        except BaseException:
            await connection.close()
            raise
        readers, writer = self._make_readers(self._database), self._make_writer(self._database, self._node_id)
        writer.start(connection)
        self._open = (readers, writer)

    async def _await_solitude(self, connection: Connection) -> None:
        """Wait until nobody lives here who must not; what has died is silent for a while first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._rows.NODE_SILENCE + _SOLITUDE_PAUSE
        told = False
        while True:
            with self._database.bounded(connection):
                await self._say_alive(connection)
                others = await self._rows.forbidden_nodes(connection, self._node_id, alone=self._alone)
                if not others:
                    return
                if loop.time() > deadline:
                    await connection.execute("DELETE FROM conduit_nodes WHERE node_id=%b", (self._node_id,))
                    raise HubStartError(
                        f"Another hub uses the conversation store at {self._database.name}: hubs that share"
                        " a database must be nodes of one, all with the same Redis."
                    )
            if not told:
                told = True
                _logger.warning(
                    "Another hub has just used this conversation store: waiting until it is silent."
                )
            await asyncio.sleep(_SOLITUDE_PAUSE)

    async def aclose(self) -> None:
        """Finish pending writes, take this node off the list and disconnect."""
        if self._open is None:
            return
        (readers, writer), self._open = self._open, None
        await writer.aclose()
        # Where the database is away, the others will see that this node is silent.
        with contextlib.suppress(StoreUnavailableError):
            await readers.run(
                lambda db: db.execute("DELETE FROM conduit_nodes WHERE node_id=%b", (self._node_id,))
            )
        await readers.aclose()

    # ---- conversations and members ---------------------------------------------------------------------

    async def check(self) -> None:
        """Read; where the last write failed, also write, without changing anything of a conversation."""
        await self.find("")
        if self._writer.failure is not None:
            await self.heartbeat()
            self._writer.failure = None

    async def create(
        self,
        conversation_id: str,
        *,
        owner_id: str,
        visibility: Visibility,
        assistant: AssistantSetting,
        title: str | None = None,
    ) -> ConversationRecord:
        async def work(db: Connection) -> ConversationRecord:
            async with db.transaction():
                created = await db.execute(
                    "INSERT INTO conduit_conversations (id, epoch, visibility, assistant, title)"
                    " VALUES (%b, %b, %b, %b, %b) ON CONFLICT DO NOTHING",
                    (conversation_id, secrets.token_hex(8), visibility, assistant, title),
                )
                if created.rowcount:
                    await db.execute(
                        "INSERT INTO conduit_members VALUES (%b, %b, 'owner')", (conversation_id, owner_id)
                    )
            found = await self._record(db, conversation_id)
            assert found is not None
            return found

        return await self._with_connection(work)

    async def begin_import(
        self,
        conversation_id: str,
        *,
        owner_id: str,
        assistant: AssistantSetting,
        title: str | None = None,
    ) -> bool:
        record = ConversationRecord(
            id=conversation_id,
            epoch=secrets.token_hex(8),
            seq=0,
            visibility="members",
            assistant=assistant,
            title=title,
        )
        return await self._with_connection(lambda db: self._imports.begin(db, record, owner_id))

    async def finish_import(self, conversation_id: str, owner_id: str) -> bool:
        return await self._with_connection(lambda db: self._imports.finish(db, conversation_id, owner_id))

    async def find(self, conversation_id: str) -> ConversationRecord | None:
        return await self._with_connection(lambda db: self._record(db, conversation_id))

    async def role(self, conversation_id: str, user_id: str) -> MemberRole | None:
        found = await self._select(
            "SELECT role FROM conduit_members WHERE conversation_id=%b AND user_id=%b",
            (conversation_id, user_id),
        )
        return found[0][0] if found else None

    async def set_role(self, conversation_id: str, user_id: str, role: MemberRole | None) -> None:
        async def work(db: Connection) -> None:
            async with db.transaction():
                locked = await db.execute(
                    "SELECT 1 FROM conduit_conversations WHERE id=%b FOR NO KEY UPDATE", (conversation_id,)
                )
                if await locked.fetchone() is None:
                    raise NotInHistoryError("The conversation does not exist.")
                owners = await db.execute(
                    "SELECT user_id FROM conduit_members WHERE conversation_id=%b AND role='owner'",
                    (conversation_id,),
                )
                if role != "owner" and await owners.fetchall() == [(user_id,)]:
                    raise ValidationError("user", LAST_OWNER)
                if role is None:
                    await db.execute(
                        "DELETE FROM conduit_members WHERE conversation_id=%b AND user_id=%b",
                        (conversation_id, user_id),
                    )
                else:
                    await db.execute(
                        "INSERT INTO conduit_members VALUES (%b, %b, %b)"
                        " ON CONFLICT (conversation_id, user_id) DO UPDATE SET role=excluded.role",
                        (conversation_id, user_id, role),
                    )

        await self._with_connection(work)

    async def members(self, conversation_id: str) -> list[tuple[str, MemberRole]]:
        found = await self._select(
            'SELECT user_id, role FROM conduit_members WHERE conversation_id=%b ORDER BY user_id COLLATE "C"',
            (conversation_id,),
        )
        return [(user_id, role) for user_id, role in found]

    async def conversations_of(
        self, user_id: str, *, limit: int
    ) -> list[tuple[ConversationRecord, MemberRole]]:
        found = await self._select(self._rows.OF_USER, {"user": user_id, "limit": limit})
        return [(ConversationRecord.of_row(row), role) for *row, role in found]

    async def overviews(self, user_id: str, *, limit: int) -> list[Overview]:
        return await self._with_connection(lambda db: self._conversations.overviews(db, user_id, limit))

    async def configure(self, conversation_id: str, patch: ConversationPatch) -> ConversationRecord | None:
        return await self._with_connection(
            lambda db: self._conversations.configure(db, conversation_id, patch)
        )

    async def delete_conversation(self, conversation_id: str) -> bool:
        return await self._with_connection(lambda db: self._conversations.delete(db, conversation_id))

    async def read_mark(self, conversation_id: str, user_id: str) -> int:
        found = await self._select(
            "SELECT seq FROM conduit_read_marks WHERE conversation_id=%b AND user_id=%b",
            (conversation_id, user_id),
        )
        return found[0][0] if found else 0

    async def read_marks(self, conversation_id: str) -> dict[str, int]:
        return await self._with_connection(lambda db: self._conversations.read_marks(db, conversation_id))

    async def pinned(self, conversation_id: str) -> list[dict[str, Any]]:
        found = await self._select(self._rows.PINNED, (conversation_id,))
        return read_messages(body for (body,) in found)

    async def search(self, search: Search) -> SearchResult:
        return await self._with_connection(lambda db: self._search.find(db, search))

    # ---- writing ---------------------------------------------------------------------------------------

    async def write(self, change: Change[T], on_commit: Callable[[T], None] | None = None) -> T:
        """Do a change and return its result after the commit."""
        return await self._writer.write(change, on_commit)

    async def prune(self, *, keep_events: int, older_than: float) -> int:
        """Forget old log events, a slice a transaction; imports that were given up, and long dead nodes."""
        await self._with_connection(self._imports.drop_stale)
        total = 0
        after_id: str | None = ""
        while after_id is not None:
            prune = partial(
                self._rows.prune_slice, keep_events=keep_events, older_than=older_than, after_id=after_id
            )
            dropped, after_id = await self._with_connection(prune)
            total += dropped
        await self._with_connection(
            lambda db: db.execute(
                "DELETE FROM conduit_nodes WHERE seen < clock_timestamp() - %b::interval", (_FORGET_NODE,)
            )
        )
        return total

    # ---- nodes and streams -----------------------------------------------------------------------------

    async def heartbeat(self) -> None:
        await self._with_connection(self._say_alive)

    async def _say_alive(self, db: Connection) -> None:
        await db.execute(self._rows.HEARTBEAT, {"me": self._node_id, "silence": _HEARTBEAT_PAUSE})

    async def open_streams(self, conversation_id: str | None = None) -> list[StoredStream]:
        found = await self._select(self._rows.STREAMS, {"one": conversation_id})
        return [self._rows.stream_of(row) for row in found]

    async def abandoned_streams(self) -> list[StoredStream]:
        """Return the open answers of nodes that ended or are silent for 10 s, by the database's clock.

        After an outage, or a start, nobody is called silent before this node has itself been heard for 10 s.
        """
        asked = {"me": self._node_id, "silence": self._rows.NODE_SILENCE}
        return [self._rows.stream_of(row) for row in await self._select(self._rows.ABANDONED, asked)]

    # ---- reading ---------------------------------------------------------------------------------------

    async def message(self, conversation_id: str, message_id: str) -> dict[str, Any] | None:
        found = await self._select(
            "SELECT body FROM conduit_messages WHERE conversation_id=%b AND id=%b",
            (conversation_id, message_id),
        )
        return read_message(found[0][0]) if found else None

    async def locate(
        self, conversation_ids: Collection[str], message_id: str
    ) -> list[tuple[str, dict[str, Any]]]:
        return read_located(await self._select(self._rows.LOCATE, (list(conversation_ids), message_id)))

    async def snapshot(self, conversation_id: str, *, limit: int, max_bytes: int) -> Snapshot | None:
        rows = self._rows
        page = rows.page_request(conversation_id, before_seq=rows.BEYOND, limit=limit, max_bytes=max_bytes)

        async def work(db: Connection) -> Snapshot | None:
            async with db.pipeline():
                await db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                row = await db.execute(rows.RECORD, (conversation_id,), binary=True)
                bodies = await db.execute(rows.PAGE, page, binary=True)
                await db.execute("COMMIT")
            found = await row.fetchone()
            if found is None:
                return None
            newest = page_of(await bodies.fetchall(), limit, max_bytes)
            return Snapshot(
                record=ConversationRecord.of_row(found), messages=newest.messages, has_more=newest.has_more
            )

        return await self._with_connection(work)

    async def history(
        self, conversation_id: str, *, before_seq: int, limit: int, max_bytes: int
    ) -> HistoryPage:
        page = self._rows.page_request(
            conversation_id, before_seq=before_seq, limit=limit, max_bytes=max_bytes
        )
        return page_of(await self._select(self._rows.PAGE, page), limit, max_bytes)

    async def ancestors(
        self, conversation_id: str, message_id: str, *, limit: int, max_bytes: int
    ) -> HistoryPage:
        asked = {"id": conversation_id, "message": message_id, "limit": limit, "bytes": max_bytes}
        return page_of(await self._select(self._rows.ANCESTORS, asked), limit, max_bytes)

    async def children(self, conversation_id: str, parent_id: str | None) -> list[str]:
        found = await self._select(self._rows.CHILDREN, {"id": conversation_id, "parent": parent_id})
        return [message_id for (message_id,) in found]

    async def events_after(
        self,
        conversation_id: str,
        epoch: str,
        seq: int,
        *,
        limit: int,
        max_bytes: int,
        recent: float = RECOVERY_SECONDS,
    ) -> list[LogEvent] | None:
        missed = self._rows.Missed(conversation_id, epoch, seq, limit, max_bytes, recent)
        return await self._with_connection(lambda db: self._rows.events_after(db, missed))

    async def newest_seqs(self, conversation_ids: Collection[str]) -> dict[str, int]:
        found = await self._select(
            "SELECT id, seq FROM conduit_conversations WHERE id = ANY(%b::text[])", (list(conversation_ids),)
        )
        return dict(found)

    # ---- connections -----------------------------------------------------------------------------------

    @property
    def _writer(self) -> PostgresWriter:
        return self._opened()[1]

    def _opened(self) -> tuple[Readers, PostgresWriter]:
        if self._open is None:
            raise RuntimeError("The history store is not open; call start() first.")
        return self._open

    async def with_connection(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do ``work`` on a connection."""
        return await self._with_connection(work)

    async def _with_connection(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await self._opened()[0].run(work)

    async def _select(self, statement: str, parameters: Any) -> list[Any]:
        async def work(db: Connection) -> list[Any]:
            cursor = await db.execute(statement, parameters, binary=True)
            return await cursor.fetchall()

        return await self._with_connection(work)

    async def _record(self, db: Connection, conversation_id: str) -> ConversationRecord | None:
        cursor = await db.execute(self._rows.RECORD, (conversation_id,), binary=True)
        row = await cursor.fetchone()
        return ConversationRecord.of_row(row) if row is not None else None
