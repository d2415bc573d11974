"""Turns of answers over all nodes of a conversation: one is written at a time, the lowest open seq first."""

from __future__ import annotations

import asyncio
from typing import Final

from conduit_widget.chat.history.feed import EventFeed
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.errors import StoreUnavailableError

POLL: Final = 1.0
PAUSE: Final = 0.02
"""The least number of seconds between two looks: a busy conversation has many events."""


async def wait_for_turn(conversation_id: str, answer_seq: int, store: HistoryStore, feed: EventFeed) -> bool:
    """Wait until the answer at ``answer_seq`` may be written; return False if another node has ended it.

    Its message has been sent to the connections here by then. The store is asked again soon after every event
    of the conversation, and each second.
    """
    while True:
        try:
            if feed.position < answer_seq:
                await asyncio.wait_for(feed.passed(answer_seq), POLL)
            open_seqs = [stream.seq for stream in await store.open_streams(conversation_id)]
        except (StoreUnavailableError, TimeoutError):
            await asyncio.sleep(POLL)
            continue
        if answer_seq not in open_seqs:
            return False
        if answer_seq == min(open_seqs):
            return True
        try:
            await asyncio.wait_for(feed.next(), POLL)
            await asyncio.sleep(PAUSE)
        except TimeoutError:
            continue
        except StoreUnavailableError:  # nothing more comes from this feed
            await asyncio.sleep(POLL)
