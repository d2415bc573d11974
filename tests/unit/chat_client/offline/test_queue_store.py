"""The durable queues in their file: kept, bounded, private, and never a reason to fail."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from conduit_widget.chat_client.offline import merging, queue_store
from conduit_widget.chat_client.offline.database import KeepingError
from conduit_widget.chat_client.offline.entries import MAX_MESSAGES, Place, QueuedEntry, QueueFullError
from conduit_widget.chat_client.offline.queue_store import Numbered, QueueStore
from conduit_widget.types import ChatMessage, SendReceipt

HERE = Place(hub="http://hub/hubs/chat", user="ann", conversation="team")
SECRET_TEXT = "the words of ann"


def message(id_: str, text: str = SECRET_TEXT) -> QueuedEntry:
    """A message that waits."""
    said = ChatMessage(id=id_, role="user", content=text)
    return QueuedEntry(id=id_, kind="message", message_id=id_, message=said)


def put(store: QueueStore, *entries: QueuedEntry, place: Place = HERE) -> list[Numbered]:
    """Queue entries, one at a time."""
    queue: list[Numbered] = []
    for each in entries:
        queue = store.change(place, lambda there, new=each: merging.added(there, new))  # type: ignore[misc]
    return queue


def ids(queue: list[Numbered]) -> list[str]:
    """The ids in order."""
    return [each.entry.id for each in queue]


def test_what_is_kept_is_there_for_another_process(tmp_path: Path) -> None:
    """In order, for its own conversation, person and hub only."""
    put(QueueStore(tmp_path), message("a"), message("b"))
    other = QueueStore(tmp_path)
    assert ids(other.read(HERE)) == ["a", "b"]
    for another in (
        Place(hub=HERE.hub, user="bob", conversation="team"),
        Place(hub=HERE.hub, user="ann", conversation="other"),
        Place(hub="http://elsewhere", user="ann", conversation="team"),
    ):
        assert other.read(another) == []


def test_the_file_is_private(tmp_path: Path) -> None:
    """0600 in a directory of 0700, also where both were open."""
    folder = tmp_path / "offline"
    folder.mkdir(mode=0o755)
    (folder / "outbox.sqlite3").touch(0o644)
    put(QueueStore(tmp_path), message("a"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "outbox.sqlite3").stat().st_mode) == 0o600


def test_what_was_sent_is_gone_from_the_file(tmp_path: Path) -> None:
    """Not only from the table: nobody finds the words in it."""
    store = QueueStore(tmp_path)
    put(store, message("a"))
    path = store.database.path
    assert SECRET_TEXT.encode() in path.read_bytes()
    store.settle(HERE, "a", 0, SendReceipt(id="a", seq=3, timestamp=""))
    assert store.read(HERE) == []
    assert SECRET_TEXT.encode() not in path.read_bytes()
    receipt = QueueStore(tmp_path).receipts(HERE, ["a", "b"])
    assert {id_: found and found.seq for id_, found in receipt.items()} == {"a": 3}


def test_what_was_changed_meanwhile_is_not_done(tmp_path: Path) -> None:
    """The hub has an earlier state: what is left is asked for next."""
    store = QueueStore(tmp_path)
    put(store, QueuedEntry(id="e", kind="edit", message_id="m", content="one"), message("a"))
    sent = store.attempt(HERE, "e")
    assert sent is not None
    put(store, QueuedEntry(id="f", kind="edit", message_id="m", content="two"))
    (edit, _) = store.settle(HERE, "e", sent.entry.revision, None)
    assert edit.entry.text == "two"


def test_reworded_message_that_arrived_leaves_an_edit(tmp_path: Path) -> None:
    """With the position at which the hub has it, in the place of the message."""
    store = QueueStore(tmp_path)
    put(store, message("a"), message("b"))
    assert store.attempt(HERE, "a") is not None
    put(store, QueuedEntry(id="e", kind="edit", message_id="a", content="better"))
    edit, other = store.settle(HERE, "a", 0, SendReceipt(id="a", seq=7, timestamp=""))
    assert (edit.entry.kind, edit.entry.message_id, edit.entry.text, edit.entry.seq) == (
        "edit",
        "a",
        "better",
        7,
    )
    assert other.entry.id == "b"


def test_one_message_too_many_is_refused_with_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there stays, and room that is made can be used."""
    assert MAX_MESSAGES == 1_000
    monkeypatch.setattr(queue_store, "MAX_MESSAGES", 3)
    store = QueueStore(tmp_path)
    put(store, message("a"), message("b"), message("c"))
    with pytest.raises(QueueFullError, match="1,000 messages"):
        put(store, message("d"))
    assert ids(store.change(HERE, lambda there: merging.removed(there, "a"))) == ["b", "c"]
    assert ids(put(store, message("d"))) == ["b", "c", "d"]


def test_too_many_bytes_are_refused_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shorter text can always be put in."""
    monkeypatch.setattr(queue_store, "MAX_BYTES", 10_000)
    store = QueueStore(tmp_path)
    put(store, message("a", "x" * 9_000))
    with pytest.raises(QueueFullError, match="50 MiB"):
        put(store, message("b", "x" * 2_000))
    store.change(HERE, lambda there: merging.reworded(there, "a", "short"))
    assert ids(put(store, message("b", "x" * 2_000))) == ["a", "b"]


@pytest.mark.parametrize("how", ["no database", "damaged", "newer"])
def test_file_that_cannot_be_used_is_put_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """With one warning that says where it is; what comes now is kept."""
    store = QueueStore(tmp_path)
    put(store, *(message(f"m{number}", "x" * 2_000) for number in range(20)))
    store.database.close()
    path = store.database.path
    if how == "newer":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version=99")
        db.close()
    else:
        content = path.read_bytes()
        noise = os.urandom(len(content))
        path.write_bytes(noise if how == "no database" else content[:4096] + noise[4096:])
    with caplog.at_level(logging.WARNING):
        other = QueueStore(tmp_path)
        assert other.read(HERE) == []
        assert ids(put(other, message("b"))) == ["b"]
    (warning,) = caplog.records
    (aside,) = (each for each in path.parent.glob("*.aside-*") if not each.name.endswith("-journal"))
    assert str(aside) in warning.getMessage()
    assert other.database.note == warning.getMessage()
    assert ids(QueueStore(tmp_path).read(HERE)) == ["b"]


@pytest.mark.parametrize("how", ["removed", "put aside"])
def test_file_that_goes_away_under_a_process_is_followed(tmp_path: Path, how: str) -> None:
    """What comes then is kept where everybody else of the same person looks."""
    store, other = QueueStore(tmp_path), QueueStore(tmp_path)
    path = store.database.path
    put(store, message("a"))
    if how == "removed":
        shutil.rmtree(path.parent)
    else:
        path.rename(path.with_name("aside"))
    put(other, message("b"))
    assert ids(store.read(HERE)) == ["b"]
    assert ids(put(store, message("c"))) == ["b", "c"]
    assert store.database.is_kept
    assert ids(QueueStore(tmp_path).read(HERE)) == ["b", "c"]


@pytest.mark.parametrize("body", [b"no JSON", b"\xff", b'{"id": "a", "kind": "of the future"}', b"null"])
def test_entry_that_cannot_be_read_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    """It stays in the file, as another version may read it; that is said once."""
    store = QueueStore(tmp_path)
    put(store, message("a"), message("b"))
    store.database.write(lambda db: db.execute("UPDATE entries SET body=? WHERE id='a'", (body,)))
    assert ids(store.read(HERE)) == ["b"]
    assert ids(put(store, message("c"))) == ["b", "c"]
    assert store.attempt(HERE, "a") is None
    assert ids(store.settle(HERE, "b", 0, None)) == ["c"]
    assert store.database.read(lambda db: db.execute("SELECT body FROM entries WHERE id='a'").fetchone()) == (
        body,
    )
    if body != b"null":
        (warning,) = caplog.records
        assert warning.getMessage() == store.database.note
        assert str(store.database.path) in store.database.note


def test_file_that_is_emptied_under_a_process_begins_anew(tmp_path: Path) -> None:
    """Nothing is left to be put aside."""
    store = QueueStore(tmp_path)
    put(store, message("a"))
    store.database.path.write_bytes(b"")
    assert store.read(HERE) == []
    assert ids(put(store, message("b"))) == ["b"]


def test_tables_that_are_gone_are_made_again(tmp_path: Path) -> None:
    """What is left of the file is put aside."""
    store = QueueStore(tmp_path)
    put(store, message("a"))
    store.database.write(lambda db: db.execute("DROP TABLE entries"))
    assert ids(put(store, message("b"))) == ["b"]
    assert "put aside" in store.database.note


@pytest.mark.skipif(os.name != "posix", reason="no such files")
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "everybody's folder"])
def test_what_is_no_file_of_ours_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    """A link to a device, or to /tmp, must not close it to everybody else: the queue is in memory then."""
    folder, pipe = tmp_path / "offline", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    open_to_all = pipe
    if kind == "pipe":
        pipe.rename(folder / "outbox.sqlite3")
        open_to_all = folder / "outbox.sqlite3"
    elif kind == "link to a pipe":
        (folder / "outbox.sqlite3").symlink_to(pipe)
    else:
        folder.chmod(0o1777)
        open_to_all = folder
    mode = open_to_all.stat().st_mode
    store = QueueStore(tmp_path)
    assert ids(put(store, message("a"))) == ["a"]
    assert open_to_all.stat().st_mode == mode
    assert "in memory only" in store.database.note


def test_directory_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file stands where the directory should be: everything works, in memory."""
    (tmp_path / "offline").write_text("in the way")
    store = QueueStore(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert ids(put(store, message("a"), message("b"))) == ["a", "b"]
    assert not store.database.is_kept
    (warning,) = caplog.records
    assert "in memory only" in warning.getMessage()


def test_full_disk_is_said(tmp_path: Path) -> None:
    """SQLite's own limit stands for the disk's; what is there is readable."""
    store = QueueStore(tmp_path)
    put(store, message("a"))
    store.database.read(lambda db: db.execute("PRAGMA max_page_count=1"))
    with pytest.raises(KeepingError, match=r"disk of .* is full"):
        put(store, message("b", "x" * 100_000))
    assert ids(store.read(HERE)) == ["a"]


def test_another_process_sees_that_something_was_written(tmp_path: Path) -> None:
    """By a few bytes of the file, whatever the clock of the file system."""
    store, other = QueueStore(tmp_path), QueueStore(tmp_path)
    put(store, message("a"))
    stamps = {store.database.stamp}
    for number in range(20):
        put(other, message(f"m{number}"))
        stamps.add(store.database.stamp)
    assert len(stamps) == 21


def test_key_is_told_apart_and_not_kept(tmp_path: Path) -> None:
    """The same key is the same person in the next process; the file has neither it nor a plain hash."""
    store = QueueStore(tmp_path)
    one = store.fingerprint("condt_secret_one")
    assert one == QueueStore(tmp_path).fingerprint("condt_secret_one")
    assert one != store.fingerprint("condt_secret_two")
    assert b"condt_secret" not in store.database.path.read_bytes()
    assert one != QueueStore(tmp_path / "elsewhere").fingerprint("condt_secret_one")
