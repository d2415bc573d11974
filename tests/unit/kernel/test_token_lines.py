"""Short messages of text: what leaves (tests/vectors/token_lines.json), and what is bounded and checked."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from conduit_widget.kernel.token_lines import CHECK_EVERY, MAX_LINES, TokenLines
from tests.support.kernel.comm_messages import in_full

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "token_lines.json").read_text())


def token(offset: int, text: str, id_: str = "a") -> dict[str, Any]:
    """A token op."""
    return {"op": "token", "id": id_, "offset": offset, "text": text}


def test_what_leaves_is_what_the_view_was_tested_with() -> None:
    """The ops of each step leave as the vectors say, and say in full what was pushed."""
    lines = TokenLines()
    sent = []
    for n, step in enumerate(VECTORS["steps"], 2):
        sent.append(lines.message(n, copy.deepcopy(step["ops"])))
        assert sent[-1] == step["sent"], step["name"]
    full = in_full(sent)
    assert [message["n"] for message in full] == list(range(2, len(sent) + 2))
    assert [message["ops"] for message in full] == [step["ops"] for step in VECTORS["steps"]]


def test_after_a_snapshot_everything_is_said_again() -> None:
    """A view that comes knows no line."""
    lines = TokenLines()
    lines.message(1, [token(0, "x")])
    assert lines.message(2, [token(1, "x")]) == [2, "x"]
    lines.forget()
    assert lines.message(3, [token(2, "x")]) == {"kind": "ops", "n": 3, "ops": [{**token(2, "x"), "line": 0}]}
    assert lines.message(4, [token(3, "x")]) == [4, "x"]


def test_a_hole_is_not_papered_over() -> None:
    """Text that does not begin where its line ended goes out with its offset: the view sees the hole."""
    lines = TokenLines()
    lines.message(1, [token(0, "x")])
    sent = lines.message(2, [token(7, "x")])
    assert isinstance(sent, dict)
    assert sent["ops"][0]["offset"] == 7


def test_the_offset_is_said_every_now_and_then() -> None:
    """The loss of ten messages in a row shows, too."""
    lines = TokenLines()
    whole = [n for n in range(3 * CHECK_EVERY) if isinstance(lines.message(n, [token(n, "x")]), dict)]
    assert whole == [0, CHECK_EVERY + 1, 2 * CHECK_EVERY + 2]


def test_the_number_of_lines_is_bounded() -> None:
    """The line that rested longest gives its number away; its text then goes out whole."""
    lines = TokenLines()
    for number in range(MAX_LINES):
        lines.message(number, [token(0, "x", f"m{number}")])
    assert isinstance(lines.message(90, [token(1, "x", "m0")]), list)
    sent = lines.message(91, [token(0, "x", "new")])
    assert isinstance(sent, dict)
    assert sent["ops"][0]["line"] == 1
    assert isinstance(lines.message(92, [token(1, "x", "m1")]), dict)
    assert isinstance(lines.message(93, [token(2, "x", "m0")]), list)
