"""Which conversation belongs to which notebook: by its path, and kept when Jupyter moves the file.

A small file in the data directory, which kernels write when a notebook first has a chat, and the Jupyter
server when a page with the panel first shows a notebook, and when one is moved or deleted. The functions here
that read or write it block for a moment.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import filelock
import msgspec

from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import UNREADABLE
from conduit_widget.runtime_file import default_data_dir
from conduit_widget.text.plain_text import is_user_id, plain_name

NOTEBOOKS_FILE: Final = "notebooks.json"
LOCK_FILE: Final = "notebooks.lock"
MAX_NOTEBOOKS: Final = 10_000
"""Of more the one that was first seen longest ago is forgotten, those without a kernel's chat first."""
MAX_KERNELS: Final = 1_000
MAX_TITLE_CHARS: Final = 200
"""As the hub has it."""
_LOCK_TIMEOUT: Final = 2.0
_MAX_STEM_CHARS: Final = MAX_ID_CHARS // 2
_OWN: Final = re.compile(r"-[0-9a-f]{8}\Z")
_DRIVE: Final = re.compile(r"^[A-Za-z][\w-]+:")
"""How a path of a JupyterLab drive begins (``RTC:``); one letter is a drive of Windows."""


class _Book(msgspec.Struct):
    """``conversations`` by path of the notebook; ``kernels``: the path since it was moved under a kernel.

    ``shown``: the paths of notebooks that pages have shown, and for which no kernel has asked.
    ``titles``: the title that a conversation was given here, by its id.
    """

    conversations: dict[str, str] = msgspec.field(default_factory=dict)
    kernels: dict[str, str] = msgspec.field(default_factory=dict)
    shown: set[str] = msgspec.field(default_factory=set)
    titles: dict[str, str] = msgspec.field(default_factory=dict)


def notebook_conversation(
    notebook: str, kernel_id: str = "", data_dir: Path | None = None, *, is_shown: bool = False
) -> str:
    """Return the id of a notebook's own conversation: its name and something that no other notebook has.

    Args:
        notebook: where the notebook was when the kernel began, as the Jupyter server says.
        kernel_id: the kernel that asks.
        data_dir: the hub's data directory.
        is_shown: a page asks, which shows the notebook: there may never be a chat in it.

    """
    path = plain_path(notebook)
    try:
        with _opened(data_dir or default_data_dir()) as book:
            path = book.kernels.get(kernel_id, path)
            if not is_shown:
                book.shown.discard(path)
            elif path not in book.conversations:
                book.shown.add(path)
            return book.conversations.setdefault(path, _named(path, secrets.token_hex(4)))
    except (OSError, filelock.Timeout):  # nothing can be kept there: the path alone says which it is
        return _named(path, hashlib.sha256(path.encode()).hexdigest()[:8])


def notebook_moved(
    old: str, new: str, kernel_ids: Collection[str] = (), data_dir: Path | None = None
) -> None:
    """Note that a notebook, or a folder of them, is elsewhere now; ``kernel_ids`` began at the old place.

    Raises:
        OSError, filelock.Timeout: it cannot be noted.

    """
    with _opened(data_dir or default_data_dir()) as book:
        there = book.conversations.items()
        # What is noted for the new place is of a file that was there and is gone, unseen by this server.
        stay = {path: id_ for path, id_ in there if not _is_within(path, old) and not _is_within(path, new)}
        book.conversations = stay | {
            _moved(path, old, new): id_ for path, id_ in there if _is_within(path, old)
        }
        book.shown = {_moved(path, old, new) for path in book.shown}
        book.kernels = {kernel: _moved(path, old, new) for kernel, path in book.kernels.items()}
        for kernel_id in kernel_ids:
            book.kernels.setdefault(kernel_id, new)


def notebook_deleted(path: str, data_dir: Path | None = None) -> None:
    """Note that a notebook, or a folder of them, is gone: another one of the name begins anew.

    Raises:
        OSError, filelock.Timeout: it cannot be noted.

    """
    with _opened(data_dir or default_data_dir()) as book:
        gone = [each for each in book.conversations if _is_within(each, path)]
        for each in gone:
            del book.conversations[each]


def may_be_notebooks(conversation_id: str) -> bool:
    """Return whether an id looks like that of a notebook's own conversation; only the file knows."""
    return _OWN.search(conversation_id) is not None


def due_title(conversation_id: str, title: str | None, data_dir: Path | None = None) -> str | None:
    """Return what a notebook's own conversation should be called instead of ``title``: the notebook's name.

    None where it is called that already or somebody gave it another one, and where it is no notebook's here.
    """
    book = _read((data_dir or default_data_dir()) / NOTEBOOKS_FILE)  # replaced whole: needs no lock
    path = next((path for path, id_ in book.conversations.items() if id_ == conversation_id), "")
    name = plain_name(Path(path).stem, MAX_TITLE_CHARS)
    is_ours = not title or title == book.titles.get(conversation_id)
    return name if name and is_ours and name != title else None


def title_given(conversation_id: str, title: str, data_dir: Path | None = None) -> None:
    """Note the title that a notebook's own conversation was given: it may follow when the notebook is moved.

    Raises:
        OSError, filelock.Timeout: it cannot be noted.

    """
    with _opened(data_dir or default_data_dir()) as book:
        book.titles[conversation_id] = title


def plain_path(notebook: str) -> str:
    """Return a notebook's path without the drive that a page of JupyterLab has it on.

    A file that is there under its full name is on none: "Lesson1: trees.ipynb" is a name too.
    """
    path = full_path(notebook)
    folder, name = os.path.split(path)
    if not _DRIVE.match(name) or Path(path).exists():
        return path
    return os.path.normpath(os.path.join(folder, _DRIVE.sub("", name)))  # noqa: PTH118 - of a server, not ours


def possible_paths(path: str) -> list[str]:
    """Return where a notebook may be on the server: at a page's path of it, or at that without a drive."""
    folder, slash, name = path.rpartition("/")
    return list(dict.fromkeys((path, _DRIVE.sub("", path), folder + slash + _DRIVE.sub("", name))))


def full_path(notebook: str) -> str:
    """Return a path as it is noted; what of it is no text (a name that is not in UTF-8) is spelled out."""
    return os.path.normpath(notebook.encode(errors="backslashreplace").decode())


def _is_within(path: str, place: str) -> bool:
    return path == place or path.startswith(place.rstrip("/\\") + os.sep)


def _moved(path: str, old: str, new: str) -> str:
    return new + path[len(old) :] if _is_within(path, old) else path


def _named(path: str, mark: str) -> str:
    stem = Path(path).stem[:_MAX_STEM_CHARS]
    return f"{stem if is_user_id(stem) else 'notebook'}-{mark}"


@contextmanager
def _opened(data_dir: Path) -> Iterator[_Book]:
    """Give the book to read and change; what has changed is written at the end, whole or not at all."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = data_dir / NOTEBOOKS_FILE
    with filelock.FileLock(data_dir / LOCK_FILE, timeout=_LOCK_TIMEOUT):
        before = _read(file)
        book = _read(file)
        yield book
        if book != before:
            _keep_newest(book.conversations, MAX_NOTEBOOKS, book.shown)
            book.shown &= book.conversations.keys()
            kept = set(book.conversations.values())
            book.titles = {id_: title for id_, title in book.titles.items() if id_ in kept}
            _keep_newest(book.kernels, MAX_KERNELS)
            _write(file, msgspec.json.encode(book))


def _read(file: Path) -> _Book:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Book)
    except FileNotFoundError:
        return _Book()
    except UNREADABLE:
        return _Book()  # not ours: begin anew


def _keep_newest(entries: dict[str, str], most: int, go_first: Collection[str] = ()) -> None:
    newest = next(reversed(entries), None)  # somebody is told it just now
    in_turn = sorted(entries, key=lambda key: key not in go_first or key == newest)
    for key in in_turn[: max(0, len(entries) - most)]:
        del entries[key]


def _write(file: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(content)
        Path(name).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
