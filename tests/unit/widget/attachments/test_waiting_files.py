"""Files attached while the hub is away: whole, bounded, and gone with a word."""

from __future__ import annotations

import hashlib

import pytest

from conduit_widget.chat_client.files.uploading import UploadGoneError
from conduit_widget.contract import MAX_FILE_BYTES
from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.widget.attachments.waiting_files import MOST_FILES, WaitingFiles


def test_file_comes_in_pieces_and_is_told_by_its_content() -> None:
    """A piece that came before, or too early, changes nothing: the view hears where to go on."""
    files = WaitingFiles()
    path = files.begin("table.csv", 4)
    assert files.put(path, 2, b"cd", is_last=True) == (0, None)
    assert files.put(path, 0, b"ab", is_last=False) == (2, None)
    assert files.put(path, 0, b"ab", is_last=False) == (2, None)
    with pytest.raises(ConduitError, match="attach it again"):
        files.contents([path])
    offset, file = files.put(path, 2, b"cd", is_last=True)
    assert offset == 4
    assert file is not None
    assert (file.id, file.name, file.media_type, file.size) == (path, "table.csv", "text/csv", 4)
    assert file.sha256 == hashlib.sha256(b"abcd").hexdigest()
    assert files.put(path, 2, b"cd", is_last=True).file == file, "asked twice"
    assert files.contents([path]) == [("table.csv", b"abcd")]


def test_what_does_not_fit_is_refused() -> None:
    """A file that is too large, a piece beyond the end, and an end before it."""
    files = WaitingFiles()
    for size in (MAX_FILE_BYTES + 1, -1):
        with pytest.raises(ValidationError, match="25 MiB"):
            files.begin("large", size)
    path = files.begin("a", 2)
    with pytest.raises(ValidationError, match="goes beyond the 2 bytes"):
        files.put(path, 0, b"abc", is_last=True)
    with pytest.raises(ValidationError, match="is the last of 2 bytes, after 1"):
        files.put(path, 0, b"a", is_last=True)
    files.forget(path)
    with pytest.raises(UploadGoneError):
        files.put(path, 1, b"b", is_last=True)


@pytest.mark.parametrize(("size", "most"), [(MAX_FILE_BYTES, 2), (1, MOST_FILES)])
def test_oldest_goes_where_there_are_too_many(size: int, most: int) -> None:
    """By bytes and by number; whoever still wants to send it hears so."""
    files = WaitingFiles()
    paths = [files.begin(f"file {number}", size) for number in range(most + 1)]
    for path in paths[1:]:
        files.put(path, 0, bytes(size), is_last=True)
    assert len(files.contents(paths[1:])) == most
    with pytest.raises(ConduitError, match="attach it again"):
        files.contents(paths[:1])
