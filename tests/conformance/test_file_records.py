"""The records of files in every store: quotas, use by messages, and what is deleted when."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from conduit_widget.chat.history.file_records import CLAIM_SECONDS, Content, FileRecord
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.errors import FileLimitError, NotInHistoryError, ValidationError
from conduit_widget.types import Author, ChatMessage
from tests.support.chat.history_stores import Stores

DAY = 86_400.0
HOUR = 3600.0
SHA = "ab" * 32


def file(id_: str, *, size: int = 100, conversation_id: str = "c", user_id: str = "ada") -> FileRecord:
    """A file that is about to come."""
    return FileRecord(
        id=id_, conversation_id=conversation_id, user_id=user_id, name=f"{id_}.txt", media_type="", size=size
    )


def message(id_: str, *file_ids: str) -> ChatMessage:
    """A message that names files, and says nonsense of them."""
    return ChatMessage(
        id=id_,
        role="user",
        content="see",
        author=Author(user_id="ada", user_name="Ada"),
        attachments=[{"id": file_id, "size": 7} for file_id in file_ids],
    )


async def begin(
    store: HistoryStore, record: FileRecord, *, max_user_bytes: int = 1000, max_uploads: int = 5
) -> None:
    """Reserve a place."""
    await store.files.begin(record, max_user_bytes=max_user_bytes, max_uploads=max_uploads)


async def stored(store: HistoryStore, id_: str, sha256: str = SHA, *, conversation_id: str = "c") -> None:
    """A file that can be had."""
    await begin(store, file(id_, conversation_id=conversation_id))
    assert await store.files.complete(id_, Content("text/plain", 90, sha256))
    await store.files.store(id_)


async def collect(store: HistoryStore) -> list[str]:
    """Forget what nobody needs."""
    return await store.files.collect(unused_for=DAY, unfinished_for=HOUR)


async def test_quota_counts_what_was_announced_and_names_its_limit(store: HistoryStore) -> None:
    """Uploads under way count with what they announced, ended ones with what they have; each user alone."""
    await begin(store, file("a", size=600))
    with pytest.raises(FileLimitError, match="600 of 1000 bytes are used"):
        await begin(store, file("b", size=401))
    await begin(store, file("b", size=900, user_id="bob"))
    assert await store.files.complete("a", Content("text/plain", 90, SHA))
    await store.files.store("a")
    await begin(store, file("c", size=910))
    with pytest.raises(FileLimitError, match="1 uploads are under way; the limit is 1"):
        await begin(store, file("d", size=0), max_uploads=1)
    assert await store.files.find("d") is None


async def test_message_gets_what_the_store_knows_of_its_files(store: HistoryStore) -> None:
    """What a client says of a file beside its id does not count; the record counts its uses."""
    await stored(store, "f")
    commit = await store.append("c", "ada", message("m", "f", "f"))
    expected = {"id": "f", "name": "f.txt", "mediaType": "text/plain", "size": 90, "sha256": SHA}
    assert commit.events[0].arguments[0]["attachments"] == [expected]
    wire = await store.message("c", "m")
    assert wire is not None
    assert wire["attachments"] == [expected]
    await store.append("c", "ada", message("m", "f"))  # a retry
    record = await store.files.find("f")
    assert record is not None
    assert (record.uses, record.was_used) == (1, True)


async def test_file_of_another_conversation_unknown_or_unfinished_is_refused(store: HistoryStore) -> None:
    """The refusal is the same, so that nobody learns which files there are."""
    await store.create("d", owner_id="ada", visibility="open", assistant="always")
    await stored(store, "theirs", conversation_id="d")
    await begin(store, file("under-way"))
    for file_id in ("theirs", "under-way", "nowhere"):
        with pytest.raises(ValidationError, match="a file that this conversation does not have"):
            await store.append("c", "ada", message("m", file_id))
    assert await store.message("c", "m") is None


async def test_file_that_nobody_has_sent_yet_is_its_uploaders(store: HistoryStore) -> None:
    """Others learn its id from nobody, and could not use it; what a message has, everybody may send again."""
    await stored(store, "f")
    with pytest.raises(ValidationError, match="a file that this conversation does not have"):
        await store.append("c", "bob", message("theirs", "f"))
    await store.append("c", "ada", message("mine", "f"))
    await store.append("c", "bob", message("again", "f"))
    record = await store.files.find("f")
    assert record is not None
    assert record.uses == 2


async def test_deleting_the_last_message_deletes_the_file(store: HistoryStore) -> None:
    """A content goes when no record has it any more, and not before."""
    await stored(store, "f")
    await stored(store, "same", SHA)
    for id_ in ("m1", "m2"):
        await store.append("c", "ada", message(id_, "f"))
    await store.append("c", "ada", message("m3", "same"))
    await store.delete("c", "m1", "ada")
    await store.delete("c", "m1", "ada")
    assert await collect(store) == []
    await store.delete("c", "m2", "ada")
    assert await collect(store) == []
    assert await store.files.find("f") is None
    await store.delete("c", "m3", "ada")
    assert await collect(store) == [SHA]
    assert await store.files.claim(SHA)
    await store.files.deleted(SHA)
    assert await collect(store) == []


async def test_unused_file_stays_a_day_and_an_unfinished_upload_an_hour(
    stores: Stores, store: HistoryStore
) -> None:
    """What a message uses stays; the content of an upload that broke off late goes with it."""
    await stored(store, "used")
    await store.append("c", "ada", message("m", "used"))
    await stored(store, "unused", "cd" * 32)
    await begin(store, file("under-way"))
    await begin(store, file("broken-off"))
    assert await store.files.complete("broken-off", Content("text/plain", 9, "ef" * 32))
    await stores.pass_time(HOUR + 1)
    await store.files.touch("under-way")
    assert await collect(store) == ["ef" * 32]
    assert await store.files.unfinished(["under-way", "broken-off", "used"]) == {"under-way"}
    await stores.pass_time(DAY - HOUR)
    assert sorted(await collect(store)) == ["cd" * 32, "ef" * 32]
    assert await store.files.find("used") is not None


async def test_content_that_is_being_deleted_is_not_taken_for_there(
    stores: Stores, store: HistoryStore
) -> None:
    """One node deletes at a time; whoever needs the content meanwhile waits, and one in time saves it."""
    await stored(store, "old")
    await store.append("c", "ada", message("m", "old"))
    await store.delete("c", "m", "ada")
    assert await collect(store) == [SHA]
    await begin(store, file("new"))
    assert await store.files.claim(SHA)
    assert not await store.files.claim(SHA)
    assert not await store.files.complete("new", Content("text/plain", 9, SHA))
    await stores.pass_time(CLAIM_SECONDS + 1)  # that node is dead
    assert await store.files.claim(SHA)
    await store.files.deleted(SHA)
    assert await store.files.complete("new", Content("text/plain", 9, SHA))
    await store.files.cancel("new")
    assert await collect(store) == [SHA]
    await begin(store, file("newer"))
    assert await store.files.complete("newer", Content("text/plain", 9, SHA))
    assert not await store.files.claim(SHA)
    with pytest.raises(NotInHistoryError):
        await store.files.complete("new", Content("text/plain", 9, SHA))


async def test_deleted_conversation_takes_its_files_along(store: HistoryStore) -> None:
    """Those of others stay, also where they have the same content."""
    await store.create("d", owner_id="ada", visibility="open", assistant="always")
    await stored(store, "f")
    await stored(store, "own", "cd" * 32)
    await stored(store, "theirs", conversation_id="d")
    await store.append("c", "ada", message("m", "f", "own"))
    await store.delete_conversation("c")
    assert await collect(store) == ["cd" * 32]
    assert await store.files.find("f") is None
    assert await store.files.find("theirs") is not None


async def test_file_is_either_used_or_forgotten(stores: Stores, store: HistoryStore) -> None:
    """Messages that name a file while it is being forgotten either keep it or are refused."""
    for number in range(10):
        await stored(store, f"f{number}", f"{number:064x}")
    await stores.pass_time(DAY + 1)

    async def use(number: int) -> bool:
        try:
            await store.append("c", "ada", message(f"m{number}", f"f{number}"))
        except ValidationError:
            return False
        return True

    used = asyncio.gather(*[use(number) for number in range(10)])
    await collect(store)
    outcome = await used
    for number, is_used in enumerate(outcome):
        record = await store.files.find(f"f{number}")
        assert (record is not None) == is_used
        assert record is None or msgspec.structs.replace(record, uses=1, was_used=True) == record
