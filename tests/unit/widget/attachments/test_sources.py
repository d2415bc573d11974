"""What ``files=`` takes, by the names that file systems have."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from conduit_widget.context import namespace
from conduit_widget.errors import ValidationError
from conduit_widget.widget.attachments import sources
from conduit_widget.widget.attachments.sources import sources_of
from conduit_widget.widget.attachments.waiting_files import WaitingFiles
from conduit_widget.widget.take_along.import_run import checked_path


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere take text only")
def test_file_whose_name_is_no_text_can_be_sent(tmp_path: Path) -> None:
    """The hub gets a name that can be said."""
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("x", encoding="utf-8")
    (source,) = sources_of([path])
    assert (source.name, source.size) == ("caf\N{REPLACEMENT CHARACTER}.txt", 1)


def test_name_with_half_a_character_is_sent_without_it() -> None:
    """Python and browsers have such texts; UTF-8, and with it the wire and the queue, has none."""
    (source,) = sources_of([("\ud800.txt", b"x")])
    assert source.name == "\N{REPLACEMENT CHARACTER}.txt"
    waiting = WaitingFiles()
    waiting.put(path := waiting.begin("\ud800.txt", 1), 0, b"x", is_last=True)
    ((name, _),) = waiting.contents([path])
    assert name == "?.txt"


def test_home_that_nobody_has_is_no_file() -> None:
    """As any other path that is not there."""
    with pytest.raises(ValidationError, match="x is no file here"):
        sources_of(["~nobody-here/x"])
    with pytest.raises(ValidationError, match="names no file"):
        checked_path("~nobody-here/x")


class Frame:
    """As much of a DataFrame as is asked for."""

    index = range(1)

    def to_csv(self, *, index: bool) -> str:
        """A table of one row."""
        return f"a\n{index}\n"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such frames are tables."""
    monkeypatch.setattr(sources, "is_table", lambda value: isinstance(value, Frame))


@pytest.mark.usefixtures("table")
def test_table_is_called_as_the_notebook_calls_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the newest name of its own; else by what it is, with a number only where that is taken."""
    sales, nobodys = Frame(), Frame()
    shell = SimpleNamespace(
        user_ns={"_": sales, "sales": sales, "raw": b"x", "_9": sales}, user_ns_hidden={"_9": 1}
    )
    monkeypatch.setattr(namespace, "get_shell", lambda: shell)
    path = tmp_path / "sales.csv"
    path.write_text("a", encoding="utf-8")

    def names(*files: object) -> list[str]:
        return [each.name for each in sources_of(list(files))]

    assert names(path, nobodys) == ["sales.csv", "table.csv"]
    assert names(sales, nobodys, Frame(), ("mine.csv", nobodys)) == [
        "sales.csv",
        "table.csv",
        "table 2.csv",
        "mine.csv",
    ]
    assert names(path, sales, shell.user_ns["raw"], bytearray(b"y")) == [
        "sales.csv",
        "sales 2.csv",
        "raw",
        "file",
    ]
    shell.user_ns["again"] = sales
    assert names(sales) == ["again.csv"]


@pytest.mark.usefixtures("table")
def test_table_of_a_script_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a notebook nobody knows its name."""
    monkeypatch.setattr(namespace, "get_shell", lambda: None)
    assert [each.name for each in sources_of(Frame())] == ["table.csv"]


@pytest.mark.usefixtures("table")
async def test_table_of_names_that_are_no_text_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the files of a folder are named that are not in UTF-8."""
    monkeypatch.setattr(Frame, "to_csv", lambda *_, **__: os.fsdecode(b"caf\xe9\n"))
    (source,) = sources_of(Frame())
    assert await source.read(0, source.size) == "caf\N{REPLACEMENT CHARACTER}\n".encode()


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("name", ["x" * 201, "../../x", "a\0b", "\ud800", "a/b", " ", "\u202ex"])
def test_table_whose_name_no_file_can_have_is_called_by_what_it_is(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The hub would refuse it, and nobody has given that name to a file."""
    shell = SimpleNamespace(user_ns={name: (table := Frame())}, user_ns_hidden={})
    monkeypatch.setattr(namespace, "get_shell", lambda: shell)
    assert [each.name for each in sources_of(table)] == ["table.csv"]
