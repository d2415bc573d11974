"""Read marks of one conversation: who is told of them, and when."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from conduit_widget.chat.people.read_marks import ReadMarks
from tests.support.waiting import eventually


async def test_mark_that_the_store_knew_first_is_told_too() -> None:
    """Another node's mark may be read here, for a newcomer, before that node's word of it arrives."""
    sent: list[tuple[Any, ...]] = []

    def send(target: str, *arguments: Any, excluded: Collection[str] = ()) -> None:
        sent.append((target, *arguments))

    marks = ReadMarks("c", send=send, interval=0.01)
    marks.read({"ann": 1})
    marks.read({"ann": 3})
    marks.merge({"ann": 3})  # the other node's word
    await eventually(lambda: sent, what="the mark")
    assert sent == [("ReadMarksUpdated", "c", {"ann": 3})]
