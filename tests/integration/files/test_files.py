"""Files of conversations over real HTTP: up, down, resumed, attached, deleted."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat import SqliteHistoryStore
from conduit_widget.chat.files.scanner import Scanner
from conduit_widget.contract import ChatEvent, ChatMethod
from conduit_widget.errors import HubException
from tests.support.chat.file_client import FileClient
from tests.support.chat.server import FAST, ChatServer, Person, chat_server
from tests.support.hub.server import token
from tests.support.servers.s3 import BUCKET, shared_s3
from tests.support.waiting import eventually

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 1000


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChatServer]:
    """A chat with files and no model."""
    async with chat_server(tmp_path / "h.db") as server:
        yield server


async def send_with(person: Person, *file_ids: str, text: str = "see", id_: str = "m") -> None:
    """Send a message with files."""
    attachments = [{"id": file_id} for file_id in file_ids]
    message = {"id": id_, "role": "user", "content": text, "attachments": attachments}
    await person.invoke(ChatMethod.SEND_MESSAGE, "c", message)


def leftovers(server: ChatServer) -> Callable[[], Awaitable[bool]]:
    """Whether nothing of a file is left on the disk."""
    area = server.chat.files
    assert area is not None

    async def nothing() -> bool:
        return not await area.store.contents() and not await area._spool.ids()

    return nothing


async def test_length_that_is_not_the_bodys_is_refused(server: ChatServer) -> None:
    """A whole file with another length than it says is none; nothing of it stays."""
    async with server.person("ann") as ann:
        await ann.join()
        files = FileClient(server.url, "ann")
        for length in ("99", "101"):
            refused = await files.post(bytes(100), **{"Upload-Length": length})
            assert refused.status_code == 400
            assert "upload-length" in refused.text
        await eventually(leftovers(server))
        assert (await files.post(bytes(100), **{"Upload-Length": "100"})).status_code == 201


async def test_file_goes_up_into_a_message_and_down(server: ChatServer) -> None:
    """The record says what the file is by its content; everybody in the conversation gets its bytes."""
    async with server.person("ann") as ann, server.person("bob") as bob:
        await ann.join()
        await bob.join()
        ann_files, bob_files = FileClient(server.url, "ann"), FileClient(server.url, "bob")
        record = await ann_files.uploaded(PNG, "chart.txt", **{"content-type": "text/html"})
        assert record == {
            "id": record["id"],
            "name": "chart.txt",
            "mediaType": "image/png",
            "size": len(PNG),
            "sha256": hashlib.sha256(PNG).hexdigest(),
        }
        assert (await bob_files.get(record["id"])).status_code == 404  # no message has it yet
        await send_with(ann, record["id"], text="")
        [message] = (await bob.got(ChatEvent.RECEIVE_MESSAGE))[0]
        assert message["attachments"] == [record]
        response = await bob_files.get(record["id"])
    assert (response.status_code, response.content) == (200, PNG)
    headers = response.headers
    assert headers["content-type"] == "image/png"
    assert headers["content-disposition"].startswith('attachment; filename="chart.txt"')
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["etag"] == f'"{record["sha256"]}"'
    part = await bob_files.get(record["id"], Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, PNG[10:20])
    known = await bob_files.get(record["id"], **{"If-None-Match": headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    head = await bob_files.ask("HEAD", f"/files/{record['id']}")
    assert (head.headers["content-length"], head.content) == (str(len(PNG)), b"")


async def test_upload_goes_on_where_it_was_cut(server: ChatServer) -> None:
    """Also when the hub ends in between; the answer to the last piece can be asked for again."""
    async with server.person("ann") as ann:
        await ann.join()
        files = FileClient(server.url, "ann")
        path = await files.begin(len(PNG))

        async def cut() -> AsyncIterator[bytes]:
            yield PNG[:100_000]
            raise ConnectionError

        with pytest.raises(ConnectionError):
            await files.patch(path, 0, cut())
        await eventually(lambda: _has(files, path, 1), what="the first bytes")
        offset = await files.offset(path)
        assert 0 < offset <= 100_000
        wrong = await files.patch(path, offset + 1, PNG[offset + 1 :], last=True)
        assert (wrong.status_code, wrong.headers["upload-offset"]) == (409, str(offset))
        assert (await files.patch(path, offset, PNG[offset:200_000])).status_code == 204
        done = await files.patch(path, 200_000, PNG[200_000:], last=True)
        assert done.status_code == 200
        again = await files.patch(path, len(PNG), b"", last=True)
        looked = await files.ask("GET", path)
        assert done.json() == again.json() == looked.json()
        assert looked.headers["upload-complete"] == "?1"
        assert done.json()["sha256"] == hashlib.sha256(PNG).hexdigest()
        await send_with(ann, done.json()["id"])
        assert (await files.get(done.json()["id"])).content == PNG


async def _has(files: FileClient, path: str, size: int) -> bool:
    return await files.offset(path) >= size


async def test_upload_survives_the_hub(tmp_path: Path) -> None:
    """The record and what has come are on the disk."""
    async with chat_server(tmp_path / "h.db") as server, server.person("ann") as ann:
        await ann.join()
        path = await FileClient(server.url, "ann").begin(len(PNG))
        await FileClient(server.url, "ann").patch(path, 0, PNG[:70_000])
    async with chat_server(tmp_path / "h.db") as server:
        files = FileClient(server.url, "ann")
        assert await files.offset(path) == 70_000
        done = await files.patch(path, 70_000, PNG[70_000:], last=True)
        assert done.json()["sha256"] == hashlib.sha256(PNG).hexdigest()


async def test_upload_that_is_forgotten_while_it_comes_is_no_file(server: ChatServer) -> None:
    """Whoever gave it up is not told that an empty or half a file is there."""
    async with server.person("ann") as ann:
        await ann.join()
    assert server.chat.files is not None
    await server.chat.files.collector.aclose()  # so that the record is still there at the end
    files = FileClient(server.url, "ann")
    path = await files.begin(len(PNG) + len(PNG))

    async def pieces() -> AsyncIterator[bytes]:
        yield PNG + PNG[:100_000]
        await eventually(lambda: _has(files, path, 100_000), what="the first piece")
        assert (await files.ask("DELETE", path)).status_code == 204
        yield PNG[100_000:]

    assert (await files.patch(path, 0, pieces(), last=True)).status_code == 404
    await eventually(lambda: _no_records(server), what="no records")
    await eventually(leftovers(server), what="a clean disk")


@pytest.mark.parametrize(
    "times", [50, pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])]
)
async def test_plain_upload_that_is_cut_leaves_nothing(server: ChatServer, times: int) -> None:
    """Neither bytes nor a record, however often."""
    async with server.person("ann") as ann:
        await ann.join()
    files = FileClient(server.url, "ann", access_token=token("ann", 3600))

    async def cut() -> AsyncIterator[bytes]:
        yield PNG[:90_000]
        raise ConnectionError

    for _ in range(times // 10):
        results = await asyncio.gather(*[files.post(cut()) for _ in range(10)], return_exceptions=True)
        assert [result for result in results if not isinstance(result, ConnectionError)] == []
    await eventually(lambda: _no_records(server), what="no records")
    await eventually(leftovers(server), what="a clean disk")


@pytest.mark.parametrize("step", ["begin", "cancel"])
async def test_request_that_is_cut_while_the_store_is_slow_leaves_nothing(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The end of a token cuts what its request is about, be that the beginning or the cleaning up."""
    async with server.person("ann") as ann:
        await ann.join()
    area, store = server.chat.files, server.chat.store
    assert area is not None
    original = getattr(type(store.files), step)
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow(self: Any, *arguments: Any, **options: Any) -> None:
        await original(self, *arguments, **options)
        reached.set()
        await go_on.wait()

    async def slow_before(self: Any, *arguments: Any, **options: Any) -> None:
        reached.set()
        await go_on.wait()
        await original(self, *arguments, **options)

    monkeypatch.setattr(type(store.files), step, slow if step == "begin" else slow_before)

    async def request() -> None:
        record = await area.uploads.begin("ann", "c", "notes.txt", "", 10)
        await area.uploads.cancel(record)

    task = asyncio.create_task(request())
    await reached.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: _no_records(server), what="no records")


async def _no_records(server: ChatServer) -> bool:
    store, area = server.chat.store, server.chat.files
    assert isinstance(store, SqliteHistoryStore)
    assert area is not None
    await area.collector.collect()
    return bool(await store.read(lambda db: db.execute("SELECT count(*) FROM files").fetchone()) == (0,))


async def test_deleted_message_takes_its_file_along(server: ChatServer) -> None:
    """At once for everybody, and from the disk; a conversation likewise."""
    async with server.person("ann") as ann:
        await ann.join()
        files = FileClient(server.url, "ann")
        record = await files.uploaded(PNG)
        await send_with(ann, record["id"])
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "m")
        assert (await files.get(record["id"])).status_code == 404
        await eventually(leftovers(server), what="a clean disk")
        record = await files.uploaded(PNG)
        await send_with(ann, record["id"], id_="m2")
        await ann.invoke(ChatMethod.DELETE_CONVERSATION, "c")
        assert (await files.get(record["id"])).status_code == 404
        await eventually(leftovers(server), what="a clean disk")


async def test_edited_message_keeps_its_files(server: ChatServer) -> None:
    """A new text in place has the same files; a second message may have them too."""
    async with server.person("ann") as ann:
        await ann.join()
        files = FileClient(server.url, "ann")
        record = await files.uploaded(b"hello")
        await send_with(ann, record["id"])
        await send_with(ann, record["id"], id_="m2")
        await ann.invoke(ChatMethod.EDIT_MESSAGE, "m", "another text")
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "m2")
        assert (await files.get(record["id"])).content == b"hello"


async def test_limits_are_told_before_anything_is_written(tmp_path: Path) -> None:
    """413 for a file, 429 for a user's files together, with the limit in the text."""
    settings = dataclasses.replace(FAST, max_file_bytes=1000, max_user_file_bytes=1500, uploads_per_user=2)
    async with chat_server(tmp_path / "h.db", settings=settings) as server:
        async with server.person("ann") as ann:
            await ann.join()
        files = FileClient(server.url, "ann")
        too_long = await files.post(b"x" * 1001)
        assert too_long.status_code == 413
        assert "1000 bytes" in too_long.json()["error"]
        assert "1000" in (await files.post(b"", **{"Upload-Complete": "?0", "Upload-Length": "1001"})).text
        await files.uploaded(b"x" * 900)
        too_much = await files.post(b"y" * 601)
        assert too_much.status_code == 429
        assert too_much.json() == {
            "error": "files: 900 of 1500 bytes are used; delete messages with files to make room"
        }

        async def unannounced() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield b"z" * 100

        assert (await files.post(unannounced())).status_code == 429  # as many as a file may have are reserved
        path = await files.begin(100)
        assert (await files.patch(path, 0, b"x" * 101)).status_code == 413
        await files.begin(100)
        assert (await files.post(b"", **{"Upload-Complete": "?0", "Upload-Length": "1"})).status_code == 429
        assert (await files.ask("DELETE", path)).status_code == 204
        assert (await files.ask("GET", path)).status_code in (200, 404)
        assert (await FileClient(server.url, "bob").post(b"y" * 900)).status_code == 201


async def test_message_names_ten_files_of_its_own_conversation(server: ChatServer) -> None:
    """More, or one of another conversation, or none at all, are refused in one line."""
    async with server.person("ann") as ann:
        await ann.join()
        await ann.join("d")
        files = FileClient(server.url, "ann")
        elsewhere = await files.uploaded(b"x", conversation_id="d")
        for attachments, problem in (
            ([{"id": elsewhere["id"]}], "attachments: names a file that this conversation does not have"),
            ([{"id": "nowhere"}], "attachments: names a file that this conversation does not have"),
            ([{"id": f"f{number}"} for number in range(11)], "attachments: has 11 files; the limit is 10"),
            ([{"name": "x"}], "attachments: must be text"),
        ):
            message = {"id": "m", "role": "user", "content": "x", "attachments": attachments}
            with pytest.raises(HubException, match=problem):
                await ann.invoke(ChatMethod.SEND_MESSAGE, "c", message)


async def test_scanner_refuses_and_its_faults_let_nothing_in(tmp_path: Path) -> None:
    """What the command calls bad is gone; where it cannot be run, the upload can be tried again."""
    script = tmp_path / "scan.py"
    script.write_text("import sys, pathlib\nsys.exit(b'virus' in pathlib.Path(sys.argv[1]).read_bytes())\n")
    async with chat_server(tmp_path / "h.db", files_scan=f"{sys.executable} {script}") as server:
        async with server.person("ann") as ann:
            await ann.join()
        files = FileClient(server.url, "ann")
        await files.uploaded(b"fine")
        refused = await files.post(b"a virus")
        assert refused.status_code == 422
        assert refused.json() == {"error": "file: was refused by this hub's scanner"}
        area = server.chat.files
        assert area is not None
        area.uploads._scanner = Scanner("/nowhere/scan")
        path = await files.begin(4)
        assert (await files.patch(path, 0, b"fine", last=True)).status_code == 503
        assert await files.offset(path) == 4
        area.uploads._scanner = None
        assert (await files.patch(path, 4, b"", last=True)).status_code == 200


async def test_files_in_an_object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up, down in part, and gone, over a real S3."""
    for name, value in shared_s3().environment.items():
        monkeypatch.setenv(name, value)
    url = f"s3://{BUCKET}/{os.urandom(8).hex()}"
    async with chat_server(tmp_path / "h.db", files_url=url) as server, server.person("ann") as ann:
        await ann.join()
        files = FileClient(server.url, "ann")
        record = await files.uploaded(PNG)
        await send_with(ann, record["id"])
        assert (await files.get(record["id"], Range="bytes=100000-")).content == PNG[100_000:]
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "m")
        await eventually(leftovers(server), what="an empty bucket")
