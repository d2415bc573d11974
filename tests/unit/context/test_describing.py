"""What a model is told of values: of tables, arrays, plots, texts, containers, objects, code."""

from __future__ import annotations

import base64
import importlib
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from conduit_widget import context
from conduit_widget.context.described import CONTEXT_BYTES, IMAGE_BYTES, ITEM_BYTES, Described
from conduit_widget.context.describing import describe, without_room
from conduit_widget.errors import ValidationError


def long_table() -> pd.DataFrame:
    """150 rows of what tables hold."""
    return pd.DataFrame(
        {
            "height": np.arange(150) / 10,
            "kind": ["oak", "elm", "ash"] * 50,
            "seen": pd.date_range("2024-01-01", periods=150),
            "tall": [True, False, None] * 50,
            "tags": [[1], [2], [3]] * 50,
            "note": ["a" * 500] * 150,
        }
    )


def test_table_has_columns_statistics_and_rows() -> None:
    """Every column with its type; of long cells and of many rows a part."""
    described = describe(long_table(), "trees")
    assert (described.kind, described.title) == ("table", "DataFrame, 150 rows × 6 columns")
    assert "- height: float64, min 0, median 7.45, mean 7.45, max 14.9" in described.text
    assert "3 different: oak (50), elm (50), ash (50)" in described.text
    assert "2024-01-01 00:00:00 to 2024-05-29 00:00:00" in described.text
    assert "50 missing" in described.text
    assert (
        "first 5 rows:\nheight,kind,seen,tall,tags,note\n0,oak,2024-01-01 00:00:00,True,[1],aaa"
        in described.text
    )
    assert "a" * 61 not in described.text


def test_small_table_is_told_whole() -> None:
    """With its index, where that says something."""
    described = describe(long_table()[["height"]].describe(), "d")
    assert described.title == "DataFrame, 8 rows × 1 column, whole"
    assert "\ncount,150\n" in described.text


def test_columns_beyond_the_limit_are_said() -> None:
    """And two columns of one name are two."""
    wide = pd.DataFrame(np.zeros((30, 100)), columns=["same"] * 100)
    described = describe(wide)
    assert described.cut == "60 of 100 columns"
    assert described.text.count("- same: float64") == 40


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (pd.Series([1.5, 2.5], name="price"), "table", "Series of float64, 2 values"),
        (np.arange(1_000_000.0).reshape(1000, 1000), "array", "ndarray, 1,000 × 1,000, float64, 8.0 MB"),
        (np.array([np.nan, 1.0]), "array", "1 NaN"),
        (np.array(["a", None], dtype=object), "array", "object"),
        ("A text.", "text", "A text."),
        ({"a": 1, "b": [1, 2]}, "value", "'a': 1, 'b': [1, 2]"),
        (list(range(1000)), "value", "and 940 more"),
        (3.5, "value", "3.5"),
        (None, "value", "None"),
        (describe, "code", "def describe("),
        (Described, "code", "class Described("),
        (np, "value", "module numpy"),
        (ZeroDivisionError("by zero"), "error", "ZeroDivisionError: by zero"),
    ],
)
def test_kinds(value: object, kind: str, words: str) -> None:
    """Each has a title and what is worth reading."""
    described = describe(value)
    assert described.kind == kind
    assert words in f"{described.title}\n{described.text}"
    assert not described.problem


def test_object_without_words_has_its_attributes() -> None:
    """And no address: the same in every run."""

    class Plain:
        def __init__(self) -> None:
            self.size, self.password, self._hidden = 3, "hunter2", "x"

    assert describe(Plain()).text == "attributes: 'size': 3, 'password': [masked]"
    assert " at 0x" not in describe(object()).text


def test_long_text_keeps_beginning_and_end() -> None:
    """What was cut is said, in the text and beside it."""
    described = describe("b" * 50_000 + "é" * 50_000)
    assert described.size <= ITEM_BYTES + 100
    assert described.text.startswith("bbb")
    assert described.text.endswith("é")
    assert "characters cut …]" in described.text
    assert described.cut.endswith("of 100,000 characters")


def test_what_no_hub_takes_is_left_out() -> None:
    """NUL, and half a character."""
    assert describe("a\0b\ud800c").text == "ab?c"


def test_plot_is_a_picture_and_words() -> None:
    """Within what a message carries; its axes in words for models that do not see."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("agg")
    plt = importlib.import_module("matplotlib.pyplot")
    figure, axes = plt.subplots(figsize=(12, 9))
    lines = axes.plot(np.random.default_rng(1).normal(size=2000).cumsum(), label="walk")
    axes.set(title="A walk", xlabel="steps")
    axes.legend()
    for value in (figure, axes, lines):
        described = describe(value)
        assert described.kind == "plot"
        assert "title 'A walk', x 'steps'" in described.text
        assert "showing walk" in described.text
        assert described.image is not None
        assert len(described.image) <= IMAGE_BYTES
        assert base64.b64decode(described.image.partition(",")[2]).startswith(b"\x89PNG")
    plt.close(figure)


def test_photograph_is_made_smaller() -> None:
    """As far as it takes; a transparent one stands on white."""
    images = importlib.import_module("PIL.Image")
    noise = np.random.default_rng(1).integers(0, 255, (900, 1200, 3), dtype=np.uint8)
    described = describe(images.fromarray(noise))
    assert described.image is not None
    assert len(described.image) <= IMAGE_BYTES
    assert "of 1200 × 900 pixels" in described.cut
    clear = describe(images.new("RGBA", (10, 10), (0, 0, 0, 0)))
    assert clear.image is not None


def test_object_says_what_a_model_reads() -> None:
    """By itself, by another value in its place, by a function for its type or the type above."""

    class Own:
        def __llm__(self) -> str:
            return "its own words"

    class Table:
        def __llm__(self) -> pd.DataFrame:
            return pd.DataFrame({"a": [1]})

    class Base:
        pass

    class Derived(Base):
        pass

    assert describe(Own()).text == "its own words"
    assert describe(Table()).title == "DataFrame, 1 row × 1 column, whole"
    context.register(Base, lambda value: f"registered for {type(value).__name__}")
    try:
        assert describe(Derived()).text == "registered for Derived"
    finally:
        context.unregister(Base)
    assert describe(Derived()).text != "registered for Derived"


def test_registering_needs_a_class_and_a_function() -> None:
    """One line says which."""
    with pytest.raises(ValidationError, match="kind: must be a class, not str"):
        context.register("text", str)  # type: ignore[arg-type]
    wrong: Any = 3
    with pytest.raises(ValidationError, match="function: must be a function, not int"):
        context.register(int, wrong)


def test_room_that_is_left() -> None:
    """The picture goes first, then text, then all, and each is said."""
    whole = Described(name="x", text="t" * 1000, image="data:image/png;base64," + "A" * 1000)
    assert without_room(whole, 5000, CONTEXT_BYTES) == whole
    smaller = without_room(whole, 1500, CONTEXT_BYTES)
    assert (smaller.image, smaller.text) == (None, whole.text)
    assert smaller.cut == "the picture: no room is left"
    cut = without_room(whole, 500, CONTEXT_BYTES)
    assert cut.size <= 500
    assert "of 1,000 characters" in cut.cut
    assert without_room(whole, 50, CONTEXT_BYTES).problem.startswith("No room is left")
