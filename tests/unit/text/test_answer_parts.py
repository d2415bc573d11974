"""The code and the tables of an answer, as a program wants them."""

from __future__ import annotations

import sys

import pytest

from conduit_widget.text.answer_parts import CodeBlock, code_blocks, tables
from conduit_widget.types import ChatMessage, Cost

TEXT = """\
Two ways:

```Python title="a.py"
x = 1
```

1. or

   ~~~{.r}
   x <- 1
   ~~~

| Name | Size, kB | **Share** |
| :--- | ---: | --- |
| `a\\|b` | 1 | 50% |
| [link](https://example.org) | 2.5 | |

Not a table: a | b

| One |
|---|
| x |

```
breaks off
"""


def message(text: str, **metadata: object) -> ChatMessage:
    """An answer."""
    return ChatMessage(id="a", role="assistant", content=text, metadata=metadata)


def test_code_blocks_have_language_and_source() -> None:
    """Also in lists, and the one the text breaks off in."""
    assert message(TEXT).code_blocks == [
        CodeBlock("python", "x = 1\n"),
        CodeBlock("r", "x <- 1\n"),
        CodeBlock("", "breaks off\n"),
    ]


def test_tables_are_plain_text() -> None:
    """The heading first; markup is gone."""
    assert tables(TEXT) == [
        [["Name", "Size, kB", "Share"], ["a|b", "1", "50%"], ["link", "2.5", ""]],
        [["One"], ["x"]],
    ]


def test_table_becomes_a_frame() -> None:
    """Numbers are numbers; other tables by their place."""
    frame = message(TEXT).to_frame()
    assert list(frame.columns) == ["Name", "Size, kB", "Share"]
    assert frame["Size, kB"].tolist() == [1.0, 2.5]
    assert frame["Name"].tolist() == ["a|b", "link"]
    assert message(TEXT).to_frame(-1).to_dict("list") == {"One": ["x"]}


def test_columns_of_one_name_both_stay() -> None:
    """As the answer has them."""
    frame = message("| a | a |\n|---|---|\n| 1 | x |\n").to_frame()
    assert frame.values.tolist() == [[1, "x"]]


@pytest.mark.parametrize(
    ("text", "table", "told"),
    [("no", 0, "has no table"), (TEXT, 2, "has 2 tables"), ("|a|\n|-|\n|1|", -2, "has one table")],
)
def test_missing_table_is_told(text: str, table: int, told: str) -> None:
    """With how many there are."""
    with pytest.raises(ValueError, match=told):
        message(text).to_frame(table)


def test_without_pandas_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is needed for this alone."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        message(TEXT).to_frame()


@pytest.mark.parametrize("text", ["", "- " * 5000 + "x", ">" * 5000, "|" * 5000, "```", "| a |\n|---|"])
def test_any_text_can_be_read(text: str) -> None:
    """However it is nested or broken off."""
    assert isinstance(code_blocks(text), list)
    assert isinstance(tables(text), list)


def test_cost_and_latency() -> None:
    """Typed; None where they are not known, or not what they should be."""
    answer = message("x", cost={"amount": 0.5, "currency": "EUR"}, latency=1500)
    assert answer.cost == Cost(amount=0.5, currency="EUR")
    assert answer.latency == 1.5
    other = message("x", cost="much", latency="long")
    assert (other.cost, other.latency) == (None, None)
    assert (message("x").cost, message("x").latency) == (None, None)
