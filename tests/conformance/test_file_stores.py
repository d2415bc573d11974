"""Where the bytes of files are: a directory and object stores, under the same tests."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conduit_widget.chat.files.file_store import FileStore
from conduit_widget.chat.files.local_store import LocalFileStore
from conduit_widget.chat.files.object_store import ObjectFileStore
from conduit_widget.errors import NotInHistoryError, SettingsError
from tests.support.servers.s3 import BUCKET, shared_s3

LARGE = bytes(range(256)) * (24 * 1024)


@pytest.fixture(params=["local", "file", "s3"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FileStore]:
    """An empty store."""
    store: FileStore
    if request.param == "local":
        store = LocalFileStore(tmp_path / "contents")
    elif request.param == "file":
        store = ObjectFileStore((tmp_path / "objects").as_uri())
    else:
        for name, value in shared_s3().environment.items():
            monkeypatch.setenv(name, value)
        store = ObjectFileStore(f"s3://{BUCKET}/{uuid.uuid4().hex}")
    await store.start()
    yield store
    await store.aclose()


def written(folder: Path, content: bytes) -> tuple[str, Path]:
    """Write a file beside the store; return its digest and where it is."""
    path = folder / uuid.uuid4().hex
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest(), path


async def read(store: FileStore, sha256: str, start: int, stop: int) -> bytes:
    """Return a part of a content."""
    return b"".join([piece async for piece in store.read(sha256, start, stop)])


@pytest.mark.parametrize("content", [b"", b"x", LARGE], ids=["empty", "small", "6 MiB"])
async def test_content_comes_back_byte_for_byte(store: FileStore, tmp_path: Path, content: bytes) -> None:
    """Whole and in part; what was put once is found under its name."""
    sha256, path = written(tmp_path, content)
    await store.put(sha256, path)
    path.unlink()
    assert await read(store, sha256, 0, len(content)) == content
    if len(content) > 1:
        assert await read(store, sha256, 1_500_000, 3_000_001) == content[1_500_000:3_000_001]
        assert await read(store, sha256, len(content) - 1, len(content)) == content[-1:]
    assert await store.contents() == {sha256}


async def test_the_same_content_twice_at_once_is_there_once(store: FileStore, tmp_path: Path) -> None:
    """Two who upload the same do not hurt each other."""
    sha256, path = written(tmp_path, b"same" * 1000)
    await asyncio.gather(*[store.put(sha256, path) for _ in range(4)])
    assert await store.contents() == {sha256}
    assert await read(store, sha256, 0, 4000) == b"same" * 1000


async def test_deleted_content_is_gone_and_can_come_back(store: FileStore, tmp_path: Path) -> None:
    """Deleting twice does no harm; reading what is not there says so."""
    sha256, path = written(tmp_path, b"content")
    await store.put(sha256, path)
    await store.delete(sha256)
    await store.delete(sha256)
    assert await store.contents() == set()
    with pytest.raises(NotInHistoryError):
        await read(store, sha256, 0, 7)
    await store.put(sha256, path)
    assert await read(store, sha256, 0, 7) == b"content"


async def test_store_opened_again_has_what_was_put(store: FileStore, tmp_path: Path) -> None:
    """A new process finds everything, and nothing half."""
    sha256, path = written(tmp_path, b"content")
    await store.put(sha256, path)
    await store.aclose()
    await store.start()
    assert await read(store, sha256, 0, 7) == b"content"


async def test_files_in_a_directory_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Nobody else on the machine reads them."""
    store = LocalFileStore(tmp_path / "contents")
    await store.start()
    sha256, path = written(tmp_path, b"content")
    await store.put(sha256, path)
    found = next((tmp_path / "contents").glob(f"*/{sha256}"))
    assert [each.stat().st_mode & 0o077 for each in (found, found.parent, found.parent.parent)] == [0, 0, 0]


@pytest.mark.parametrize("url", ["https://x/y", "s3://", "nonsense", "ftp://x"])
def test_url_of_no_object_store_is_refused(url: str) -> None:
    """The refusal says what would do."""
    with pytest.raises(SettingsError, match="--files-url must be s3://bucket"):
        ObjectFileStore(url)


async def test_bucket_that_is_not_there_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with the first upload, and without the secret."""
    for name, value in shared_s3().environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"s3://nowhere refuses us or cannot be reached") as caught:
        await ObjectFileStore("s3://nowhere/x").start()
    assert "tests-secret" not in str(caught.value)
