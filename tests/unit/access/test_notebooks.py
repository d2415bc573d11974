"""Which conversation is whose notebook's: by its path, kept when it is moved, anew for another file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from conduit_widget.access import notebooks
from conduit_widget.access.notebooks import (
    NOTEBOOKS_FILE,
    due_title,
    full_path,
    may_be_notebooks,
    notebook_conversation,
    notebook_deleted,
    notebook_moved,
    plain_path,
    title_given,
)


def test_each_notebook_has_its_own_and_keeps_it(tmp_path: Path) -> None:
    """The name is in it for people; two of one name in two folders are two."""
    first = notebook_conversation("/work/plans.ipynb", data_dir=tmp_path)
    assert first.startswith("plans-")
    assert notebook_conversation("/work/plans.ipynb", data_dir=tmp_path) == first
    assert notebook_conversation("/work/old/plans.ipynb", data_dir=tmp_path) != first


@pytest.mark.parametrize("name", ["RTC:plans.ipynb", "Drive-2:plans.ipynb", "plans.ipynb"])
def test_the_drive_of_a_page_is_no_part_of_the_path(tmp_path: Path, name: str) -> None:
    """A shared notebook is the same file as it is for whoever opens it alone."""
    expected = notebook_conversation("/work/plans.ipynb", data_dir=tmp_path)
    assert notebook_conversation(f"/work/{name}", data_dir=tmp_path) == expected
    assert plain_path("/work/C:plans.ipynb") == "/work/C:plans.ipynb"


def test_a_name_with_a_colon_in_it_is_no_drive(tmp_path: Path) -> None:
    """Two lessons in a folder have two conversations."""
    lessons = [tmp_path / f"Lesson{number}: trees.ipynb" for number in (1, 2)]
    for each in lessons:
        each.touch()
    first, second = (notebook_conversation(str(each), data_dir=tmp_path) for each in lessons)
    assert first != second


def test_a_name_that_is_no_text_has_a_conversation(tmp_path: Path) -> None:
    """File systems take any bytes; it keeps it, and another such name has another."""
    names = [os.fsdecode(b"/work/caf" + byte + b".ipynb") for byte in (b"\xe9", b"\xe8")]
    first, second = (notebook_conversation(each, data_dir=tmp_path) for each in names)
    assert first != second
    assert notebook_conversation(names[0], data_dir=tmp_path) == first
    notebook_moved(full_path(names[0]), "/work/coffee.ipynb", data_dir=tmp_path)
    assert notebook_conversation("/work/coffee.ipynb", data_dir=tmp_path) == first


@pytest.mark.parametrize("gone", ["/work/b.ipynb", "/work/b/b.ipynb"])
def test_rename_to_where_another_was_brings_its_own_conversation(tmp_path: Path, gone: str) -> None:
    """One that was removed in a terminal is noted still: nobody gets to read its conversation in this one."""
    old, new = ("/work/a.ipynb", gone) if gone == "/work/b.ipynb" else ("/work/a", "/work/b")
    mine = notebook_conversation(old if gone == new else "/work/a/a.ipynb", data_dir=tmp_path)
    other = notebook_conversation(gone, data_dir=tmp_path)
    notebook_moved(old, new, data_dir=tmp_path)
    assert notebook_conversation(new if gone == new else "/work/b/a.ipynb", data_dir=tmp_path) == mine
    assert gone == new or notebook_conversation(gone, data_dir=tmp_path) != other


def test_rename_while_the_kernel_lives_and_after_its_restart(tmp_path: Path) -> None:
    """The kernel goes on naming the place where it began; another file there has another conversation."""
    mine = notebook_conversation("/work/a.ipynb", "kernel-1", tmp_path)
    notebook_moved("/work/a.ipynb", "/work/b.ipynb", ["kernel-1"], tmp_path)
    assert notebook_conversation("/work/a.ipynb", "kernel-1", tmp_path) == mine
    assert notebook_conversation("/work/b.ipynb", "kernel-2", tmp_path) == mine
    another = notebook_conversation("/work/a.ipynb", "kernel-3", tmp_path)
    assert another != mine
    notebook_moved("/work/b.ipynb", "/work/c.ipynb", ["kernel-2"], tmp_path)
    assert notebook_conversation("/work/a.ipynb", "kernel-1", tmp_path) == mine
    assert notebook_conversation("/work/b.ipynb", "kernel-2", tmp_path) == mine
    assert notebook_conversation("/work/a.ipynb", "kernel-3", tmp_path) == another


def test_rename_before_the_first_chat(tmp_path: Path) -> None:
    """The conversation is that of the new place from the beginning."""
    notebook_moved("/work/Untitled.ipynb", "/work/plans.ipynb", ["kernel-1"], tmp_path)
    mine = notebook_conversation("/work/Untitled.ipynb", "kernel-1", tmp_path)
    assert mine == notebook_conversation("/work/plans.ipynb", "kernel-2", tmp_path)
    assert mine.startswith("plans-")


def test_a_folder_moves_with_all_that_is_in_it(tmp_path: Path) -> None:
    """A folder whose name only begins alike stays."""
    inside = notebook_conversation("/work/old/a.ipynb", data_dir=tmp_path)
    beside = notebook_conversation("/work/older/a.ipynb", data_dir=tmp_path)
    notebook_moved("/work/old", "/work/new", data_dir=tmp_path)
    assert notebook_conversation("/work/new/a.ipynb", data_dir=tmp_path) == inside
    assert notebook_conversation("/work/older/a.ipynb", data_dir=tmp_path) == beside


def test_a_new_file_in_the_place_of_a_deleted_one_begins_anew(tmp_path: Path) -> None:
    """Whoever gets the name gets no old conversation with it."""
    before = notebook_conversation("/work/a.ipynb", data_dir=tmp_path)
    notebook_deleted("/work/a.ipynb", tmp_path)
    assert notebook_conversation("/work/a.ipynb", data_dir=tmp_path) != before


def test_many_kernels_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each writes the file whole, one after the other."""
    names = [f"/work/{number}.ipynb" for number in range(12)]
    found: dict[str, str] = {}
    threads = [
        threading.Thread(
            target=lambda name=name: found.update({name: notebook_conversation(name, data_dir=tmp_path)})
        )
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: notebook_conversation(name, data_dir=tmp_path) for name in names} == found
    assert (tmp_path / notebooks.NOTEBOOKS_FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"conversations": 3}'])
def test_a_file_that_makes_no_sense_is_written_anew(tmp_path: Path, content: bytes) -> None:
    """It costs what was in it, and no chat."""
    (tmp_path / notebooks.NOTEBOOKS_FILE).write_bytes(content)
    first = notebook_conversation("/work/a.ipynb", data_dir=tmp_path)
    assert notebook_conversation("/work/a.ipynb", data_dir=tmp_path) == first


def test_where_nothing_can_be_kept_the_path_says_which_it_is(tmp_path: Path) -> None:
    """Two runs of one notebook agree without a file."""
    (tmp_path / "file").write_text("no folder")
    impossible = tmp_path / "file" / "data"
    first = notebook_conversation("/work/a.ipynb", data_dir=impossible)
    assert notebook_conversation("/work/a.ipynb", data_dir=impossible) == first
    assert notebook_conversation("/work/b.ipynb", data_dir=impossible) != first


def test_long_and_unseen_names_make_ids_that_hubs_take(tmp_path: Path) -> None:
    """A name of a thousand letters is cut, one of none is called a notebook."""
    assert len(notebook_conversation(f"/work/{'x' * 250}.ipynb", data_dir=tmp_path)) <= 128
    assert notebook_conversation("/work/\u202e.ipynb", data_dir=tmp_path).startswith("notebook-")


def test_the_oldest_is_forgotten_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file does not grow for ever."""
    monkeypatch.setattr(notebooks, "MAX_NOTEBOOKS", 2)
    first = notebook_conversation("/a.ipynb", data_dir=tmp_path)
    for name in ("/b.ipynb", "/c.ipynb"):
        notebook_conversation(name, data_dir=tmp_path)
    assert notebook_conversation("/a.ipynb", data_dir=tmp_path) != first


def test_one_that_was_only_shown_is_forgotten_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking through notebooks takes no conversation from one that has a chat, nor from the one shown."""
    monkeypatch.setattr(notebooks, "MAX_NOTEBOOKS", 2)
    used = notebook_conversation("/used.ipynb", data_dir=tmp_path)
    for name in ("/a.ipynb", "/b.ipynb", "/c.ipynb"):
        shown = notebook_conversation(name, data_dir=tmp_path, is_shown=True)
        assert notebook_conversation(name, data_dir=tmp_path, is_shown=True) == shown
    assert notebook_conversation("/used.ipynb", data_dir=tmp_path) == used
    assert notebook_conversation("/c.ipynb", data_dir=tmp_path) == shown, "it has a chat from now on"
    second = notebook_conversation("/d.ipynb", data_dir=tmp_path, is_shown=True)
    assert notebook_conversation("/c.ipynb", data_dir=tmp_path) == shown
    assert notebook_conversation("/d.ipynb", data_dir=tmp_path) == second


def test_one_that_was_only_shown_is_so_where_it_is_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its place is still the first to go."""
    monkeypatch.setattr(notebooks, "MAX_NOTEBOOKS", 2)
    notebook_conversation("/used.ipynb", data_dir=tmp_path)
    notebook_conversation("/a.ipynb", data_dir=tmp_path, is_shown=True)
    used = notebook_conversation("/used.ipynb", data_dir=tmp_path)
    notebook_moved("/a.ipynb", "/b.ipynb", data_dir=tmp_path)
    notebook_conversation("/c.ipynb", data_dir=tmp_path)
    assert notebook_conversation("/used.ipynb", data_dir=tmp_path) == used


def test_conversation_is_called_as_its_notebook(tmp_path: Path) -> None:
    """Until somebody calls it something else; a title that was given here follows the file."""
    mine = notebook_conversation("/work/one.ipynb", data_dir=tmp_path)
    assert may_be_notebooks(mine)
    assert due_title(mine, None, tmp_path) == "one"
    assert due_title(mine, "Plans", tmp_path) is None
    title_given(mine, "one", tmp_path)
    assert due_title(mine, "one", tmp_path) is None
    notebook_moved("/work/one.ipynb", "/work/two.ipynb", data_dir=tmp_path)
    assert due_title(mine, "one", tmp_path) == "two"
    title_given(mine, "two", tmp_path)
    assert due_title(mine, "one", tmp_path) is None, "somebody has called it that again"


@pytest.mark.parametrize("name", ["foo-deadbeef", "main", "", "team"])
def test_conversation_of_no_notebook_keeps_its_name(name: str, tmp_path: Path) -> None:
    """Also one that looks like a notebook's, and where no notebook was noted yet."""
    assert due_title(name, None, tmp_path) is None
    assert may_be_notebooks(name) is (name == "foo-deadbeef")


def test_title_is_what_the_hub_takes(tmp_path: Path) -> None:
    """A name of any length, with characters that nobody sees; of a deleted notebook nothing stays."""
    long = notebook_conversation(f"/work/{'x' * 250}.ipynb", data_dir=tmp_path)
    assert due_title(long, None, tmp_path) == "x" * 200
    hidden = notebook_conversation("/work/\u202e.ipynb", data_dir=tmp_path)
    assert due_title(hidden, None, tmp_path) is None
    title_given(long, "x", tmp_path)
    notebook_deleted("/work", tmp_path)
    notebook_conversation("/work/a.ipynb", data_dir=tmp_path)
    assert 'titles":{}' in (tmp_path / NOTEBOOKS_FILE).read_text()
