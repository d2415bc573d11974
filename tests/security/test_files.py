"""Files and those who should not have them, and what else a file may try."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import shutil
import time
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conduit_widget.chat.files.media_types import media_type_of
from conduit_widget.contract import ChatMethod
from tests.support.chat.file_client import FileClient
from tests.support.chat.server import FAST, ChatServer, Person, chat_server
from tests.support.chat.small_disk import SIZE_MIB, small_disk
from tests.support.hub.server import token
from tests.support.waiting import eventually

MIB = 1024 * 1024
SECRET = b"nobody else reads this"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChatServer]:
    """A chat with files."""
    async with chat_server(tmp_path / "h.db") as server:
        yield server


async def closed_room(ann: Person, **members: str) -> None:
    """Create the conversation ``c``, for its members alone."""
    options = {"id": "c", "visibility": "members"}
    await ann.invoke(ChatMethod.CREATE_CONVERSATION, options)
    for user_id, role in members.items():
        await ann.invoke(ChatMethod.ADD_MEMBER, "c", {"userId": user_id, "role": role})
    await ann.join()


async def shared_file(server: ChatServer, ann: Person) -> str:
    """Send a message with a file; return the file's id."""
    record = await FileClient(server.url, ann.user_id).uploaded(SECRET)
    message = {"id": "m", "role": "user", "content": "x", "attachments": [{"id": record["id"]}]}
    await ann.invoke(ChatMethod.SEND_MESSAGE, "c", message)
    return str(record["id"])


async def test_strangers_readers_and_removed_members(server: ChatServer) -> None:
    """A reader reads and does not write; for strangers and the removed a file is as one that is not there."""
    async with server.person("ann") as ann:
        await closed_room(ann, bob="member", rea="reader")
        file_id = await shared_file(server, ann)
        upload = await FileClient(server.url, "bob").begin(10)
        for user_id, read, write in (("bob", 200, 201), ("rea", 200, 403), ("eve", 404, 403)):
            client = FileClient(server.url, user_id)
            assert (await client.get(file_id)).status_code == read
            assert (await client.post(b"x")).status_code == write
        eve = FileClient(server.url, "eve")
        unknown = await eve.get("0" * 32)
        assert (await eve.get(file_id)).text == unknown.text
        assert (await eve.post(b"x", conversation_id="nowhere")).text == (await eve.post(b"x")).text
        for method in ("GET", "DELETE"):
            assert (await eve.ask(method, upload)).status_code == 404
        assert (await eve.patch(upload, 0, b"x")).status_code == 404
        assert (await FileClient(server.url, "ann").patch(upload, 0, b"x")).status_code == 404

        await ann.invoke(ChatMethod.REMOVE_MEMBER, "c", "bob")
        bob = FileClient(server.url, "bob")
        assert (await bob.get(file_id)).status_code == 404
        assert (await bob.ask("GET", upload)).status_code == 404
        assert (await bob.patch(upload, 0, b"0123456789", last=True)).status_code == 404
        assert (await bob.post(b"x")).status_code == 403


async def test_tokens_that_are_none(server: ChatServer) -> None:
    """Without one, with an expired one or a wrong one there is nothing, not even in the query."""
    async with server.person("ann") as ann:
        await ann.join()
        file_id = await shared_file(server, ann)
    expired, began = token("ann", ttl=0.01), time.time()
    await eventually(lambda: time.time() > began + 1.1, what="a token expired")
    for access_token in (expired, "nonsense"):
        client = FileClient(server.url, "ann", access_token=access_token)
        for response in (await client.get(file_id), await client.post(b"x")):
            assert response.status_code == 401
            assert access_token not in response.text
    client = FileClient(server.url, "ann")
    client.headers = {}
    assert (await client.get(file_id)).status_code == 401
    assert (await client.ask("GET", f"/files/{file_id}?access_token={token('ann')}")).status_code == 401


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("/abs/olute", "olute"),
        ("quo\"te';.txt", "quo\"te';.txt"),
        ("übung 👋.txt", "übung 👋.txt"),
    ],
)
async def test_name_is_never_a_path(server: ChatServer, tmp_path: Path, name: str, kept: str) -> None:
    """Folders before a name are dropped; on the disk there are digests alone; a header stays one header."""
    async with server.person("ann") as ann:
        await ann.join()
    client = FileClient(server.url, "ann")
    record = await client.uploaded(SECRET, name)
    assert record["name"] == kept
    disposition = (await client.get(record["id"])).headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.count('"') == 2
    digest = hashlib.sha256(SECRET).hexdigest()
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == [digest]


@pytest.mark.parametrize("name", ["", "..", "x/..", "a\r\nSet-Cookie: x", "a\0b", "x" * 201, "\u202egnp.exe"])
async def test_name_that_is_none_is_refused(server: ChatServer, name: str) -> None:
    """In one line that does not repeat it."""
    async with server.person("ann") as ann:
        await ann.join()
    response = await FileClient(server.url, "ann").post(b"x", name)
    assert response.status_code == 400
    assert response.json()["error"].startswith("name: ")


@pytest.mark.parametrize("rest", ["../hub.key", "..%2f..%2fhistory.db", "%00", "uploads/../x", "x" * 5000])
async def test_path_finds_records_and_nothing_else(server: ChatServer, rest: str) -> None:
    """What follows ``/files/`` is looked up, never joined to a folder."""
    client = FileClient(server.url, "ann")
    assert (await client.ask("GET", f"/files/{rest}")).status_code in (400, 404, 414, 431)


def bomb() -> bytes:
    """A zip of 40 kB that would be 40 MB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(40_000_000))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"<html><script>alert(1)</script></html>", "picture.png", "text/plain"),
        (b"<html><script>alert(1)</script></html>", "page.html", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "x.svg", "text/plain"),
        (b"GIF89a/*<script>alert(1)</script>*/\0", "x.html", "image/gif"),
        (b"%PDF-1.7\n\0", "x.png", "application/pdf"),
        (b"MZ\x90\0" + bytes(60), "x.pdf", "application/octet-stream"),
        (b"a,b\n1,2\n", "x.csv", "text/csv"),
        (b"a,b\n1,2\n", "x.js", "text/plain"),
        (b"PAR1" + bytes(20), "x", "application/vnd.apache.parquet"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", "x", "image/jpeg"),
        ("é".encode()[:1], "x", "application/octet-stream"),
        (b"", "x", "text/plain"),
        (bomb(), "x.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (bomb(), "x.html", "application/zip"),
        (gzip.compress(bytes(10_000)), "x", "application/gzip"),
    ],
)
def test_type_is_by_content_and_never_one_that_a_browser_runs(
    content: bytes, name: str, expected: str
) -> None:
    """Nothing is unpacked to find out; a name only chooses among kinds of text and of packed documents."""
    assert media_type_of(content, name, is_whole=True) == expected


@pytest.mark.parametrize(
    ("codecs", "expected"),
    [(b"A_OPUS", "audio/webm"), (b"V_VP9 A_OPUS", "video/webm"), (b"V_VP8", "video/webm")],
)
def test_webm_of_sound_alone_is_a_sound(codecs: bytes, expected: str) -> None:
    """As browsers record a voice; what has a picture, too, is a film."""
    head = bytes.fromhex(
        "1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701ff"
    )
    assert media_type_of(head + b"\x16\x54\xae\x6b" + codecs + b"\x00", "x", is_whole=True) == expected


def test_text_cut_within_a_character_is_a_text() -> None:
    """Only the beginning of a long file is looked at."""
    head = ("a" * 10 + "é").encode()[:-1]
    assert media_type_of(head, "x", is_whole=False) == "text/plain"
    assert media_type_of(head, "x", is_whole=True) == "application/octet-stream"


async def test_full_disk_is_told_and_leaves_no_part(tmp_path: Path) -> None:
    """Uploads leave room for the history; if it fills all the same, they go on when there is room again."""
    told = {"error": "The hub's disk is full. It goes on when there is room again."}
    with small_disk(tmp_path) as disk:
        folder = tmp_path / "small"
        settings = dataclasses.replace(FAST, spare_disk_bytes=512 * 1024)
        async with chat_server(folder / "h.db", settings=settings) as server, server.person("ann") as ann:
            if shutil.disk_usage(folder).free > MIB * SIZE_MIB:
                pytest.skip("Nothing can be mounted here.")
            await ann.join()
            client = FileClient(server.url, "ann")
            response = await client.post(bytes(2 * MIB))
            assert (response.status_code, response.json()) == (507, told)
            assert not any((folder / "files" / "incoming").iterdir())
            path = await client.begin(200_000)
            await disk.fill()
            assert (await client.patch(path, 0, bytes(200_000))).status_code == 507
            await disk.free()
            offset = await client.offset(path)
            assert (await client.patch(path, offset, bytes(200_000 - offset), last=True)).status_code == 200
            assert list((folder / "files").rglob("*.part")) == []


async def test_logs_have_nothing_of_files(server: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    """Neither names nor contents nor ids, whatever happens."""
    caplog.set_level("DEBUG", logger="conduit_widget")
    async with server.person("ann") as ann:
        await ann.join()
        file_id = await shared_file(server, ann)
        client = FileClient(server.url, "ann")
        await client.post(SECRET, "my-diagnosis.txt")
        await client.post(SECRET, "my-diagnosis\n.txt")
        await client.get(file_id)
        await client.get("0" * 32)
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "m")
    logged = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("conduit_widget")
    )
    for secret in ("my-diagnosis", SECRET.decode(), file_id, hashlib.sha256(SECRET).hexdigest()):
        assert secret not in logged
