"""The variables of a notebook: listed without running their code, found by name."""

from __future__ import annotations

import math
import os
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from conduit_widget.context.described import CONTEXT_BYTES, MAX_ITEMS
from conduit_widget.context.gathering import context_of, gathered
from conduit_widget.context.namespace import MAX_LISTED, Namespace
from conduit_widget.errors import ValidationError

CALLED = threading.Event()


def touched(*_: object, **__: object) -> Any:
    """Code of a value that nobody may run for a list."""
    CALLED.set()
    raise AssertionError("code of a value ran")


class Meta(type):
    """A class of classes that answers for its classes."""

    __name__ = property(touched)
    __module__ = property(touched)
    mro = type.mro

    def __getattribute__(cls, name: str) -> Any:
        return touched() if name in {"shape", "nbytes", "__llm__"} else super().__getattribute__(name)


class Hostile:
    """Everything that one may be asked raises."""

    __module__ = "pandas"
    __len__ = __repr__ = __str__ = __eq__ = __bool__ = __iter__ = __getattr__ = touched
    __hash__ = None  # type: ignore[assignment]
    shape = property(touched)
    nbytes = property(touched)
    __class__ = property(touched)


class ByMeta(metaclass=Meta):
    """One whose class is hostile."""


class LongList(list[int]):
    """A subclass of a builtin with code of its own."""

    __len__ = touched


def names(**values: Any) -> Namespace:
    """A notebook with these variables."""
    return Namespace(values)


def test_list_says_type_shape_and_size() -> None:
    """Tables first, the newest first; neither modules nor what is hidden."""
    namespace = Namespace(
        {
            "text": "abc",
            "df": pd.DataFrame({"a": [1, 2, 3]}),
            "array": np.zeros((2, 3)),
            "function": lambda: None,
            "_private": 1,
            "math": math,
            "shells": 1,
            "rows": [1, 2],
            "count": 10**400,
        },
        {"shells": 1},
    )
    listed = {each.name: each for each in namespace.listed()}
    assert list(listed)[:2] == ["array", "df"]
    assert "function" in list(listed)[4:]
    assert not {"_private", "math", "shells"} & set(listed)
    assert (listed["df"].type, listed["df"].shape, listed["df"].size) == ("DataFrame", "3 × 1", "24 B")
    assert (listed["array"].shape, listed["array"].size) == ("2 × 3", "48 B")
    assert (listed["text"].shape, listed["rows"].shape) == ("3 characters", "2 entries")
    assert listed["count"].shape == "1329 bits"
    assert [each.name for each in namespace.listed("DF")] == ["df"]
    assert [each.name for each in namespace.listed("_")] == ["_private"]


def test_hostile_values_are_names_like_others() -> None:
    """Nothing of their code runs: neither properties nor ``__len__``, ``__repr__``, ``__class__``."""
    CALLED.clear()
    namespace = names(a=Hostile(), b=ByMeta(), c=LongList([1]), d=Hostile, e=ByMeta)
    listed = {each.name: each for each in namespace.listed()}
    assert (listed["a"].type, listed["a"].shape) == ("Hostile", "")
    assert (listed["b"].type, listed["c"].type) == ("ByMeta", "LongList")
    assert not CALLED.is_set()


def test_list_is_bounded() -> None:
    """A notebook may have thousands."""
    namespace = Namespace({f"x{number}": number for number in range(5000)})
    assert sum(each.name.startswith("x") for each in namespace.listed()) == MAX_LISTED


def test_one_that_cannot_be_described_costs_no_other() -> None:
    """Its problem is one line, whatever its own words do."""
    bad, good = gathered(["bad", "good"], names(bad=Hostile(), good="fine"))
    assert good.text == "fine"
    assert "\n" not in bad.problem

    class Endless:
        def __llm__(self) -> object:
            return self

    class WordlessError(Exception):
        __str__ = touched

    class Fails:
        def __llm__(self) -> str:
            raise WordlessError

    for value, line in ((Endless(), "each description names another"), (Fails(), "WordlessError")):
        (described,) = gathered(["it"], names(it=value))
        assert line in described.problem


def test_cells_results_and_the_newest_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """By number; the cell that asks is not the newest one."""
    history = {"In": ["", "x = 1", "x + 1", "asks()"], "Out": {2: pd.DataFrame({"a": [1]})}}
    namespace = Namespace(dict(history), runs_cell=True)
    code, result, cell = gathered(["In[1]", "Out[2]", "cell"], namespace)
    assert (code.kind, code.text) == ("code", "x = 1")
    assert result.title == "DataFrame, 1 row × 1 column, whole"
    assert "x + 1" in cell.text
    assert "Its result (DataFrame" in cell.text
    assert gathered(["cell"], Namespace(dict(history)))[0].text == "asks()"
    assert {"cell", "In[2]", "Out[2]", "file:"} <= {each.name for each in namespace.listed()}
    monkeypatch.setattr(sys, "last_value", ValueError("once"), raising=False)
    assert "ValueError: once" in gathered(["error"], namespace)[0].text
    (missing,) = gathered(["In[9]"], namespace)
    assert missing.problem == "@In[9]: is none of this notebook's cells, or has no result."


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is read, images are seen, others are refused; a path is completed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "program").write_bytes(b"\x7fELF\0\0")
    (tmp_path / ".env").write_text("DEBUG=1\nAPI_KEY='abc'\n", encoding="utf-8")
    rows, program, missing, env = gathered(
        ["file:data/rows.csv", "file:program", "file:none.txt", "file:.env"], names()
    )
    assert rows.text == "a,b\n1,2\n"
    assert program.problem == "@file: program is no text file."
    assert missing.problem == "@file: none.txt: No such file or directory."
    assert env.text == "DEBUG=[masked]\nAPI_KEY=[masked]\n"
    assert env.masked == ("values of .env",)
    assert [each.name for each in names().listed("file:da")] == ["file:data/"]
    assert [each.name for each in names().listed("file:data/")] == ["file:data/rows.csv"]
    assert names().listed("file:/no/such/folder/") == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such files")
def test_files_that_are_none_and_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nobody writes to holds up no cell; a link to a .env file has its secrets."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path(".env").write_text("API_KEY=abc\n", encoding="utf-8")
    Path("notes.txt").symlink_to(".env")
    pipe, device, nobody, link = gathered(
        ["file:pipe", "file:/dev/zero", "file:~nobody-here/x", "file:notes.txt"], names()
    )
    assert "no regular file" in pipe.problem
    assert "no regular file" in device.problem
    assert nobody.problem == "@file: x: No such file or directory."
    assert link.text == "API_KEY=[masked]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere take text only")
def test_completion_of_files_outlives_odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One name that is no text costs no other; a home that nobody has is a folder that is not there."""
    monkeypatch.chdir(tmp_path)
    Path(os.fsdecode(b"caf\xe9.txt")).touch()
    Path("cafe.txt").touch()
    assert [each.name for each in names().listed("file:caf")] == ["file:cafe.txt"]
    assert msgspec.json.encode(names().listed("file:"))
    assert names().listed("file:~nobody-here/") == []


def test_context_of_a_question() -> None:
    """Values, names, or values by name; a value has the name that the notebook has for it."""
    frame = pd.DataFrame({"a": [1]})
    namespace = names(df=frame, text="words")
    assert [each.name for each in context_of([frame, "text"], namespace)] == ["df", "text"]
    assert [each.name for each in context_of(frame, namespace)] == ["df"]
    assert [each.name for each in context_of({"sales": frame}, Namespace({}))] == ["sales"]
    assert [each.name for each in context_of([pd.Series([1])], Namespace({}))] == ["Series"]
    with pytest.raises(ValidationError, match=r"context: has a text that names nothing here; give values by"):
        context_of(["a secret sentence"], Namespace({}))
    with pytest.raises(ValidationError, match=rf"has 9 entries; the limit is {MAX_ITEMS}"):
        context_of(list(range(9)), Namespace({}))


def test_budget_is_kept_together() -> None:
    """The first ones whole, the later as there is room."""
    namespace = Namespace({f"x{number}": "words " * 5000 for number in range(8)})
    described = gathered([f"x{number}" for number in range(8)], namespace)
    assert sum(each.size for each in described) <= CONTEXT_BYTES
    assert described[-1].problem.startswith("No room is left: one message takes 20,480 bytes")
