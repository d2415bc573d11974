"""The log of one live conversation, as those need it who write to it."""

from __future__ import annotations

from typing import NamedTuple

from conduit_widget.chat.history.feed import EventFeed
from conduit_widget.chat.history.store import HistoryStore, OnCommit
from conduit_widget.chat.live.conversation_work import ConversationWork
from conduit_widget.chat.nodes.other_nodes import Nodes


class ConversationLog(NamedTuple):
    """``announce`` sends a commit to everybody on every node, in the order that ``feed`` keeps."""

    conversation_id: str
    store: HistoryStore
    work: ConversationWork
    nodes: Nodes
    feed: EventFeed
    announce: OnCommit
