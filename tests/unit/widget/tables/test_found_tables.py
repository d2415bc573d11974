"""Lists of conversations as tables of text."""

from __future__ import annotations

from conduit_widget.types import ConversationInfo
from conduit_widget.types.conversations import LastMessage
from conduit_widget.widget.tables.found_tables import ConversationEntry, ConversationTable


def entry(author: str, preview: str) -> ConversationEntry[str]:
    """Return a conversation whose newest message is this."""
    info = ConversationInfo(
        conversation_id="team",
        title=None,
        visibility="open",
        assistant="always",
        role="owner",
        seq=1,
        last_message=LastMessage(id="m", author=author, preview=preview, timestamp="2026-01-01T00:00:00Z"),
    )
    return ConversationEntry(info, str)


def test_newest_message_is_shown_with_who_said_it() -> None:
    """What has no text yet, or no author, leaves no lone colon."""
    said = [
        repr(ConversationTable([entry(*each)])).splitlines()[1].split(None, 2)[2:]
        for each in (("ann", "hello there"), ("ann", ""), ("", "hello"), ("", ""))
    ]
    assert said == [["ann: hello there"], ["ann"], ["hello"], []]
